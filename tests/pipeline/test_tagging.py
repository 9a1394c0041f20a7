from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from helpers.manifests import STYLES, cover, manifest
from werkzeug import Response

from spotitags.catalogs.manifest import FolderCatalog
from spotitags.covers.fetch import CoverFetcher
from spotitags.errors import ArtistNotFoundError, CatalogError, NoCoversError, TaggerError
from spotitags.pipeline.listing import ARTISTS_AT_ONCE
from spotitags.pipeline.tagging import TaggingRun
from spotitags.records import Album, Artist, Cover, Image, Tag, TaggedCovers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from spotitags.io.cache import Cache


class MeanColour:
    """A tagger of the simplest kind: the share of red, green and blue. Counts what it is shown."""

    name = "mean-colour"
    version = "1"
    image_size = 64
    batch_size = 4

    def __init__(self, fail_after: int | None = None) -> None:
        self.shown: list[str] = []
        self.fail_after = fail_after

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        assert 0 < len(covers) <= self.batch_size
        if self.fail_after is not None and len(self.shown) >= self.fail_after:
            raise TaggerError("worn out")
        self.shown += [cover.digest for cover in covers]
        return [
            sorted(map(Tag, ("red", "green", "blue"), means), key=lambda tag: -tag.weight)
            for means in ((cover.pixels.mean(axis=(0, 1)) / 255).round(4).tolist() for cover in covers)
        ]


class Listed:
    """A catalogue of albums given beforehand."""

    name = "listed"

    def __init__(self, *albums: Album) -> None:
        self._albums = list(albums)

    def albums(self, artist: str, limit: int) -> list[Album]:
        found = [album for album in self._albums if album.artist.id == artist]
        if not found:
            raise ArtistNotFoundError(f"no {artist}")
        return found[:limit]


def seen(answer: object) -> TaggedCovers:
    assert isinstance(answer, TaggedCovers)
    return answer


def test_each_cover_of_each_artist_is_shown_once_and_kept(tmp_path: Path, cache: Cache) -> None:
    artists = {f"a{n}": list(STYLES)[n % 3] for n in range(ARTISTS_AT_ONCE + 3)}
    catalog = FolderCatalog(manifest(tmp_path, artists, covers=2))
    tagger = MeanColour()
    answers = list(TaggingRun(catalog, [tagger], CoverFetcher(), cache).run(artists))
    assert [ref for ref, _ in answers] == list(artists)
    assert len(tagger.shown) == len(set(tagger.shown)) == 2 * len(artists)
    for ref, answer in answers:
        (first, second) = seen(answer).tags["mean-colour"]
        best = {"fire": "red", "sea": "blue", "moss": "green"}[artists[ref]]
        assert first[0].label == second[0].label == best

    again = MeanColour()
    assert list(TaggingRun(catalog, [again], CoverFetcher(), cache).run(artists)) == answers
    assert again.shown == []


def test_another_version_looks_again(tmp_path: Path, cache: Cache) -> None:
    catalog = FolderCatalog(manifest(tmp_path, {"a": "sea"}, covers=2))
    list(TaggingRun(catalog, [MeanColour()], CoverFetcher(), cache).run(["a"]))
    newer = MeanColour()
    newer.version = "2"
    list(TaggingRun(catalog, [newer], CoverFetcher(), cache).run(["a"]))
    assert len(newer.shown) == 2


def test_the_same_picture_on_two_releases_counts_once(tmp_path: Path, cache: Cache) -> None:
    path = manifest(tmp_path, {"a": "sea"}, covers=3)
    (tmp_path / "a-2.jpg").write_bytes((tmp_path / "a-0.jpg").read_bytes())
    tagger = MeanColour()
    ((_, answer),) = TaggingRun(FolderCatalog(path), [tagger], CoverFetcher(), cache).run(["a"])
    assert len(tagger.shown) == 2
    assert [album.name for album in seen(answer).albums] == ["Album 0", "Album 1"]
    assert seen(answer).digests[0] == hashlib.sha256((tmp_path / "a-0.jpg").read_bytes()).hexdigest()


def copy_cover(folder: Path, original: str, *copies: str) -> None:
    for name in copies:
        (folder / f"{name}.jpg").write_bytes((folder / f"{original}.jpg").read_bytes())


def test_further_releases_take_the_place_of_copies(tmp_path: Path, cache: Cache) -> None:
    path = manifest(tmp_path, {"a": "sea", "b": "moss"}, covers=8)
    copy_cover(tmp_path, "a-0", "a-1", "a-2", "a-4")
    copy_cover(tmp_path, "b-0", "b-7")
    with path.open("a") as lines:  # the same line twice is a copy, too
        lines.write("c,,sea,one,,a-0.jpg\n" * 3 + "c,,sea,two,,a-3.jpg\n")
    for _ in range(2):  # the second run has all results in its cache
        run = TaggingRun(FolderCatalog(path), [MeanColour()], CoverFetcher(), cache, albums=4)
        a, b, c = (seen(answer) for _, answer in run.run(["a", "b", "c"]))
        assert [album.name for album in a.albums] == ["Album 0", "Album 3", "Album 5", "Album 6"]
        assert (a.copies, len(set(a.digests))) == (3, 4)
        assert ([album.name for album in b.albums], b.copies) == ([f"Album {n}" for n in range(4)], 0)
        assert (len(c.albums), c.copies) == (2, 2)


