"""Clarifai: status codes in responses, ids of inputs, a client that depends on the process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from clarifai_grpc.channel.clarifai_channel import ClarifaiChannel
from helpers.grpc_servers import KEY, ClarifaiReplay, NamelessClarifai, ShuffledClarifai
from helpers.paid_covers import FIRST, QUICK, covers, firsts
from pydantic import SecretStr

from spotitags.errors import SettingsError, TaggerError, TaggerKeyError
from spotitags.records import Skipped
from spotitags.taggers.base import TaggerOptions
from spotitags.taggers.cloud.clarifai import ClarifaiTagger
from spotitags.taggers.registry import tagger_class

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def serving(
    *steps: str, server: ClarifaiReplay | None = None
) -> Iterator[tuple[ClarifaiTagger, ClarifaiReplay]]:
    """A tagger and its server."""
    server = server or ClarifaiReplay()
    server.answers(*steps)
    with server.running():
        yield ClarifaiTagger(SecretStr(KEY), address=server.address, retry_limits=QUICK), server


def test_the_key_goes_with_every_call() -> None:
    with serving("outputs") as (tagger, server):
        tagger.tag(covers(129))
    assert [call.metadata["authorization"] for call in server.calls] == [f"Key {KEY}"] * 2
    assert server.sizes == [128, 1]


def test_fewer_outputs_than_covers_move_no_tags_to_another_cover() -> None:
    with serving("fewer") as (tagger, _):
        found = tagger.tag(covers(6))
    assert firsts(found) == ["guitar", None, "sunset"] * 2
    assert found[1] == Skipped("Album 1", "clarifai gave no answer for it")


def test_outputs_in_another_order_find_their_covers() -> None:
    with serving("outputs", server=ShuffledClarifai()) as (tagger, _):
        assert firsts(tagger.tag(covers(3))) == list(FIRST)


def test_outputs_under_ids_of_its_own_count_in_order_where_none_is_missing() -> None:
    with serving("outputs", "fewer", server=NamelessClarifai()) as (tagger, _):
        assert firsts(tagger.tag(covers(3))) == list(FIRST)
        with pytest.raises(TaggerError, match="answers for none of 3 covers"):
            tagger.tag(covers(3))


def test_covers_that_it_cannot_read_are_skipped_even_if_that_is_all_of_them() -> None:
    with serving("none_read") as (tagger, server):
        found = tagger.tag(covers(3))
    assert [tags.reason for tags in found if isinstance(tags, Skipped)] == [
        "clarifai cannot read it (30300: All input bytes invalid)"
    ] * 3
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("step", "kind", "message"),
    [
        ("key_refused", TaggerKeyError, r"refuses the key \(11009: .*set CLARIFAI_PAT"),
        ("month_used_up", TaggerError, r"a limit of the plan is reached \(11004: .*clarifai\.com/pricing"),
        (
            "model_gone",
            TaggerError,
            r"no longer offers the model general-image-recognition .*--tagger google-v",
        ),
    ],
)
def test_permanent_errors_are_raised_at_once(step: str, kind: type[TaggerError], message: str) -> None:
    with serving(step) as (tagger, server):
        with pytest.raises(kind, match=message):
            tagger.tag(covers(200))
        assert len(server.calls) == 1


def test_a_busy_model_is_waited_for() -> None:
    with serving("busy", "outputs") as (tagger, server):
        assert firsts(tagger.tag(covers(3))) == list(FIRST)
        assert server.sizes == [3, 3]


def test_a_json_channel_elsewhere_in_the_process_changes_nothing() -> None:
    ClarifaiChannel.get_json_channel(base_url="http://127.0.0.1:1")
    with serving("outputs") as (tagger, _):
        assert firsts(tagger.tag(covers(1))) == ["guitar"]


def test_a_key_in_the_services_message_is_not_repeated() -> None:
    class Talkative(ClarifaiReplay):
        def answer(self, body: dict[str, object], request: object) -> object:  # noqa: ARG002
            status = {"code": 11009, "description": f"no key\n{KEY}\x1b[31m", "details": "x" * 900}
            return super().answer({"status": status}, request)

    with serving("key_refused", server=Talkative()) as (tagger, _), pytest.raises(TaggerKeyError) as caught:
        tagger.tag(covers(1))
    assert KEY not in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_a_missing_key_is_named_before_anything_is_sent(tmp_path: Path) -> None:
    options = TaggerOptions(tmp_path)
    readiness = tagger_class("clarifai").readiness(options)
    assert (readiness.ready, readiness.reason) == (False, "CLARIFAI_PAT is not set")
    assert "clarifai.com" in readiness.remedy
    with pytest.raises(SettingsError, match=r"needs a key: .*CLARIFAI_PAT"):
        tagger_class("clarifai").from_options(options).tag(covers(1))


def test_the_end_of_a_line_after_the_key_is_not_sent() -> None:
    with serving("outputs") as (_, server):
        ClarifaiTagger(SecretStr(f" {KEY}\r\n"), address=server.address, retry_limits=QUICK).tag(covers(1))
    assert server.calls[0].metadata["authorization"] == f"Key {KEY}"


@pytest.mark.parametrize("wrong", ["schl\u00fcssel", "two\nlines", "bell\a"])
def test_an_invalid_key_is_reported_at_once_and_not_shown(
    wrong: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    readiness = ClarifaiTagger.readiness(TaggerOptions(tmp_path, clarifai_key=SecretStr(wrong)))
    assert (readiness.ready, readiness.reason) == (False, "CLARIFAI_PAT has characters that no key has")
    with pytest.raises(TaggerKeyError, match="CLARIFAI_PAT has characters that no key has") as caught:
        ClarifaiTagger(SecretStr(wrong), address="http://127.0.0.1:9").tag(covers(1))
    assert wrong not in str(caught.value)
    assert capfd.readouterr().err == "", "gRPC was not asked"
