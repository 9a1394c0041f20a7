"""Properties of all paid taggers, tested with real clients and servers on loopback."""

from __future__ import annotations

import io
import logging
import math
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from helpers.cover_files import cover as drawn
from helpers.grpc_servers import GOES, HANGS, KEY, ClarifaiReplay, GoogleReplay, Replay
from helpers.paid_covers import FIRST, PICTURE, QUICK, cover, covers, firsts
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import SecretStr

from spotitags.errors import SettingsError, TaggerError, TaggerKeyError
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import Skipped, Tag
from spotitags.settings import Settings
from spotitags.taggers.base import HasCost, TaggerOptions
from spotitags.taggers.cloud.answers import tags
from spotitags.taggers.cloud.base import PaidTagger, RetryLimits
from spotitags.taggers.registry import tagger_class

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Service:
    """A service: its tagger, its server, and its fixtures by meaning."""

    name: str
    batch: int
    server: Replay
    fixtures: dict[str, str]

    def options(self, address: str | None = None) -> TaggerOptions:
        address = address or self.server.address
        options = TaggerOptions(Path("unused"), clarifai_key=SecretStr(KEY), clarifai_address=address)
        return replace(options, google_vision_address=address)

    def tagger(self, retry_limits: RetryLimits = QUICK) -> PaidTagger[Any]:
        tagger = tagger_class(self.name).from_options(self.options())
        assert isinstance(tagger, PaidTagger)
        tagger.retry_limits = retry_limits
        return tagger

    def answers(self, *steps: str) -> None:
        self.server.answers(*(self.fixtures.get(step, step) for step in steps))


def clarifai() -> Service:
    fixtures = {"seen": "outputs", "busy one": "busy_output", "busy": "throttled", "refused": "key_refused"}
    fixtures["fails midway"] = "used_up_midway"
    return Service("clarifai", 128, ClarifaiReplay(), fixtures)


def google() -> Service:
    fixtures = {"seen": "labels", "busy one": "busy_image", "busy": "unavailable", "refused": "key_refused"}
    fixtures["fails midway"] = "refused_midway"
    return Service("google-vision", 16, GoogleReplay(), fixtures)


@pytest.fixture(params=[clarifai, google], ids=["clarifai", "google-vision"])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    made: Service = request.param()
    with made.server.running():
        yield made


def test_labels_are_lower_case_once_and_heaviest_first(service: Service) -> None:
    service.answers("seen")
    first, second, _ = service.tagger().tag(covers(3))
    assert first[:2] == [Tag("guitar", 0.9931), Tag("music", 0.9874)]
    assert "no person" not in dict(first)  # seen with a weight of 0
    assert second == [
        Tag("skull", 0.9786),
        Tag("dark", 0.9651),  # the larger of two
        Tag("symbol", 0.9012),
        Tag("art", 0.8745),
        Tag("horror", 0.8123),
    ]


def test_bytes_are_sent_as_they_came_within_a_deadline(service: Service) -> None:
    service.answers("seen")
    sent = covers(2)
    service.tagger(replace(QUICK, seconds=17)).tag(sent)
    (call,) = service.server.calls
    assert call.images == tuple(one.data for one in sent)
    assert call.seconds is not None
    assert 0 < call.seconds < 18  # gRPC rounds a deadline up on its way


def test_300_covers_take_the_fewest_calls(service: Service) -> None:
    service.answers("seen")
    tagger = service.tagger()
    found = tagger.tag(covers(300))
    assert firsts(found) == [FIRST[n % service.batch % 3] for n in range(300)]
    assert sum(service.server.sizes) == 300
    assert len(service.server.calls) == math.ceil(300 / service.batch) == tagger.calls_for([9**9] * 300)


def test_a_cover_that_comes_twice_is_asked_for_once(service: Service) -> None:
    service.answers("seen")
    one, other = covers(2)
    assert firsts(service.tagger().tag([one, other, one])) == ["guitar", "skull", "guitar"]
    assert service.server.sizes == [2]
    assert service.tagger().tag([]) == []