def test_copies_that_the_web_serves_are_replaced_with_one_more_listing(
    cache: Cache, httpserver: HTTPServer
) -> None:
    for n in range(5):
        httpserver.expect_request(f"/{n}").respond_with_data(cover("sea", max(n, 1)))
    albums = [
        Album(str(n), f"Album {n}", Artist("a"), (Image(httpserver.url_for(f"/{n}")),)) for n in range(5)
    ]

    class Counted(Listed):
        limits: ClassVar[list[int]] = []

        def albums(self, artist: str, limit: int) -> list[Album]:
            self.limits.append(limit)
            return super().albums(artist, limit)

    with CoverFetcher() as covers:
        run = TaggingRun(Counted(*albums), [MeanColour()], covers, cache, albums=3)
        ((_, answer),) = run.run(["a"])
    assert [album.id for album in seen(answer).albums] == ["0", "2", "3"]
    assert Counted.limits == [3, 4]
    assert sorted(request.path for request, _ in httpserver.log) == ["/0", "/1", "/2", "/3"]


def test_a_catalogue_that_fails_to_list_more_fails_the_artist(tmp_path: Path, cache: Cache) -> None:
    """Fewer covers than in an undisturbed run would be another result, unnoticed."""
    path = manifest(tmp_path, {"a": "sea"}, covers=4)
    copy_cover(tmp_path, "a-0", "a-1")

    class Moody(FolderCatalog):
        def albums(self, artist: str, limit: int) -> list[Album]:
            if limit > 2:
                raise CatalogError("try again later")
            return super().albums(artist, limit)

    ((_, answer),) = TaggingRun(Moody(path), [MeanColour()], CoverFetcher(), cache, albums=2).run(["a"])
    assert isinstance(answer, CatalogError)
    ((_, answer),) = TaggingRun(FolderCatalog(path), [MeanColour()], CoverFetcher(), cache, albums=2).run(
        ["a"]
    )
    assert len(seen(answer).albums) == 2


def test_the_limit_on_albums_holds(tmp_path: Path, cache: Cache) -> None:
    catalog = FolderCatalog(manifest(tmp_path, {"a": "sea"}, covers=5))
    ((_, answer),) = TaggingRun(catalog, [MeanColour()], CoverFetcher(), cache, albums=3).run(["a"])
    assert len(seen(answer).albums) == 3


def test_bad_covers_and_unknown_artists_never_stop_the_rest(tmp_path: Path, cache: Cache) -> None:
    path = manifest(tmp_path, {"some": "sea", "none": "fire", "all": "moss"}, covers=2)
    (tmp_path / "some-0.jpg").write_bytes(cover("sea", 1)[:2000])
    (tmp_path / "none-0.jpg").write_bytes(b"")
    (tmp_path / "none-1.jpg").unlink()
    answers = dict(
        TaggingRun(FolderCatalog(path), [MeanColour()], CoverFetcher(), cache).run(
            ["some", "none", "stranger", "all"]
        )
    )
    assert len(seen(answers["all"]).albums) == 2
    assert [album.name for album in seen(answers["some"]).albums] == ["Album 1"]
    (skipped,) = seen(answers["some"]).skipped
    assert skipped.cover == "Album 0"
    assert skipped.code == "truncated"
    assert isinstance(answers["stranger"], ArtistNotFoundError)
    assert isinstance(answers["none"], NoCoversError)
    assert "Album 0: empty; Album 1: not-found" in str(answers["none"])


def test_what_was_finished_before_a_tagger_broke_is_kept(tmp_path: Path, cache: Cache) -> None:
    artists = {f"a{n}": "sea" for n in range(6)}
    catalog = FolderCatalog(manifest(tmp_path, artists, covers=2))
    broken = MeanColour(fail_after=8)
    with pytest.raises(TaggerError):
        list(TaggingRun(catalog, [broken], CoverFetcher(), cache).run(artists))
    mended = MeanColour()
    list(TaggingRun(catalog, [mended], CoverFetcher(), cache).run(artists))
    assert len(broken.shown) == 8
    assert len(mended.shown) == 4
    assert not set(broken.shown) & set(mended.shown)


def test_a_second_tagger_sees_what_the_first_has_seen_before(tmp_path: Path, cache: Cache) -> None:
    catalog = FolderCatalog(manifest(tmp_path, {"a": "sea"}, covers=3))
    list(TaggingRun(catalog, [MeanColour()], CoverFetcher(), cache).run(["a"]))
    first, second = MeanColour(), MeanColour()
    second.name = "other"
    ((_, answer),) = TaggingRun(catalog, [first, second], CoverFetcher(), cache).run(["a"])
    assert first.shown == []
    assert len(second.shown) == 3
    assert seen(answer).tags["mean-colour"] == seen(answer).tags["other"]


