"""The page in a browser: search, filters, hover, lasso, graph, path, back, exports, keyboard, phone, dark."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from helpers.browser import PATIENCE, READY, Watch, chromium
from helpers.explored import HOSTILE, Served, explored, served
from PIL import Image

from spotitags.explore.static import write_static

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spotitags.explore.store import Store

COUNT = 60


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return explored(tmp_path_factory.mktemp("explore"), COUNT)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def server(store: Store) -> Iterator[Served]:
    with served(store) as found:
        yield found


@pytest.fixture(scope="module")
def cookies(browser: Any, server: Served) -> Any:
    """What the address with the token leaves in the browser."""
    context = browser.new_context()
    context.new_page().goto(server.access.address, timeout=PATIENCE)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_page(browser: Any, server: Served, cookies: Any) -> Iterator[Any]:
    """Open the page at a state, in a window of its own; check its errors and requests at the end."""
    opened: list[tuple[Any, Watch]] = []

    def open_at(state: str = "", **options: Any) -> Any:
        settings = {"viewport": {"width": 1200, "height": 800}, "storage_state": cookies} | options
        context = browser.new_context(**settings)
        page = context.new_page()
        opened.append((context, Watch(page, server.origin)))
        page.goto(f"{server.origin}/#{state}")
        page.wait_for_selector(READY)
        return page

    yield open_at
    for context, watch in opened:
        context.close()
        assert watch.errors == []
        assert watch.foreign == []


def status(page: Any) -> str:
    return str(page.locator(".status").inner_text())


def drawn(page: Any) -> None:
    """Wait for the next frame."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def shown_points(page: Any) -> list[list[float]]:
    """Return number and place (CSS pixels in the window) of the covers that are shown."""
    points: list[list[float]] = page.evaluate(
        """() => { const { map, data } = explored; const found = [];
        const box = map.canvas.getBoundingClientRect();
        for (let row = 0; row < data.count; row++) if (map.shown[row]) {
          const [x, y] = map.toScreen(map.places[2 * row], map.places[2 * row + 1]);
          found.push([data.number[row], x / map.ratio + box.x, y / map.ratio + box.y]); }
        return found; }"""
    )
    return points


def hovered(page: Any, x: float, y: float) -> str:
    page.mouse.move(x, y)
    drawn(page)
    return str(page.evaluate("document.documentElement.dataset.hovered"))


def pixel(page: Any, x: float, y: float) -> np.ndarray:
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return np.array(image.getpixel((round(x), round(y))))


def test_all_covers_are_drawn_in_few_calls(open_page: Any, store: Store) -> None:
    page = open_page()
    assert status(page) == f"{COUNT} of {COUNT} shown"
    drawn(page)
    assert page.evaluate("explored.map.drawCalls") <= 3
    points = shown_points(page)
    assert len(points) == COUNT
    covers = store.covers()
    right = 0
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for number, x, y in points:
        if 260 < x < 860 and 60 < y < 790:
            colour = np.array(image.getpixel((round(x), round(y))))
            right += bool(np.abs(colour - covers[int(number)].colour).max() < 40)
    assert right > COUNT / 3  # the others lie below covers of other colours, or a name


def test_hover_shows_the_right_cover_after_filtering(open_page: Any) -> None:
    page = open_page("truth=jazz")
    assert status(page) == f"{COUNT // 3} of {COUNT} shown"
    points = shown_points(page)
    assert all(number % 3 == 1 for number, _, _ in points)
    found = 0
    for _, x, y in points[:8]:
        under = hovered(page, x, y)
        if under:
            found += 1
            place = next((px, py) for number, px, py in points if number == int(under))
            assert abs(place[0] - x) < 90
            title = page.locator(".tip").inner_text()
            expected = HOSTILE if under == "1" else f"Album {under}"
            assert title == f"Artist {int(under) // 2}: {expected}"
    assert found == 8


def test_search_and_filters_say_how_many_are_shown(open_page: Any) -> None:
    page = open_page()
    page.get_by_label("Search artist, album or tag").fill("album 57")
    page.wait_for_selector("text=1 of 60 shown")
    page.get_by_role("button", name="Clear filters").click()
    assert status(page) == "60 of 60 shown"
    page.get_by_label("Only wrong predictions").check()
    assert status(page) == "6 of 60 shown"
    page.get_by_label("plays, least").fill("3000")
    page.keyboard.press("Tab")
    page.wait_for_selector("text=3 of 60 shown")
    assert "wrong=1" in page.url
    page.reload()
    page.wait_for_selector(READY)
    assert status(page) == "3 of 60 shown"


def test_lasso_and_back(open_page: Any) -> None:
    page = open_page()
    page.get_by_role("button", name="Lasso").click()
    box = page.locator("canvas.map").bounding_box()
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    corners = [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98), (0.02, 0.1)]
    page.mouse.move(x + corners[0][0] * width, y + corners[0][1] * height)
    page.mouse.down()
    for across, down in corners[1:]:
        page.mouse.move(x + across * width, y + down * height, steps=4)
    page.mouse.up()
    page.wait_for_selector("text=/^[0-9]+ of 60 shown$/")
    inside = int(status(page).split()[0])
    assert 0 < inside < COUNT
    assert all(px < x + width * 0.52 for _, px, _ in shown_points(page))
    page.go_back()
    page.wait_for_selector("text=60 of 60 shown")


