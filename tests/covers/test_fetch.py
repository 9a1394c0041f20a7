from __future__ import annotations

import hashlib
import os
import socket
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.cover_files import (
    cover,
    gif_header,
    jpeg_bomb,
    jpeg_header,
    picture,
    png_header,
    saved,
    webp_header,
)
from helpers.servers import raw_server
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image as Pillow

from spotitags.covers.decode import decode, decode_many, image_size
from spotitags.covers.fetch import CoverFetcher, Limits
from spotitags.covers.images import choose_image
from spotitags.covers.pixels import MAX_RATIO, MIN_SIDE
from spotitags.errors import REASONS, CoverError
from spotitags.records import Album, Artist, Cover, CoverFile, Image, Skipped

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from pytest_httpserver import HTTPServer

HTML = b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>Sign in to continue</body></html>"
MASK = Pillow.linear_gradient("L").resize((320, 300))

BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "web page": (HTML, "html"),
    "text": (b'{"error": "gone"}', "unknown-format"),
    "ICO": (cover("ICO", size=(64, 64)), "unknown-format"),
    "cut JPEG": (cover()[:2000], "truncated"),
    "cut JPEG header": (cover()[:20], "truncated"),
    "JPEG without its last bytes": (cover()[:-200], "truncated"),
    "cut progressive JPEG": (cover(progressive=True)[:-500], "truncated"),
    "cut PNG": (cover("PNG")[:-300], "truncated"),
    "cut WebP": (cover("WEBP")[:-300], "truncated"),
    "cut GIF": (cover("GIF", "L", optimize=False)[:-300], "truncated"),
    "magic alone": (b"\x89PNG\r\n\x1a\n", "truncated"),
    "scrambled PNG": (cover("PNG").replace(b"IDAT", b"IDOT", 1), "broken"),
    "LAB": (cover("TIFF", "LAB", (64, 64)), "colours"),
    "cut AVIF": (cover("AVIF")[:-300], "truncated"),
    "1x1": (cover(size=(1, 1)), "too-small"),
    "1x1 GIF": (cover("GIF", "L", (1, 1)), "too-small"),
    "narrow": (cover(size=(MIN_SIDE - 1, 300)), "too-small"),
    "long": (cover("PNG", size=(20, 20 * MAX_RATIO + 1)), "too-narrow"),
    "many scans": (jpeg_bomb(7000, 2100), "too-slow"),
    # These have almost no data behind their headers: decoding them would give truncated or broken.
    "huge PNG": (png_header(12_000, 12_000), "too-many-pixels"),
    "huge WebP": (webp_header(12_000, 12_000), "too-many-pixels"),
    "huge JPEG": (jpeg_header(12_000, 12_000), "too-many-pixels"),
    "huge GIF": (gif_header(12_000, 12_000), "too-many-pixels"),
    "monstrous PNG": (png_header(2**31 - 1, 2**31 - 1), "too-many-pixels"),
}


def album(url: str | None, name: str = "Kiln") -> Album:
    return Album("id", name, Artist("a"), () if url is None else (Image(url),))


def file(data: bytes) -> CoverFile:
    return CoverFile(album("x"), hashlib.sha256(data).hexdigest(), data)


def reason(skipped: object) -> str:
    assert isinstance(skipped, Skipped), skipped
    assert skipped.reason.partition(":")[0] == skipped.code
    return skipped.code


# Choosing


sizes = st.one_of(st.none(), st.integers(1, 2000))
images = st.lists(st.builds(Image, st.text(max_size=3), sizes, sizes), min_size=1, max_size=5)


@given(images, st.integers(0, 1000))
def test_the_chosen_image_is_the_smallest_that_is_enough_or_the_largest(
    some: list[Image], wanted: int
) -> None:
    chosen = choose_image(some, wanted)
    assert chosen in some
    sides = [min(image.width, image.height) for image in some if image.width and image.height]
    if not sides:
        assert chosen == some[0]
        return
    enough = [side for side in sides if side >= wanted]
    assert chosen.width
    assert chosen.height
    assert min(chosen.width, chosen.height) == (min(enough) if enough else max(sides))


def test_spotify_s_middle_size_is_the_default() -> None:
    assert choose_image([Image("l", 640, 640), Image("m", 300, 300), Image("s", 64, 64)]).url == "m"