def remote(web: HTTPServer) -> Listed:
    """An artist of five albums: a good cover, one missing, one cut short, a web page, and none at all."""
    artist = Artist("a", "A")
    web.expect_request("/gone.jpg").respond_with_data(b"", 404)
    web.expect_request("/good.jpg").respond_with_response(Response(cover("moss", 3)))
    web.expect_request("/cut.jpg").respond_with_response(Response(cover("sea", 3)[:2000]))
    web.expect_request("/page.jpg").respond_with_data(b"<html>", content_type="text/html")
    return Listed(
        *(
            Album(name, name, artist, (Image(web.url_for(f"/{name}.jpg"), 300, 300),))
            for name in ("good", "gone", "cut", "page")
        ),
        Album("bare", "bare", artist),
    )


def run_once(catalog: Listed, cache: Cache, **settings: Any) -> TaggedCovers:
    with CoverFetcher() as covers:
        ((_, answer),) = TaggingRun(catalog, [MeanColour()], covers, cache, **settings).run(["a"])
    return seen(answer)


def test_what_an_address_gave_is_not_asked_for_again_in_later_runs_unless_it_was_a_web_page(
    httpserver: HTTPServer, cache: Cache
) -> None:
    catalog = remote(httpserver)
    answers = [run_once(catalog, cache) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert [album.name for album in answers[0].albums] == ["good"]
    reasons = {skipped.cover: skipped.code for skipped in answers[0].skipped}
    assert reasons == {"gone": "not-found", "cut": "truncated", "page": "html", "bare": "no-image"}
    paths = sorted(request.path for request, _ in httpserver.log)
    assert paths == [
        "/cut.jpg",
        "/gone.jpg",
        "/good.jpg",
        *["/page.jpg"] * 3,
    ]  # a proxy may have sent the page


def test_a_refresh_fetches_anew_and_once(httpserver: HTTPServer, cache: Cache) -> None:
    catalog = remote(httpserver)
    first = run_once(catalog, cache)
    with CoverFetcher() as covers:
        tagging = TaggingRun(catalog, [MeanColour()], covers, cache, refresh=True)
        ((_, second), (_, third)) = tagging.run(["a", "a"])
    assert first == second == third
    assert sum(request.path == "/good.jpg" for request, _ in httpserver.log) <= 3


def test_a_server_that_failed_is_asked_again_in_the_next_run(httpserver: HTTPServer, cache: Cache) -> None:
    httpserver.expect_oneshot_request("/flaky.jpg").respond_with_data(b"", 503, {"Retry-After": "9999"})
    httpserver.expect_request("/flaky.jpg").respond_with_data(cover("sea", 1))
    flaky = Album("1", "Flaky", Artist("a"), (Image(httpserver.url_for("/flaky.jpg")),))
    ((_, failed),) = TaggingRun(Listed(flaky), [MeanColour()], CoverFetcher(), cache).run(["a"])
    assert isinstance(failed, NoCoversError)
    assert len(run_once(Listed(flaky), cache).albums) == 1


def test_another_size_is_taken_where_the_best_one_is_missing(httpserver: HTTPServer, cache: Cache) -> None:
    httpserver.expect_request("/500").respond_with_data(b"", 404)
    httpserver.expect_request("/250").respond_with_data(cover("sea", 1, size=250))
    images = tuple(Image(httpserver.url_for(f"/{size}"), size, size) for size in (500, 250))
    assert len(run_once(Listed(Album("1", "One", Artist("a"), images)), cache).albums) == 1
    assert [request.path for request, _ in httpserver.log] == ["/500", "/250"]


def test_who_stops_early_has_no_more_artists_listed(tmp_path: Path, cache: Cache) -> None:
    artists = {f"a{n}": "sea" for n in range(4 * ARTISTS_AT_ONCE)}
    folder = FolderCatalog(manifest(tmp_path, dict.fromkeys(artists, "sea"), covers=1))
    asked: list[str] = []

    class Noting(Listed):
        def albums(self, artist: str, limit: int) -> list[Album]:
            asked.append(artist)
            return folder.albums(artist, limit)

    answers = TaggingRun(Noting(), [MeanColour()], CoverFetcher(), cache).run(artists)
    next(answers)
    answers.close()
    assert len(asked) <= 2 * ARTISTS_AT_ONCE


def test_covers_reach_the_tagger_no_smaller_than_it_asks(tmp_path: Path, cache: Cache) -> None:
    sizes = []

    class Sizes(MeanColour):
        name = "sizes"
        image_size = 200

        def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
            sizes.extend(cover.pixels.shape for cover in covers)
            assert all(cover.pixels.dtype == np.uint8 for cover in covers)
            return super().tag(covers)

    path = manifest(tmp_path, {"a": "sea"}, covers=1)
    (tmp_path / "a-0.jpg").write_bytes(cover("sea", 9, size=1000))
    list(TaggingRun(FolderCatalog(path), [Sizes()], CoverFetcher(), cache).run(["a"]))
    assert sizes == [(250, 250, 3)]
