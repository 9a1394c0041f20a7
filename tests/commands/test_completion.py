"""Completion through the protocol of each shell, in the shell itself where it is installed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from helpers.manifests import labelled

from spotitags.taggers.registry import tagger_names

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"
OTHERS = [f"metal,jazz,{genre}" for genre in ("classical", "country", "hiphop")]
PROGRAM = """#!{python}
import sys
sys.path.insert(0, {root!r})
from spotitags.__main__ import main
main()
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home directory with the program in ``bin`` and a folder of labelled covers."""
    home = tmp_path_factory.mktemp("home")
    (home / "bin").mkdir()
    program = home / "bin" / "spotitags"
    program.write_text(PROGRAM.format(python=sys.executable, root=str(ROOT)))
    program.chmod(0o755)
    labelled(home / "drawn")
    return home


def run(command: Sequence[str], home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=home, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120,
        env={"PATH": f"{home / 'bin'}:{os.environ['PATH']}", "HOME": str(home)} | variables,
    )  # fmt: skip


def in_bash(home: Path, *words: str) -> list[str]:
    """Return what bash would insert for the last of the words, which are as they stand on the line."""
    if not shutil.which("bash"):
        pytest.skip("there is no bash here")
    script = f"""
        eval "$(_SPOTITAGS_COMPLETE=source_bash spotitags)"
        COMP_WORDS=({" ".join(map(shlex.quote, words))}) COMP_CWORD={len(words) - 1}
        _spotitags_completion spotitags
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = run(["bash", "--norc", "-c", script], home)
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["spotitags", "lea"], ["leaderboard"]),
        (["spotitags", "predict", "--zero"], ["--zero-shot"]),
        (["spotitags", "predict", "Blin"], ["Blind\\ Guardian"]),
        (["spotitags", "predict", "mot"], ["motörhead"]),
        (["spotitags", "predict", "Frédéric\\ Ch"], ["Frédéric\\ Chopin"]),
        (["spotitags", "predict", '"Frédéric Ch'], ["Frédéric Chopin"]),
        (["spotitags", "predict", "'frederic c"], ["frederic chopin"]),
        (["spotitags", "predict", "Bob"], ["Bob\\ Marley\\ \\&\\ The\\ Wailers"]),
        (["spotitags", "predict", "Metallica", "Goj"], ["Gojira"]),
        (["spotitags", "predict", "2ye2"], [METALLICA]),
        (["spotitags", "predict", "--artist", "2ye2"], [METALLICA]),
        (["spotitags", "tag", "--name", "Metal"], ["Metallica"]),
        (["spotitags", "predict", "xyzzy"], []),
        (["spotitags", "predict", "--tagger", ""], tagger_names()),
        (["spotitags", "predict", "-t", "li"], ["lite"]),
        (["spotitags", "predict", "--tagger", "=", "li"], ["lite"]),
        (["spotitags", "predict", "--tagger", "="], tagger_names()),
        (["spotitags", "predict", "--tagger", "=", "lite", "--voter", "tr"], ["transfer"]),
        (["spotitags", "predict", "--catalog", "m"], ["musicbrainz"]),
        (["spotitags", "predict", "--genres", "me"], ["metal"]),
        (["spotitags", "predict", "--genres", "metal,jazz,"], OTHERS),
        (["spotitags", "predict", "--model", "x"], []),
        (["spotitags", "predict", "--model", "nothing", "--genres", "m"], []),
        (["spotitags", "train", "drawn/covers.csv", "--genres", "s"], ["sea"]),
        (["spotitags", "train", "drawn/covers.csv", "--voter", "pca"], ["pca-forest"]),
        (["spotitags", "leaderboard", "drawn", "--model", "dist"], ["distinct"]),
        (["spotitags", "leaderboard", "drawn", "--model", "tag"], ["tags"]),
        (["spotitags", "config", "set", "alb"], ["albums"]),
        (["spotitags", "-q", "predict", "--tagger", "li"], ["lite"]),
        (["spotitags", "train", "gone.csv", "--genres", "m"], []),
        (["spotitags", "nonsense", "x", "y"], []),
    ],
    ids=lambda each: " ".join(each[1:]) if each[:1] == ["spotitags"] else "",
)  # fmt: skip
def test_bash_completes(home: Path, words: Sequence[str], offered: Sequence[str]) -> None:
    assert in_bash(home, *words) == offered