def test_nothing_to_choose_from_is_named() -> None:
    with pytest.raises(CoverError) as caught:
        choose_image([])
    assert caught.value.reason == "no-image"


# Decoding


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("GIF", "L")])
def test_the_size_is_read_from_every_kind_of_cover(kind: str, mode: str) -> None:
    assert image_size(cover(kind, mode, (120, 64))) == (120, 64)


@pytest.mark.parametrize(
    "name", ["nothing", "web page", "cut JPEG header", "magic alone", "1x1", "huge JPEG"]
)
def test_a_file_that_is_no_cover_has_no_size(name: str) -> None:
    assert image_size(BAD[name][0]) is None


def test_a_cover_keeps_the_bytes_that_it_was_decoded_from() -> None:
    data = cover()
    assert decode(file(data), 100).data == data


@pytest.mark.parametrize("name", BAD)
def test_a_bad_cover_is_skipped_by_name(name: str) -> None:
    data, expected = BAD[name]
    with pytest.raises(CoverError) as caught:
        decode(file(data), 224)
    assert caught.value.reason == expected
    assert expected in REASONS


def test_the_limit_on_pixels_is_the_caller_s() -> None:
    assert decode(file(cover()), 224, max_pixels=320 * 300).pixels.shape == (300, 320, 3)
    with pytest.raises(CoverError, match="320x300, at most 95999"):
        decode(file(cover()), 224, max_pixels=320 * 300 - 1)


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {"quality": 95}),
        ("JPEG", "L", {"quality": 95}),
        ("JPEG", "RGB", {"quality": 95, "progressive": True}),
        ("PNG", "RGB", {}),
        ("PNG", "L", {}),
        ("PNG", "LA", {}),
        ("PNG", "RGBA", {}),
        ("WEBP", "RGB", {"quality": 95}),
        ("WEBP", "RGBA", {"lossless": True}),
    ],
)
def test_a_good_cover_keeps_its_picture(kind: str, mode: str, options: dict[str, object]) -> None:
    decoded = decode(file(cover(kind, mode, **options)), 224)
    pixels = decoded.pixels
    assert (pixels.shape, pixels.dtype) == ((300, 320, 3), np.uint8)
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable
    expected = np.asarray(picture(mode).convert("RGB"), dtype=np.int16)
    assert np.abs(pixels - expected).mean() < 3


def test_one_and_sixteen_bits_become_eight() -> None:
    bilevel = decode(file(saved(picture().convert("1"), "PNG")), 224).pixels
    assert set(np.unique(bilevel)) == {0, 255}
    ramp = np.linspace(0, 65535, 320 * 300).reshape(300, 320).astype(np.uint16)
    deep = decode(file(saved(Pillow.fromarray(ramp), "PNG")), 224).pixels
    assert np.array_equal(deep[..., 1], ramp >> 8)


def test_transparent_parts_become_white() -> None:
    see_through = picture("RGBA")
    see_through.putalpha(MASK)
    pixels = decode(file(saved(see_through, "PNG")), 224).pixels
    assert (pixels[0] == 255).all()
    assert not (pixels[-1] == 255).all()
    keyed = saved(Pillow.new("RGB", (20, 20), (1, 2, 3)), "PNG", transparency=(1, 2, 3))
    assert (decode(file(keyed), 16).pixels == 255).all()


@given(st.sampled_from(["JPEG", "PNG"]), st.integers(16, 700), st.integers(16, 700), st.integers(1, 800))
@example("JPEG", 25, 16, 1)
def test_a_cover_shrinks_to_less_than_twice_what_is_needed_and_never_below(
    kind: str, width: int, height: int, min_side: int
) -> None:
    pixels = decode(file(cover(kind, size=(width, height))), min_side).pixels
    got_height, got_width, _ = pixels.shape
    assert min(got_height, got_width) >= min(min_side, width, height)
    assert min(got_height, got_width) < 2 * min_side or (got_width, got_height) == (width, height)
    assert abs(got_width / width - got_height / height) <= 1 / min(width, height)


def test_a_small_file_of_many_pixels_takes_little_room() -> None:
    assert decode(file(cover("PNG", size=(4000, 4000))), 260).pixels.nbytes < 1_000_000


