"""Results as JSON objects, in Python and on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from helpers.command_line import spotitags

from spotitags import SpotiTags

if TYPE_CHECKING:
    from pathlib import Path

METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"


def test_to_dict_of_a_prediction_is_the_json_of_the_command_line(tmp_path: Path) -> None:
    for explain in (False, True):
        prediction = SpotiTags(offline=True).predict(METALLICA, explain=explain)
        options = ["--explain"] if explain else []
        run = spotitags("predict", "-a", METALLICA, "--offline", "--json", *options, home=tmp_path)
        assert json.loads(run.stdout) == prediction.to_dict()
        assert ("reasons" in prediction.to_dict()) == explain
    run = spotitags("predict", "-a", METALLICA, "--offline", "--json", "--top", "3", home=tmp_path)
    assert json.loads(run.stdout) == SpotiTags(offline=True).predict(METALLICA).to_dict(top=3)


def test_to_dict_of_a_bag_is_the_json_of_the_command_line(tmp_path: Path) -> None:
    args = ("tag", "-a", METALLICA, "--offline", "-t", "lite", "--json", "--top", "5")
    run = spotitags(*args, home=tmp_path)
    found = SpotiTags(offline=True).bag(METALLICA).to_dict(top=5)
    assert json.loads(run.stdout) == found
    assert len(found["tags"]) == 5
