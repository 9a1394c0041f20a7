"""Taggers whose packages are not installed by default."""

from __future__ import annotations

import subprocess
import sys

import pytest

from spotitags.errors import install_extra


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("clarifai", "clarifai_grpc", "clarifai"), ("google-vision", "google.cloud.vision", "google")],
)
def test_a_missing_extra_is_named_with_its_install_line_and_asking_imports_nothing_heavy(
    name: str, package: str, extra: str
) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pydantic import SecretStr\n"
        "from spotitags.errors import NotInstalledError\n"
        "from spotitags.records import Album, Artist, Cover\n"
        "from spotitags.taggers import TaggerOptions\n"
        "from spotitags.taggers.registry import tagger_class\n"
        "file = Path(sys.executable)\n"
        "options = TaggerOptions(file, clarifai_key=SecretStr('k'), google_credentials=file)\n"
        "cover = Cover(Album('1', '', Artist('1')), '1', None, b'\\xff\\xd8\\xff')\n"
        f"tagger = tagger_class({name!r})\n"
        "print(tagger.readiness(options).ready, tagger.from_options(options).version != '')\n"
        "heavy = {'grpc', 'google.auth', 'google.protobuf', 'PIL', 'stamina', 'clarifai_grpc', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        f"sys.modules[{package!r}] = None\n"
        "readiness = tagger.readiness(options)\n"
        "print(readiness.ready, readiness.remedy)\n"
        "try:\n"
        "    tagger.from_options(options).tag([cover])\n"
        "except NotInstalledError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    line = f"the tagger {name} needs the extra '{extra}': {install_extra(extra)}"
    assert done.stdout.splitlines() == ["True True", "[]", f"False {line}", line]
