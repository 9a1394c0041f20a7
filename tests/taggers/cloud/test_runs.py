"""Complete runs of the paid taggers with real clients, and servers on loopback that check the limits."""

from __future__ import annotations

import _thread
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from helpers.fake_taggers import FakeTagger
from helpers.grpc_servers import KEY, ClarifaiReplay, GoogleReplay, Replay
from helpers.manifests import manifest

from spotitags.pipeline.spotitags import SpotiTags
from spotitags.rendering.json_objects import bags_json
from spotitags.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from spotitags.records import TagBag


class Interrupting(ClarifaiReplay):
    """Ctrl-C comes once the second call is there."""

    def deliver(self, answer: Any) -> Any:
        """The answer as it goes out."""
        if len(self.calls) == 2:
            _thread.interrupt_main()
            self._over.wait(20)
        return answer


@dataclass
class Service:
    """A paid tagger and the server in place of its service, with the names of its fixtures."""

    tagger: str
    a_call: int
    server: Replay
    seen: str
    setting: str
    said: list[str] = field(default_factory=list)

    def ask(self, covers: Path, folder: Path, *besides: FakeTagger, **options: Any) -> SpotiTags:
        settings = Settings.model_validate(
            {"cache_dir": folder / "cache", "CLARIFAI_PAT": KEY, self.setting: self.server.address}
        )
        taggers = [self.tagger, *besides]
        return SpotiTags(
            manifest=covers, tagger=taggers, settings=settings, notify=self.said.append, **options
        )  # type: ignore[arg-type]


def clarifai() -> Service:
    return Service("clarifai", 128, ClarifaiReplay(), "outputs", "clarifai_address")


def google() -> Service:
    return Service("google-vision", 16, GoogleReplay(), "labels", "google_vision_address")


@pytest.fixture(params=[clarifai, google], ids=["clarifai", "google-vision"])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    made: Callable[[], Service] = request.param
    service = made()
    service.server.answers(service.seen)
    with service.server.running():
        yield service


@pytest.mark.parametrize(("made", "busy"), [(clarifai, "throttled"), (google, "unavailable")])
def test_a_run_says_that_it_waits_for_a_busy_service(
    tmp_path: Path, made: Callable[[], Service], busy: str
) -> None:
    service = made()
    service.server.answers(busy, service.seen)
    with service.server.running():
        assert service.ask(manifest(tmp_path / "covers", {"a": "sea"}), tmp_path).tag("a")
    (line,) = (line for line in service.said if "waiting" in line)
    assert line.startswith(f"tagger {service.tagger}: it ")
    assert line.endswith("; waiting for it, about 120 s at most")


@pytest.fixture(scope="module")
def covers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 covers of 30 artists."""
    return manifest(tmp_path_factory.mktemp("covers"), {f"a{n}": "sea" for n in range(30)}, covers=10)


def bags(answers: Iterator[tuple[str, Any]]) -> dict[str, list[TagBag]]:
    found = dict(answers)
    assert all(isinstance(answer, list) for answer in found.values()), found
    return found


def test_300_covers_of_30_artists_take_the_fewest_calls_and_a_second_run_none(
    service: Service, covers: Path, tmp_path: Path
) -> None:
    artists = [f"a{n}" for n in range(30)]
    first = bags(service.ask(covers, tmp_path).all_bags(artists))
    fewest = math.ceil(300 / service.a_call)
    assert len(service.server.calls) == fewest
    assert sorted(service.server.sizes, reverse=True)[:-1] == [service.a_call] * (fewest - 1)
    assert sum(service.server.sizes) == 300
    assert len({image for call in service.server.calls for image in call.images}) == 300
    assert list(first) == artists
    assert all(bag.covers == 10 for (bag,) in first.values())
    (line,) = [line for line in service.said if "paid call" in line]
    assert f"at most {fewest} paid calls for at most 300 covers" in line

    assert bags(service.ask(covers, tmp_path).all_bags(artists)) == first
    assert len(service.server.calls) == fewest
    assert KEY not in "".join(service.said)


def test_a_limited_run_is_gone_on_with_where_it_stopped(
    service: Service, covers: Path, tmp_path: Path
) -> None:
    artists = [f"a{n}" for n in range(30)]
    limited = dict(service.ask(covers, tmp_path, max_calls=1).all_bags(artists))
    assert len(service.server.calls) == 1
    whole = service.a_call // 10
    assert [isinstance(answer, list) for answer in limited.values()] == [True] * whole + [False] * (
        30 - whole
    )
    assert len(bags(service.ask(covers, tmp_path).all_bags(artists))) == 30
    assert sum(service.server.sizes) == 300, "no cover is paid for twice"
    assert len(service.server.calls) == math.ceil(300 / service.a_call)


def test_a_refused_key_lets_the_others_go_on(service: Service, covers: Path, tmp_path: Path) -> None:
    service.server.answers("key_refused")
    answers = bags(service.ask(covers, tmp_path, FakeTagger("eyes")).all_bags(["a0", "a1"]))
    for there, missing in answers.values():
        assert (there.tagger, missing.tagger) == ("eyes", service.tagger)
        assert "refuses the key" in missing.missing
    warnings = [line for line in service.said if line.startswith("warning: ")]
    assert len(warnings) == 1
    assert KEY not in json.dumps([bags_json(answer) for answer in answers.values()]) + "".join(service.said)


def test_a_cover_that_the_service_cannot_read_counts_in_the_other_bag(
    service: Service, covers: Path, tmp_path: Path
) -> None:
    service.server.answers("mixed")
    ((there, eyes),) = bags(service.ask(covers, tmp_path, FakeTagger("eyes")).all_bags(["a0"])).values()
    assert there.tagger == service.tagger
    assert 0 < there.covers < eyes.covers == 10
    unread = set(there.skipped) - set(eyes.skipped)
    assert len(unread) == 10 - there.covers
    assert all(service.tagger in skipped.reason for skipped in unread)

    asked = sum(service.server.sizes)
    service.server.answers(service.seen)
    ((again, _),) = bags(service.ask(covers, tmp_path, FakeTagger("eyes")).all_bags(["a0"])).values()
    assert again.covers == 10
    assert sum(service.server.sizes) - asked == len(unread), "only what could not be read is asked for again"


def test_what_a_busy_service_answered_before_ctrl_c_is_not_paid_for_again(
    covers: Path, tmp_path: Path
) -> None:
    service = Service("clarifai", 128, Interrupting(), "outputs", "clarifai_address")
    service.server.answers("busy_output", "outputs")
    with service.server.running():
        with pytest.raises(KeyboardInterrupt):
            list(service.ask(covers, tmp_path).all_bags(["a0"]))
        asked, left = service.server.sizes
        assert asked == 10 > left > 0
        bags(service.ask(covers, tmp_path).all_bags(["a0"]))
        assert service.server.sizes == [asked, left, left]
