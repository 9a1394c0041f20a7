"""Kinds of faults: each disturbs a case, and ends its fault before the command runs again.

Each is a context manager in one function; `FAULTS` lists them with the commands that they fit.
"""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from helpers.cover_files import animation, jpeg_header, png_header, webp_header
from helpers.fault_cases import COMMANDS, opened_case
from helpers.fault_services import ANSWERS, NETWORK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from helpers.fault_cases import Baseline, Case, Finding

_LIMITED = (
    "import os, resource, sys; n = int(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n)); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)
"""Program that limits the size of files to its first argument, in bytes, and runs the others."""
_UNPRIVILEGED = (
    "import ctypes, os, sys; [ctypes.CDLL(None).prctl(24, capability) for capability in (1, 2)]; "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""Program that gives up root's right to open any file (PR_CAPBSET_DROP), and runs its arguments."""
_PYTHON = (sys.executable, "-ISc")

NAMES: Final = (
    "=1+1", "@SUM(A1)", "-2+3", "+cmd|' /C calc'!A0", "\t=1", "\x1b[2J\x1b]0;owned\x07", "\x9b31m",
    "\u202eevil", "a\r\nb", "../../etc/passwd", "x" * 100_000, "\U0001f3b8" * 200, "\u0301" * 500, "\x00zero",
    "<script>alert(1)</script>", "[bold red]markup[/]", "[/]", '"quoted", "twice"', "\ufeffbom",
    "\xed\xa0\x80", "a\u2028b", "NULL", "%s%n{0}", "\u200f\u200ename", " ", "\ufdfa" * 50,
)  # fmt: skip
"""Names of artists and albums that may break tables, terminals, spreadsheets and file systems."""


@contextmanager
def kill(case: Case) -> Iterator[None]:
    """Stop the command by a signal at a random moment."""
    process = case.start()
    time.sleep(case.draw.uniform(0.0, 1.1) * case.usual)
    stop = case.draw.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
    case.notes.append(stop.name)
    _send(case, process, stop)
    case.disturbed.append(case.finish(process))
    yield


@contextmanager
def full_disk(case: Case) -> Iterator[None]:
    """Run with a small maximum size of files, whose excess fails as on a full disk."""
    limit = case.draw.choice((0, 4096, case.draw.randrange(100_000)))
    case.exact = True
    case.notes.append(f"{limit} bytes a file")
    case.disturb(*_PYTHON, _LIMITED, str(limit))
    yield


@contextmanager
def full_volume(case: Case) -> Iterator[None]:
    """Run with the cache, or the working folder's new files, on a small volume, which then grows."""
    mounted = case.folder / case.draw.choice(("cache", "config"))
    shutil.rmtree(mounted, ignore_errors=True)
    mounted.mkdir()
    size = 4096 * case.draw.randrange(1, 30)
    case.notes.append(f"{size} bytes for {mounted.name}")
    _mount(mounted, f"size={size}")
    try:
        case.exact = True
        case.disturb()
        kept = case.folder / "kept"
        shutil.copytree(mounted, kept)
    finally:
        _unmount(mounted)
    shutil.rmtree(mounted)
    kept.rename(mounted)
    yield


@contextmanager
def damage(case: Case) -> Iterator[None]:
    """Damage a file of a filled cache: cut it, flip bits, overwrite it, or delete it."""
    case.disturbed.append(case.run())
    case.ledger.unlink(missing_ok=True)  # what only the cache knew may have to be paid for again
    case.exact = True
    for _ in range(case.draw.randrange(1, 3)):
        files = sorted(file for file in case.cache.rglob("*") if file.is_file())
        if files:
            file = case.draw.choice(files)
            case.notes.append(f"{file.name}: {_damage_file(file, case.draw)}")
    case.disturb()
    case.follow_advice()
    yield


@contextmanager
def permissions(case: Case) -> Iterator[None]:
    """Take away the permissions of a file or folder of a filled cache, and give them back."""
    case.disturbed.append(case.run())
    path = case.draw.choice([case.cache, *sorted(case.cache.rglob("*"))])
    before = path.stat().st_mode
    mode = case.draw.choice((0o000, 0o400, 0o500))
    case.notes.append(f"{path.relative_to(case.folder)}: {mode:o}")
    path.chmod(mode)
    try:
        case.exact = True
        case.disturb(*_PYTHON, _UNPRIVILEGED)
    finally:
        path.chmod(before)
    yield


@contextmanager
def two_at_once(case: Case) -> Iterator[None]:
    """Run the command in two processes at the same time with one cache; sometimes one is killed."""
    case.exact = True
    first = case.start()
    time.sleep(case.draw.choice((0.0, case.draw.uniform(0.0, case.usual))))
    second = case.start()
    if case.draw.random() < 0.3:
        time.sleep(case.draw.uniform(0.0, case.usual))
        _send(case, case.draw.choice((first, second)), signal.SIGKILL)
    case.disturbed += [case.finish(first), case.finish(second)]
    yield


@contextmanager
def network(case: Case) -> Iterator[None]:
    """Let requests fail by one fault of the network or a server."""
    with _failing_services(case, NETWORK):
        yield


@contextmanager
def answers(case: Case) -> Iterator[None]:
    """Answer requests of the catalogues with what no service would send."""
    with _failing_services(case, ANSWERS):
        yield


@contextmanager
def pictures(case: Case) -> Iterator[None]:
    """Replace covers on disk by files that are damaged, huge, or no pictures at all."""
    files = sorted((case.folder / "covers").rglob("*.jpg"))
    chosen = case.draw.sample(files, case.draw.randrange(1, 4))
    kept = {file: file.read_bytes() for file in chosen}
    for file in chosen:
        case.draw.choice(_BAD_PICTURES)(file, case.draw)
        case.notes.append(_description(file))
    case.disturb()
    for file, data in kept.items():
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file)
        file.unlink(missing_ok=True)
        file.write_bytes(data)
    yield


@contextmanager
def models(case: Case) -> Iterator[None]:
    """Damage the model or its card; the card holds the digest of the model, but nothing that of the card."""
    file = case.folder / case.draw.choice(("model.onnx", "model.json"))
    kept = file.read_bytes()
    case.exact = file.suffix == ".onnx"
    change = _replace_value if file.suffix == ".json" and case.draw.random() < 0.5 else _damage_file
    case.notes.append(f"{file.name}: {change(file, case.draw)}")
    case.disturb()
    file.unlink(missing_ok=True)
    file.write_bytes(kept)
    yield


@contextmanager
def names(case: Case) -> Iterator[None]:
    """Give artists and albums of the manifest names that may break what shows or stores them."""
    file = case.folder / "covers.csv"
    kept = file.read_bytes()
    with file.open(newline="", encoding="utf-8") as stream:
        header, *rows = list(csv.reader(stream))
    for row in rows:
        if case.draw.random() < 0.3:
            row[case.draw.choice((1, 3))] = case.draw.choice(NAMES)
    artists = {row[0]: row[1] for row in rows}
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *([row[0], artists[row[0]], *row[2:]] for row in rows)])
    case.disturb()
    file.write_bytes(kept)
    yield