def test_300_covers_of_many_artists_fill_their_calls_and_are_paid_for_once(
    service: Service, tmp_path: Path
) -> None:
    service.answers("seen")
    for n in range(300):
        folder = tmp_path / "covers" / f"artist-{n % 30}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{n}.jpg").write_bytes(PICTURE + bytes(str(n), "ascii"))
    address = {"clarifai_address": service.server.address, "google_vision_address": service.server.address}
    settings = Settings.model_validate({"clarifai_pat": KEY, "cache_dir": tmp_path / "cache"} | address)
    asked: dict[str, Any] = {"manifest": tmp_path / "covers", "tagger": service.name, "settings": settings}

    def bags() -> list[object]:
        return [bags for _, bags in SpotiTags(**asked).all_bags(f"artist-{n}" for n in range(30))]

    first = bags()
    assert len(service.server.calls) == math.ceil(300 / service.batch)
    assert bags() == first
    assert sum(service.server.sizes) == 300
    kept = b"".join(file.read_bytes() for file in (tmp_path / "cache").rglob("*") if file.is_file())
    assert b"guitar" in kept
    assert KEY.encode() not in kept


def test_a_cover_that_cannot_be_read_is_skipped_alone_and_named(service: Service) -> None:
    service.answers("mixed")
    found = service.tagger().tag(covers(3))
    assert firsts(found) == ["guitar", None, "sunset"]
    assert isinstance(found[1], Skipped)
    assert found[1].cover == "Album 1"
    assert found[1].reason.startswith(f"{service.name} cannot read it (")
    assert len(service.server.calls) == 1


def test_a_busy_service_is_asked_again(service: Service) -> None:
    service.answers("busy", "busy", "seen")
    assert firsts(service.tagger().tag(covers(3))) == list(FIRST)
    assert service.server.sizes == [3, 3, 3]


def test_only_the_cover_that_it_was_too_busy_for_is_asked_for_again(service: Service) -> None:
    service.answers("busy one", "seen")
    given = covers(3)
    assert firsts(service.tagger().tag(given)) == ["guitar", "guitar", "sunset"]  # first of its own call
    assert [call.images for call in service.server.calls] == [
        tuple(one.data for one in given),
        (given[1].data,),
    ]


def test_one_cover_that_it_stays_too_busy_for_is_skipped(service: Service) -> None:
    service.answers("busy one", "busy")
    found = service.tagger().tag(covers(3))
    assert firsts(found) == ["guitar", None, "sunset"]
    assert service.server.sizes == [3, 1, 1]


def test_a_service_that_stays_busy_is_an_error(service: Service) -> None:
    service.answers("busy")
    with pytest.raises(TaggerError, match=f"^{service.name} .*tries: 3; try again later"):
        service.tagger().tag(covers(3))
    assert len(service.server.calls) == 3


def test_a_missing_response_is_an_error(service: Service) -> None:
    service.answers(HANGS)
    with pytest.raises(TaggerError, match="did not answer in time"):
        service.tagger(RetryLimits(seconds=0.2, attempts=2, pause=0)).tag(covers(1))
    assert len(service.server.calls) == 2
    brief = service.tagger(RetryLimits(seconds=0.2, attempts=9, pause=0, total=0.1))
    with pytest.raises(TaggerError, match="did not answer in time, tries: 1"):
        brief.tag(covers(1))


def test_tags_from_before_a_server_failure_are_in_the_error(service: Service) -> None:
    service.answers("seen", GOES)
    given = covers(service.batch + 2)
    tagger = service.tagger()
    with pytest.raises(TaggerError, match="cannot be reached") as caught:
        tagger.tag(given)
    assert list(caught.value.answered) == [one.digest for one in given[: service.batch]]
    assert caught.value.answered[given[1].digest][0] == Tag("skull", 0.9786)
    with pytest.raises(TaggerError, match="cannot be reached") as caught:
        tagger.tag(given[service.batch :])
    assert caught.value.answered == {}