def test_a_phone_s_jpeg_with_a_second_picture_is_no_animation() -> None:
    both = saved(picture(), "MPO", save_all=True, append_images=[picture("RGB", (64, 64))])
    assert decode(file(both), 224).pixels.shape == (300, 320, 3)


@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.data())
def test_damaged_bytes_give_pixels_or_a_cover_error(kind: str, data: st.DataObject) -> None:
    broken = bytearray(cover(kind, "L" if kind == "GIF" else "RGB", size=(40, 40)))
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(4, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = decode(file(bytes(broken)), 32)
    except CoverError as error:
        assert error.reason in REASONS  # noqa: PT017
    else:
        assert decoded.pixels.ndim == 3


def test_many_are_decoded_in_order_and_the_bad_do_not_stop_the_good() -> None:
    datas = [data for data, _ in BAD.values()]
    mixed = [part for data in datas for part in (file(data), file(cover()))]
    results = decode_many(mixed, 224, workers=3)
    assert [reason(result) for result in results[::2]] == [expected for _, expected in BAD.values()]
    assert all(isinstance(result, Cover) and result.digest == mixed[1].digest for result in results[1::2])


def test_the_text_of_a_skipped_cover_is_one_plain_line() -> None:
    wild = CoverFile(album("x", "Ki\x1b[31mln\r\n\u202eevil"), "0", b"\x00\x1b\n what is this")
    skipped = decode_many([wild], 224)[0]
    assert isinstance(skipped, Skipped)
    assert skipped.cover == "Ki [31mln evil"
    assert all(text.isprintable() for text in skipped)
    assert len(skipped.reason) < 150


# Fetching


def bad_neighbours(httpserver: HTTPServer) -> dict[str, str]:
    """Address to reason of everything that a server may do wrong but for the connection."""
    expected = {}
    for number, (data, why) in enumerate(BAD.values()):
        httpserver.expect_request(f"/bad/{number}").respond_with_data(data, content_type="image/jpeg")
        expected[httpserver.url_for(f"/bad/{number}")] = why
    for status, why in ((404, "not-found"), (403, "refused"), (500, "server")):
        httpserver.expect_request(f"/{status}").respond_with_data(HTML, status)
        expected[httpserver.url_for(f"/{status}")] = why
    httpserver.expect_request("/429").respond_with_data(b"", 429, {"Retry-After": "3600"})
    expected[httpserver.url_for("/429")] = "rate-limited"
    httpserver.expect_request("/large").respond_with_data(cover() + b"\0" * 100_000)
    expected[httpserver.url_for("/large")] = "too-many-bytes"
    return expected


@pytest.mark.usefixtures("no_waiting")
def test_bad_covers_are_skipped_by_name_and_the_rest_go_on(httpserver: HTTPServer) -> None:
    expected: dict[str | None, str] = {None: "no-image", "ftp://127.0.0.1/x.jpg": "address"}
    expected |= bad_neighbours(httpserver)
    httpserver.expect_request("/good").respond_with_data(cover(), content_type="text/html")
    good = httpserver.url_for("/good?n=")

    def reset(connection: socket.socket, _over: threading.Event) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n")
        while not over.wait(0.02):
            try:
                connection.sendall(b"\xff")
            except OSError:
                return

    with raw_server(reset) as resetting, raw_server(drip) as dripping:
        expected |= {resetting: "connection", dripping: "timeout"}
        albums = [album(url) for n, bad in enumerate(expected) for url in (bad, f"{good}{n}")]
        with CoverFetcher(Limits(seconds=2.0, bytes=60_000, workers=4)) as covers:
            fetched = covers.fetch(albums)
    assert len(fetched) == len(albums)
    results = [decode_many([item], 224)[0] if isinstance(item, CoverFile) else item for item in fetched]
    assert [reason(result) for result in results[::2]] == list(expected.values())
    assert all(isinstance(result, Cover) for result in results[1::2])
    assert set(expected.values()) == set(REASONS)


def test_a_fetched_cover_carries_album_bytes_and_digest(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/300").respond_with_data(cover())
    kiln = Album(
        "id", "Kiln", Artist("a"), (Image("x", 640, 640), Image(httpserver.url_for("/300"), 300, 300))
    )
    with CoverFetcher() as covers:
        assert covers.fetch([kiln]) == [CoverFile(kiln, hashlib.sha256(cover()).hexdigest(), cover())]
    request = httpserver.log[0][0]
    assert request.headers["Accept"] == "image/*"


def test_a_shared_address_is_fetched_once(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data(cover())
    albums = [album(httpserver.url_for("/a"), name) for name in ("one", "two", "three")]
    with CoverFetcher() as covers:
        fetched = covers.fetch(albums)
    assert [item.album.name for item in fetched if isinstance(item, CoverFile)] == ["one", "two", "three"]
    assert len(httpserver.log) == 1


def test_a_larger_picture_is_fetched_where_the_first_is_small(httpserver: HTTPServer) -> None:
    """As where a catalogue promises 300 pixels and its server has 64."""
    small, large = cover(size=(64, 64)), cover(size=(640, 640))
    for path, data in {"/m": small, "/s": small, "/l": large}.items():
        httpserver.expect_request(path).respond_with_data(data)
    images = tuple(
        Image(httpserver.url_for(f"/{path}"), px, px) for path, px in [("m", 300), ("s", 64), ("l", 640)]
    )
    with CoverFetcher() as fetcher:
        (found,) = fetcher.fetch([Album("id", "Kiln", Artist("a"), images)])
    assert isinstance(found, CoverFile)
    assert found.data == large
    assert [request.path for request, _ in httpserver.log] == ["/m", "/l"]


def test_the_largest_of_small_pictures_is_taken_and_smaller_ones_are_not_fetched(
    httpserver: HTTPServer,
) -> None:
    pictures = {"a": cover(size=(100, 100)), "b": cover(size=(80, 80)), "c": cover(size=(40, 40))}
    for path, data in pictures.items():
        httpserver.expect_request(f"/{path}").respond_with_data(data)
    images = [
        Image(httpserver.url_for(f"/{path}"), px, px) for path, px in [("a", 300), ("b", 640), ("c", 40)]
    ]
    images.append(Image(httpserver.url_for("/gone"), 1200, 1200))
    with CoverFetcher() as fetcher:
        (found,) = fetcher.fetch([Album("id", "Kiln", Artist("a"), tuple(images))])
    assert isinstance(found, CoverFile)
    assert found.data == pictures["a"]
    assert "/c" not in [request.path for request, _ in httpserver.log]


def test_a_tagger_that_needs_more_pixels_gets_the_next_larger_picture(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/large").respond_with_data(cover(size=(640, 640)))
    images = (Image(httpserver.url_for("/large"), 640, 640), Image(httpserver.url_for("/middle"), 300, 300))
    with CoverFetcher() as fetcher:
        (found,) = fetcher.fetch([Album("id", "Kiln", Artist("a"), images)], wanted=378)
    assert isinstance(found, CoverFile)


def test_covers_lie_on_disk_as_well(tmp_path: Path) -> None:
    (tmp_path / "good.jpg").write_bytes(cover())
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "large.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 60_000)
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    names = [
        "good.jpg",
        "empty.jpg",
        "large.png",
        "folder.jpg",
        "pipe.jpg",
        "none.jpg",
        "good.jpg/x",
        "nul\0.jpg",
    ]
    fetched = CoverFetcher(Limits(bytes=60_000)).fetch([album(str(tmp_path / name)) for name in names])
    assert isinstance(fetched[0], CoverFile)
    assert [reason(item) for item in fetched[1:]] == [
        "empty",
        "too-many-bytes",
        "refused",
        "refused",
        "not-found",
        "not-found",
        "refused",
    ]


def test_no_albums_no_covers() -> None:
    assert CoverFetcher().fetch([]) == []
    assert decode_many([], 224) == []


def test_local_covers_import_no_http_client(tmp_path: Path) -> None:
    (tmp_path / "good.jpg").write_bytes(cover())
    code = (
        "import sys\n"
        "from spotitags.covers.decode import decode_many\n"
        "from spotitags.covers.fetch import CoverFetcher\n"
        "from spotitags.records import Album, Artist, Cover, Image\n"
        "files = CoverFetcher().fetch([Album('i', 'n', Artist('a'), (Image(sys.argv[1]),))])\n"
        "assert isinstance(decode_many(files, 224)[0], Cover)\n"
        "assert not {'httpx2', 'stamina', 'requests', 'torch'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "good.jpg"], check=True)