class Fault(NamedTuple):
    """Kind of fault: the function, the names of the commands that it fits, and its share in a mixture."""

    disturb: Callable[[Case], AbstractContextManager[None]]
    commands: tuple[str, ...]
    share: int


_LOCAL = ("tag", "table", "paid", "config")
_REMOTE = ("musicbrainz", "spotify", "labels")
FAULTS: Final = {
    "kill": Fault(kill, (*COMMANDS,), 20),
    "full disk": Fault(full_disk, (*_LOCAL, *_REMOTE), 12),
    "full volume": Fault(full_volume, ("tag", "paid", "config", *_REMOTE), 5),
    "damaged cache": Fault(damage, ("tag", "paid", *_REMOTE), 14),
    "permissions": Fault(permissions, ("tag", "paid", *_REMOTE), 5),
    "two at once": Fault(two_at_once, (*_LOCAL, *_REMOTE, "paid", "paid", "clarifai"), 12),
    "network": Fault(network, _REMOTE, 14),
    "answers": Fault(answers, _REMOTE, 8),
    "pictures": Fault(pictures, ("tag", "table"), 8),
    "models": Fault(models, ("model",), 6),
    "names": Fault(names, ("manifest", "manifest-json", "manifest-screen"), 6),
}


class Run(NamedTuple):
    """One finished run of the harness.

    Attributes:
        number: Its number; with the seed, it determines all choices.
        kind: Kind of fault.
        command: Name of the command.
        findings: What must not have happened.
        felt: True if a disturbed run had another output than usual.
    """

    number: int
    kind: str
    command: str
    findings: list[Finding]
    felt: bool


def run_random(baseline: Baseline, shares: Mapping[str, int], seed: int, number: int) -> Run:
    """Draw a kind of fault and a command, run the command with the fault and again without.

    Args:
        baseline: Undisturbed outcomes.
        shares: Share of each kind of fault.
        seed: Seed of all runs.
        number: Number of this run.
    """
    draw = random.Random(f"{seed}:{number}")
    kind = draw.choices(list(shares), list(shares.values()))[0]
    fault = FAULTS[kind]
    command = COMMANDS[draw.choice(fault.commands)]
    usual, seconds = baseline[command.name]
    with opened_case(baseline.assets, baseline.folder / f"{seed}-{number}-{kind}", command, draw) as case:
        case.usual = seconds
        with fault.disturb(case):
            pass
        found = case.findings(case.run(), usual)
    notes = ", ".join(case.notes) or kind
    felt = any(outcome.output != usual.output for outcome in case.disturbed)
    named = [each._replace(detail=f"{notes}: {each.detail}") for each in found]
    return Run(number, kind, command.name, named, felt)


