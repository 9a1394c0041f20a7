"""Headless Chromium of the system, whose pages are watched for errors and for requests to other places."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
READY = "html[data-ready=yes][data-sheets=all]"
PATIENCE = 120_000
"""Milliseconds before a wait fails: a busy machine without a graphics card draws slowly."""
SWITCHES = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a browser; skips, and says why, where there is none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None or find_spec("playwright") is None:
        what = "playwright" if path else f"a browser ({', '.join(NAMES)})"
        pytest.skip(f"{what} is missing: the page is not tested in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


class Watch:
    """Errors of a page, and requests to other places than its own.

    Args:
        page: Page of playwright.
        origin: Where requests may go.
    """

    def __init__(self, page: Any, origin: str) -> None:
        page.set_default_timeout(PATIENCE)
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._request(request.url, origin))

    def _console(self, message: Any) -> None:
        if message.type in {"error", "warning"} and "GPU stall" not in message.text:
            self.errors.append(message.text)

    def _request(self, url: str, origin: str) -> None:
        if not url.startswith((origin, "data:", "blob:")):
            self.foreign.append(url)
