"""SVG images as trees of elements."""

from __future__ import annotations

from xml.etree import ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


def parsed(image: str) -> ET.Element:
    """Parse an image of this project."""
    return ET.fromstring(image)  # noqa: S314  (made here, so it can be trusted)