def test_tags_from_the_same_call_as_a_failure_are_in_the_error(service: Service) -> None:
    service.answers("fails midway")
    given = covers(3)
    with pytest.raises(TaggerError) as caught:
        service.tagger().tag(given)
    assert {digest: tags[0].label for digest, tags in caught.value.answered.items()} == {
        given[0].digest: "guitar",
        given[2].digest: "sunset",
    }
    assert len(service.server.calls) == 1


def test_a_refused_key_is_named_at_once_and_never_shown(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.answers("busy", "refused")
    tagger = service.tagger()
    with pytest.raises(TaggerKeyError, match="refuses the key") as caught:
        tagger.tag(covers(1))
    assert len(service.server.calls) == 2
    assert isinstance(caught.value, SettingsError)
    shown = "".join(map(str, [caught.value, repr(caught.value), tagger, service.options()]))
    assert KEY not in shown + caplog.text
    chain: BaseException | None = caught.value
    while chain is not None:
        assert KEY not in repr(chain)
        chain = chain.__cause__ or chain.__context__


def test_nothing_is_sent_offline(service: Service) -> None:
    tagger = tagger_class(service.name).from_options(replace(service.options(), offline=True))
    with pytest.raises(TaggerError, match="leave --offline out"):
        tagger.tag(covers(1))
    assert service.server.calls == []


def test_constructors_and_properties_open_no_connection(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        options = service.options(f"http://127.0.0.1:{listener.getsockname()[1]}")
        tagger = tagger_class(service.name).from_options(options)
        assert isinstance(tagger, HasCost)
        assert tagger_class(service.name).readiness(options).ready
        assert tagger.cost
        assert service.name in tagger.version
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_a_file_that_is_no_jpeg_is_sent_as_pixels(service: Service, kind: str) -> None:
    service.answers("seen")
    mode = "L" if kind == "GIF" else "RGB"
    pixels = np.full((700, 900, 3), (200, 30, 60), np.uint8)
    service.tagger().tag([cover(drawn(kind, mode), pixels)])
    with Image.open(io.BytesIO(service.server.calls[0].images[0])) as sent:
        assert (sent.format, sent.size) == ("JPEG", (617, 480))
        assert np.abs(np.asarray(sent).astype(int) - (200, 30, 60)).max() < 8


def test_as_many_large_covers_as_a_request_takes_stay_within_its_bytes(service: Service) -> None:
    service.answers("seen")
    noise = np.random.default_rng(0).integers(0, 256, (600, 1500, 3), np.uint8)  # the worst to compress
    service.tagger().tag([cover(b"\xff\xd8\xff" + b"\0" * 900_000, noise)])
    ((image,),) = (call.images for call in service.server.calls)
    assert len(image) < 900_000
    assert len(image) * 4 / 3 * service.batch < service.server.most_bytes  # even if they count base64
    with Image.open(io.BytesIO(image)) as sent:
        assert sent.size == (960, 384)


def test_plaintext_to_another_machine_is_refused(service: Service) -> None:
    options = service.options("http://example.org:80")
    readiness = tagger_class(service.name).readiness(options)
    assert not readiness.ready
    assert "host:port" in readiness.remedy
    with pytest.raises(SettingsError, match=r"^SPOTITAGS_\w+_ADDRESS cannot be used"):
        tagger_class(service.name).from_options(options).tag(covers(1))


@given(
    st.lists(
        st.tuples(
            st.text("ab \t\nÄß\x1b", max_size=4) | st.just("a" * 5000),
            st.floats(0, 1) | st.sampled_from([0.5, 0.50001, 1.0000001, -0.0001]),
        )
    )
)
def test_any_labels_of_a_service_become_valid_tags(found: list[tuple[str, float]]) -> None:
    made = tags(found)
    assert len(made) <= 20
    assert len({tag.label for tag in made}) == len(made)
    assert all(tag.label == " ".join(tag.label.lower().split()) != "" for tag in made)
    assert all(tag.label.isprintable() and len(tag.label) <= 100 for tag in made)
    assert all(0 < tag.weight <= 1 for tag in made)
    assert [tag.weight for tag in made] == sorted((tag.weight for tag in made), reverse=True)
