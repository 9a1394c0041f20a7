"""Covers that a model was trained on, as shortened digests in its card: predictions of them look too good."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY: Final = "training_covers"
"""Key of the card; cards of earlier versions have none."""
BYTES: Final = 5
"""Bytes of a digest: in a million covers, one in a million others is taken for one of them."""
MAX_COVERS: Final = 500_000
"""Largest number of covers that a card holds, in 3.3 MB; with more, it has no such key."""


def pack(digests: Iterable[str]) -> str:
    """Return the digests of covers as text for a card: sorted, shortened, joined and in base64.

    Args:
        digests: SHA-256 of each cover's bytes (hex), in any order.

    >>> pack(["ff" * 32, "00" * 32, "ff" * 32])
    'AAAAAAD//////w=='
    """
    return base64.b64encode(b"".join(sorted(_shortened(digests)))).decode()


def unpack(text: str) -> frozenset[bytes]:
    """Return the shortened digests of `pack`.

    Raises:
        ValueError: The text is no such list.
    """
    if len(text) > 4 * (MAX_COVERS * BYTES // 3 + 1):
        raise ValueError(f"{KEY} has more than {MAX_COVERS} covers")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{KEY} is not base64") from None
    if len(data) % BYTES:
        raise ValueError(f"{KEY} does not have {BYTES} bytes for each cover")
    return frozenset(data[start : start + BYTES] for start in range(0, len(data), BYTES))


def count_known(covers: frozenset[bytes], digests: Iterable[str]) -> int:
    """Return the number of different covers, given by digest, that are among those of `unpack`."""
    return len(covers & _shortened(digests))


def _shortened(digests: Iterable[str]) -> frozenset[bytes]:
    return frozenset(bytes.fromhex(digest[: 2 * BYTES]) for digest in digests)
