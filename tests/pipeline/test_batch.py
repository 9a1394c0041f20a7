"""Many artists at once, through every catalogue that has a network, on bad days and with interruptions."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import spotitags
from helpers.faulty_services import FaultyServices, serving

from spotitags.catalogs.labels import read_labels

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"SPOTIPY_CLIENT_ID": "id", "SPOTIPY_CLIENT_SECRET": "secret"}
NAMED = {"ArtistNotFoundError", "NoCoversError", "CatalogError", "RateLimitError", "SettingsError"}

Lines = list[dict[str, Any]]


def ids(count: int, prefix: str = "0BatchTestArtistNumber") -> list[str]:
    return [f"{prefix[: 22 - len(str(n))]}{n}" for n in range(count)]


@pytest.fixture
def artists(tmp_path: Path) -> Path:
    path = tmp_path / "artists.csv"
    path.write_text("artist_name,artist_id\n" + "".join(f"x,{artist}\n" for artist in ids(30)))
    return path


def start(services: FaultyServices, home: Path, *args: str, **environment: str) -> subprocess.Popen[str]:
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
    own = {"SPOTITAGS_CACHE_DIR": str(home), "HOME": str(home), "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "spotitags", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=inherited | own | services.environment() | KEYS | environment,
    )


def predict(
    services: FaultyServices, home: Path, artists: Path, catalog: str, *args: str
) -> tuple[int, Lines, str]:
    command = ["predict", "--artists", artists, "--catalog", catalog, "--tagger", "lite", "--json", *args]
    run = spotitags(*command, home=home, **services.environment(), **KEYS)
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()], run.stderr


@pytest.mark.parametrize("catalog", ["musicbrainz", "spotify"])
def test_every_artist_is_answered_or_named_and_no_answer_is_asked_for_twice(
    artists: Path, tmp_path: Path, catalog: str
) -> None:
    with serving(FaultyServices(rate=0.25, seed=4)) as services:
        code, first, err = predict(services, tmp_path / "home", artists, catalog)
        assert code == 3, err
        assert [line["artist"]["id"] for line in first] == ids(30)
        for line in first:
            assert ("genre" in line) != ("error" in line)
            if "error" in line:
                assert line["error"]["type"] in NAMED
                assert line["error"]["message"] in err
        assert sum("genre" in line for line in first) >= 15
        assert "Traceback" not in err
        assert sum(not call.answered for call in services.calls) >= 10, "there were faults"
        predict(services, tmp_path / "home", artists, catalog)
        assert services.needless_requests() == []


@pytest.mark.parametrize(
    ("catalog", "stop", "code"),
    [("musicbrainz", signal.SIGINT, 130), ("spotify", signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_stopped_batch_goes_on_where_it_stopped_with_the_same_output(
    artists: Path, tmp_path: Path, catalog: str, stop: signal.Signals, code: int
) -> None:
    with serving(FaultyServices()) as services:
        undisturbed = predict(services, tmp_path / "undisturbed", artists, catalog)
    with serving(FaultyServices()) as services:
        args = ["predict", "--artists", str(artists), "--catalog", catalog, "--tagger", "lite", "--json"]
        process = start(services, tmp_path / "stopped", *args)
        assert process.stdout is not None
        printed = [json.loads(process.stdout.readline())["artist"]["id"] for _ in range(5)]
        process.send_signal(stop)
        _, err = process.communicate(timeout=60)
        assert process.returncode == code
        assert "Traceback" not in err
        before = {call.request for call in services.calls}
        asked = len(services.calls)
        continued = predict(services, tmp_path / "stopped", artists, catalog)
        assert continued[:2] == undisturbed[:2]
        again = {call.request for call in services.calls[asked:]} & before
        assert not [question for question in again if any(ref in question for ref in printed)]
        asked = len(services.calls)
        assert predict(services, tmp_path / "stopped", artists, catalog)[:2] == undisturbed[:2]
        assert len(services.calls) == asked, "what is finished is not asked for again"


def test_a_used_up_quota_ends_the_questions_until_its_time_for_later_runs_too(
    artists: Path, tmp_path: Path
) -> None:
    with serving(FaultyServices(permanent={20: "quota"})) as services:
        code, lines, err = predict(services, tmp_path / "home", artists, "spotify")
        assert code == 3
        refused = [line for line in lines if line.get("error", {}).get("type") == "RateLimitError"]
        assert 5 <= len(refused) < 30
        assert all("run again after" in line["error"]["message"] for line in refused)
        assert "finished work is cached" in err
        asked = len(services.calls_to("spotify"))
        _, again, _ = predict(services, tmp_path / "home", artists, "spotify")
        assert len(services.calls_to("spotify")) == asked
        assert [line.get("genre") for line in again] == [line.get("genre") for line in lines]


def test_a_developer_without_premium_is_told_so_for_each_artist(artists: Path, tmp_path: Path) -> None:
    with serving(FaultyServices(permanent=dict.fromkeys(range(200), "no-premium"))) as services:
        code, lines, err = predict(services, tmp_path / "home", artists, "spotify")
    assert code == 1
    assert {line["error"]["type"] for line in lines} == {"SettingsError"}
    assert "Premium" in err


def test_a_refresh_asks_for_everything_anew_once(tmp_path: Path) -> None:
    path = tmp_path / "artists.txt"
    path.write_text("\n".join(ids(4)))
    with serving(FaultyServices()) as services:
        first = predict(services, tmp_path / "home", path, "musicbrainz")
        requests = sorted(call.request for call in services.calls)
        assert predict(services, tmp_path / "home", path, "musicbrainz", "--refresh")[:2] == first[:2]
    assert sorted(call.request for call in services.calls) == sorted(2 * requests)


def test_labels_are_written_and_who_has_none_is_listed(artists: Path, tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    with serving(FaultyServices()) as services:
        args = ["labels", "--artists", artists, "--genres", "Rock,jazz", "--out", out]
        run = spotitags(*args, home=tmp_path / "home", **services.environment(), **KEYS)
        assert run.returncode == 3, run.stderr
    labelled = read_labels(out)[0]
    assert {artist.genre for artist in labelled} == {"Rock", "jazz"}
    assert f"{len(labelled)} of 30 artists labelled" in run.stderr
    for artist in set(ids(30)) - {artist.id for artist in labelled}:
        assert re.search(rf"^{artist}: .*(links no artist|no votes|votes each)", run.stderr, re.MULTILINE)


def test_two_processes_at_once_keep_the_pause_between_requests_to_musicbrainz(tmp_path: Path) -> None:
    with serving(FaultyServices()) as services:
        processes = [
            start(services, tmp_path / "home", "labels", *options, SPOTITAGS_MUSICBRAINZ_PAUSE="0.4")
            for options in (_labelling(tmp_path / f"{name}.txt", name) for name in "AB")
        ]
        outputs = [process.communicate(timeout=60) for process in processes]
        times = [call.time for call in services.calls_to("musicbrainz")]
    assert len(times) >= 7, outputs
    assert min(after - before for before, after in pairwise(times)) >= 0.4
    assert all("artist_id,artist_name,genre,votes,all_votes" in out for out, _ in outputs)


def _labelling(path: Path, name: str) -> list[str]:
    path.write_text("\n".join(ids(2, name * 22)) + "\n")
    return ["--artists", str(path), "--genres", "rock,jazz"]