def unavailable(folder: Path) -> dict[str, str]:
    """Return the reason by the name of each kind that cannot be tried on this machine."""
    reasons = {}
    probe = folder / "probe"
    probe.mkdir(exist_ok=True)
    try:
        _mount(probe, "size=4096")
        _unmount(probe)
    except (OSError, subprocess.CalledProcessError):
        reasons["full volume"] = "a small volume cannot be mounted here"
    return reasons


def _mount(folder: Path, options: str) -> None:
    _as_root("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))


def _unmount(folder: Path) -> None:
    _as_root("umount", str(folder))


def _as_root(program: str, *args: str) -> None:
    subprocess.run([shutil.which(program) or program, *args], check=True, capture_output=True)


def _send(case: Case, process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    """Send a signal; a call that a killed process was making is lost with it."""
    if stop is not signal.SIGINT:
        case.killed |= {process.pid} | ({len(case.clarifai.calls)} if case.clarifai else set())
    process.send_signal(stop)


@contextmanager
def _failing_services(case: Case, kinds: tuple[str, ...]) -> Iterator[None]:
    assert case.services is not None
    catalog, *others = case.command.services
    service = case.draw.choice([catalog, *others]) if kinds is NETWORK else catalog
    fault = case.draw.choice([kind for kind in kinds if service != "cover" or kind != "endless"])
    case.services.faults = dict.fromkeys(("musicbrainz", "spotify", "cover"), ("slow",)) | {service: (fault,)}
    case.services.seed = case.draw.randrange(1 << 30)
    case.services.rate = case.draw.choice((0.1, 0.3, 1.0))
    case.notes.append(f"{fault} from {service}, rate {case.services.rate}")
    case.disturb()
    case.services.rate = 0.0
    yield


def _damage_file(file: Path, draw: random.Random) -> str:
    """Cut a file, flip some of its bits, overwrite a part or all of it, or delete it; return which."""
    data = bytearray(file.read_bytes())
    kind = draw.choice(("cut", "flip", "flip", "overwrite", "empty", "text", "delete"))
    if kind == "delete":
        file.unlink()
        return kind
    if kind == "cut":
        del data[draw.randrange(len(data) + 1) :]
    elif kind == "empty":
        data.clear()
    elif kind == "text":
        data = bytearray(b"not what you expect\n" * 100)
    for _ in range(draw.choice((1, 1, 8, 200)) if data and kind == "flip" else 0):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    if kind == "overwrite":
        start = draw.randrange(len(data) + 1)
        data[start : start + 4096] = draw.randbytes(len(data[start : start + 4096]))
    file.write_bytes(data)
    return kind


def _replace_value(file: Path, draw: random.Random) -> str:
    """Replace one value of a JSON file, at any depth, by another of any type; return its key."""
    whole = body = json.loads(file.read_bytes())
    while True:
        key: Any = draw.choice(list(body) if isinstance(body, dict) else list(range(len(body))))
        if isinstance(body[key], dict | list) and body[key] and draw.random() < 0.9:
            body = body[key]
            continue
        body[key] = draw.choice((None, -1, 1e308, 10**400, "", "x" * 10_000, [], {}, [[[]]], True))
        file.write_text(json.dumps(whole))
        return f"{key} = {str(body[key])[:20]}"


def _link(target: str) -> Callable[[Path, random.Random], None]:
    def link(file: Path, _draw: random.Random) -> None:
        file.unlink()
        file.symlink_to(target)

    return link


def _folder(file: Path, _draw: random.Random) -> None:
    file.unlink()
    file.mkdir()


def _pipe(file: Path, _draw: random.Random) -> None:
    file.unlink()
    os.mkfifo(file)


def _content(data: bytes) -> Callable[[Path, random.Random], None]:
    def write(file: Path, _draw: random.Random) -> None:
        file.write_bytes(data)

    return write


def _description(file: Path) -> str:
    if file.is_symlink():
        return f"link to {file.readlink()}"
    return (
        repr(file.read_bytes()[:24])
        if file.is_file()
        else oct(file.lstat().st_mode)
        if file.exists()
        else "gone"
    )


_BAD_PICTURES: Final = (
    _damage_file,
    _damage_file,
    _content(b"<html>gone</html>"),
    _content(b'<svg xmlns="http://www.w3.org/2000/svg" width="1e9" height="1e9"/>'),
    _content(png_header(60_000, 60_000)),
    _content(webp_header(16_384, 16_384)),
    _content(jpeg_header(65_535, 65_535)),
    _content(animation("GIF")),
    _content(b"\x89PNG\r\n\x1a\n"),
    _content(b"PK\x03\x04" + bytes(100)),
    _link("/dev/zero"),
    _link("nowhere"),
    _folder,
    _pipe,
)
