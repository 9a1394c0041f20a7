"""Data of the page `explore`, made without any tagger, and a server of it."""

from __future__ import annotations

import io
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

import numpy as np
import uvicorn
from PIL import Image

from spotitags.explore import layout
from spotitags.explore.build import build
from spotitags.explore.records import ExploredCover, Gathered
from spotitags.explore.security import Access
from spotitags.explore.server import build_app, open_socket
from spotitags.explore.store import Store
from spotitags.taggers.features.embedding import pack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

GENRES = ("country", "jazz", "metal")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
"""Title that would run if a page took it for HTML."""
DIM = 24


def gathered(numbers: Sequence[int], *, pictures: bool = True) -> Gathered:
    """Return made-up covers: every third is of one genre, in its colour, and near the others of it."""
    covers, vectors, thumbs = [], [], []
    for number in numbers:
        random = np.random.default_rng(number)
        genre = number % 3
        vector = random.normal(0, 0.35, DIM)
        vector[genre] += 2
        colour = tuple(int(60 + 150 * (part == genre) + random.integers(0, 40)) for part in range(3))
        wrong = number % 10 == 9
        predicted = GENRES[(genre + wrong) % 3]
        others = {name: 0.1 for name in GENRES if name != predicted}
        covers.append(
            ExploredCover(
                digest=f"{number:064x}",
                album=HOSTILE if number == 1 else f"Album {number}",
                album_id=f"album-{number}",
                artist=f"Artist {number // 2}",
                artist_id=f"artist-{number // 2}",
                genre=GENRES[genre],
                year=1960 + number,
                tags=[
                    (f"{GENRES[genre]} sign", 0.9),
                    ("dark", 0.1 + number % 7 / 10),
                    ("face", 0.2 + number % 5 / 10),
                ],
                votes={predicted: 0.8} | others,
                none=0.1,
                colour=colour,
                numbers={"plays": float(100 * number)},
            )
        )
        vectors.append(vector)
        thumbs.append(_picture(colour) if pictures else b"")
    return Gathered(covers, pack(np.array(vectors, np.float32)), thumbs)


def explored(folder: Path, count: int = 60, *, pictures: bool = True) -> Store:
    """Build data of so many covers in a folder."""
    store = Store(folder)
    with patch.object(layout, "map_method", lambda _count: "PCA"):  # t-SNE takes seconds
        build(store, gathered(range(count), pictures=pictures), {"name": "Test covers", "fingerprint": "1"})
    return store


def _picture(colour: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (128, 128), colour).save(stream, "WEBP")
    return stream.getvalue()


class Served(NamedTuple):
    """A running server and its secrets."""

    access: Access
    port: int

    @property
    def origin(self) -> str:
        """Its origin."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def served(store: Store) -> Iterator[Served]:
    """Serve data on loopback."""
    opened = open_socket()
    port = opened.getsockname()[1]
    access = Access(port)
    server = uvicorn.Server(
        uvicorn.Config(build_app(store, access), log_level="error", lifespan="off", ws="none")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Served(access, port)
    finally:
        server.should_exit = True
        thread.join()
        opened.close()