def test_genres_are_those_of_a_folder_of_labels(home: Path) -> None:
    for genre in ("doom metal", "dub"):
        (home / "music" / genre / "artist").mkdir(parents=True, exist_ok=True)
    assert in_bash(home, "spotitags", "train", "music", "--genres", "d") == ["doom\\ metal", "dub"]
    assert in_bash(home, "spotitags", "train", "music", "--genres", "dub,doom") == ["dub,doom\\ metal"]


def test_a_broken_configuration_completes_nothing_without_a_word(home: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("model = 3\n")
    done = run(
        ["spotitags"], home, SPOTITAGS_CONFIG_DIR=str(tmp_path), _SPOTITAGS_COMPLETE="complete_bash",
        COMP_WORDS="spotitags\npredict\n--genres\nm", COMP_CWORD="3",
    )  # fmt: skip
    assert done.stdout.strip() == done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_quick_for_it_imports_nothing_heavy(home: Path, shell: str) -> None:
    heavy = ("numpy", "pydantic", "rich", "PIL", "onnxruntime", "torch", "sklearn", "httpx2")
    code = f"""
import sys
sys.argv = ["spotitags"]
from spotitags.__main__ import main
try:
    main()
finally:
    print(*({set(heavy)!r} & sys.modules.keys()), file=sys.stderr)
"""
    lines = ("predict Met", "tag --tagger li", "predict --genres me")
    for line, expected in zip(lines, ("Metallica", "lite", "metal"), strict=True):
        done = run(
            [sys.executable, "-c", code], home, PYTHONPATH=str(ROOT),
            _SPOTITAGS_COMPLETE=f"complete_{shell}", _TYPER_COMPLETE_FISH_ACTION="get-args",
            COMP_WORDS=f"spotitags {line}".replace(" ", "\n"), COMP_CWORD=str(len(line.split())),
            _TYPER_COMPLETE_ARGS=f"spotitags {line}",
        )  # fmt: skip
        assert expected in done.stdout
        assert done.stderr.strip() == ""


@pytest.mark.parametrize("shell", ["zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("predict Blin", "Blind Guardian"),
        ("predict 'blind g", "blind guardian"),
        ("predict 2ye2", f"{METALLICA} Metallica"),
        ("predict --tagger li", "lite"),
        ("predict --tagger=li", "--tagger=lite"),
        ("predict --voter=", "--voter=colour-boost --voter=colour-knn --voter=transfer"),
    ],
)
def test_zsh_and_fish_get_names_unquoted(home: Path, shell: str, line: str, offered: str) -> None:
    """They quote what they insert, and show the name beside an id."""
    action = {"_SPOTITAGS_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = run(["spotitags"], home, _TYPER_COMPLETE_ARGS=f"spotitags {line}", **action)
    printed = done.stdout.strip().removeprefix("_arguments '*: :((").removesuffix("))'")
    assert re.sub(r'":"|"?\s"?', " ", printed).strip('"') == offered


@pytest.mark.parametrize(("shell", "printed"), [("zsh", "_files"), ("fish", "")])
@pytest.mark.parametrize("line", ["predict --model x", "predict --model=x"])
def test_zsh_and_fish_complete_files_themselves(home: Path, shell: str, printed: str, line: str) -> None:
    action = {"_SPOTITAGS_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = run(["spotitags"], home, _TYPER_COMPLETE_ARGS=f"spotitags {line}", **action)
    assert (done.stdout.strip(), done.stderr) == (printed, "")


def test_fish_completes_a_line(home: Path) -> None:
    if not shutil.which("fish"):
        pytest.skip("there is no fish here")
    script = """
        _SPOTITAGS_COMPLETE=source_fish spotitags | source
        complete --do-complete "spotitags predict Fré"
        complete --do-complete "spotitags tag --tagger li"
        complete --do-complete "spotitags tag --tagger=li"
    """
    done = run(["fish", "--no-config", "-c", script], home)
    assert done.stdout.splitlines() == ["Frédéric Chopin", "lite", "--tagger=lite"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", ".bash_completions/spotitags.sh"),
        ("zsh", ".zfunc/_spotitags"),
        ("fish", ".config/fish/completions/spotitags.fish"),
    ],
)
def test_one_command_installs_completion(home: Path, tmp_path: Path, shell: str, file: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    done = run([shell, "-c", "spotitags --install-completion; true"], home, HOME=str(tmp_path))
    assert f"{shell} completion installed in {tmp_path / file}" in done.stdout.replace("\n", "")
    assert f"complete_{shell}" in (tmp_path / file).read_text(encoding="utf-8")
