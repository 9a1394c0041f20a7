"""The page in the package is what its sources give."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "frontend"
WEB = ROOT / "spotitags" / "explore" / "web"


def sources_digest() -> str:
    files = [file for file in (FRONTEND / "src").rglob("*") if file.is_file()]
    files += [FRONTEND / "package.json", FRONTEND / "build.mjs"]
    digest = hashlib.sha256()
    for name, file in sorted((file.relative_to(FRONTEND).as_posix(), file) for file in files):
        digest.update(f"{name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def test_the_bundle_was_made_from_these_sources() -> None:
    made = (WEB / "sources.sha256").read_text("utf-8").strip()
    assert made == sources_digest(), "run npm install && npm run build in frontend/"


def test_the_bundle_is_reproducible() -> None:
    node = shutil.which("node")
    if not node or not (FRONTEND / "node_modules" / "esbuild").exists():
        pytest.skip(
            "node or frontend/node_modules is missing: npm install in frontend/ brings what this test needs"
        )
    check = subprocess.run(
        [node, "build.mjs", "--check"], cwd=FRONTEND, capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr


def test_every_package_of_the_bundle_has_its_licence() -> None:
    licences = (WEB / "LICENSES.txt").read_text("utf-8")
    for name in ("sigma", "graphology", "graphology-layout-forceatlas2"):
        assert re.search(rf"^{name} \d+\.\d+\.\d+ \(MIT\)$", licences, re.MULTILINE)
    assert licences.count("Permission is hereby granted") >= 3


def test_no_source_is_long() -> None:
    lengths = {file.name: len(file.read_text("utf-8").splitlines()) for file in (FRONTEND / "src").iterdir()}
    assert {name: lines for name, lines in lengths.items() if lines > 350} == {}


def test_the_page_names_no_other_place() -> None:
    names = re.findall(
        r"https?://[\w.-]+", (WEB / "app.js").read_text("utf-8") + (WEB / "index.html").read_text("utf-8")
    )
    assert set(names) <= {"http://graphml.graphdrawing.org", "http://www.w3.org"}