def test_graph_grows_and_finds_a_path(open_page: Any) -> None:
    page = open_page("cover=2")
    page.get_by_role("button", name="Graph from here").click()
    page.wait_for_selector("text=/of 60 in the graph/")
    first = int(status(page).split()[0])
    page.get_by_role("button", name="Expand").click()
    page.wait_for_selector("text=/covers added/")
    page.locator(".graph-list summary").click()
    page.locator(".links > li > button").nth(3).click()
    page.get_by_role("button", name="Expand").click()
    assert int(status(page).split()[0]) > first
    page.get_by_role("button", name="Path from here").click()
    page.evaluate("explored.state.set({ cover: 36 })")
    page.get_by_role("button", name="Path to here").click()
    page.wait_for_selector("text=/Path of [0-9]+ covers/")
    assert "on the path" in page.locator(".links").inner_text()
    before = int(status(page).split()[0])
    page.get_by_role("button", name="Hide").click()
    assert int(status(page).split()[0]) == before - 1
    page.get_by_role("button", name="Undo").click()
    assert int(status(page).split()[0]) == before
    assert "picture 0." in page.locator(".links").inner_text()


def test_the_graph_is_exported(open_page: Any, tmp_path: Path) -> None:
    page = open_page("view=graph&cover=1&nodes=1.4.7.10.13")
    page.get_by_text("Save and export").click()
    files = {}
    for name in ("Save walk", "GraphML", "CSV", "PNG"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name, exact=True).click()
        files[name] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(files[name])
    walk = json.loads(files["Save walk"].read_text("utf-8"))
    assert [node["number"] for node in walk["nodes"]] == [1, 4, 7, 10, 13]
    space = "{http://graphml.graphdrawing.org/xmlns}"
    tree = ET.parse(files["GraphML"])  # noqa: S314 - made by the page
    assert len(tree.findall(f".//{space}node")) == 5
    assert HOSTILE in [each.text for each in tree.iter(f"{space}data")]
    assert files["CSV"].read_text("utf-8").startswith("artist,album,other_artist")
    assert len(Image.open(files["PNG"]).convert("RGB").resize((40, 40)).getcolors()) > 5
    page.goto(page.url.split("#")[0] + "#view=graph")
    page.set_input_files("input[type=file]", files["Save walk"])
    page.wait_for_selector("text=5 of 60 in the graph")


def test_the_keyboard_reaches_everything(open_page: Any) -> None:
    page = open_page()
    page.locator("canvas.map").focus()
    page.keyboard.press("ArrowRight")
    first = page.evaluate("explored.state.now.cover")
    page.keyboard.press("ArrowRight")
    second = page.evaluate("explored.state.now.cover")
    assert first is not None
    assert second not in {None, first}
    page.keyboard.press("+")
    drawn(page)
    assert page.evaluate("explored.map.camera.zoom") > 1
    page.keyboard.press("Tab")
    for _ in range(12):
        if page.evaluate("document.activeElement.textContent") == "Like":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("explored.state.now.liked") == [second]


def test_lists_are_saved_for_the_command_like(open_page: Any, store: Store) -> None:
    page = open_page("cover=5&liked=5.8&other=1")
    page.get_by_role("button", name="Save lists").click()
    page.wait_for_selector("text=/spotitags like/")
    assert "Album 8" in (store.folder / "liked.csv").read_text("utf-8")


def test_titles_are_shown_as_text(open_page: Any) -> None:
    page = open_page("cover=1")
    assert page.locator(".panel h2").inner_text() == HOSTILE
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_map_and_cover(open_page: Any, scheme: str) -> None:
    page = open_page(
        "cover=3", viewport={"width": 390, "height": 780}, color_scheme=scheme, reduced_motion="reduce"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for selector in (".panel h2", "canvas.map"):
        box = page.locator(selector).first.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 391
        assert box["height"] > 15
    page.get_by_label("Close the cover").click()
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Only wrong predictions").check()
    assert status(page) == "6 of 60 shown"
    ground = pixel(page, 385, 5)
    assert (ground.mean() < 60) == (scheme == "dark")


def test_two_tags_are_axes(open_page: Any) -> None:
    page = open_page("layout=tags&x=dark&y=face")
    points = {int(number): (x, y) for number, x, y in shown_points(page)}
    assert points[6][0] > points[7][0]  # tagged 0.7 and 0.1 as dark
    assert points[4][1] < points[5][1]  # tagged 0.6 and 0.2 as face; up is less


def test_the_static_page_works_without_a_server(browser: Any, store: Store, tmp_path: Path) -> None:
    list(write_static(store, tmp_path / "out"))
    page = browser.new_page()
    watch = Watch(page, f"file://{tmp_path}")
    page.goto(f"file://{tmp_path}/out/index.html#cover=4")
    page.wait_for_selector(READY)
    assert page.locator(".panel h2").inner_text() == "Album 4"
    page.get_by_role("button", name="Graph from here").click()
    page.wait_for_selector("text=/of 60 in the graph/")
    page.close()
    assert watch.errors == []
    assert watch.foreign == []
