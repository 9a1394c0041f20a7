"""Cases of the harness of faults: a folder, a command, its undisturbed output, and what must never happen.

A case is drawn from a seed. Its command runs with a fault, the fault ends, and the same command runs again.
The second run must finish with the output of an undisturbed run. All runs are searched for what is never
allowed.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from helpers.fault_services import HostileServices
from helpers.faulty_services import serving
from helpers.grpc_servers import ClarifaiReplay
from helpers.manifests import STYLES, cover
from helpers.packages import install, install_example

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
HANG_SECONDS = 180.0
"""Longest time of a run. A response of MusicBrainz may take 90 s, a cover 15 s; eight covers come at once."""
SECRETS = ("planted/Spotify+secret=7f3a", "planted/Clarifai+token=9c1e")
MODEL = ROOT / "classifiers" / "models" / "lite"
ARTISTS, COVERS = 6, 3
REPAIR = "spotitags cache verify --repair"

LOSS = "losses"
HANG = "hangs"
TRACEBACK = "tracebacks"
PAID_TWICE = "paid twice"
SECRET = "secrets"
UNASKED = "unasked"
UNSAFE = "unsafe text"
KINDS = (LOSS, HANG, TRACEBACK, PAID_TWICE, SECRET, UNASKED, UNSAFE)
"""Kinds of findings that are counted; all must be 0."""

_TRACEBACK = re.compile(r"Traceback \(most recent call last\)|Exception ignored in|Fatal Python error")
_INTERPRETER = re.compile(r"Fatal Python error: init_|<frozen site>|<frozen importlib._bootstrap>.*\Z")
_SENT = re.compile(r"\b(?:connect|sendto|sendmsg|sendmmsg)\(")
_ALLOWED = re.compile(
    r'inet_addr\("(?:127\.|0\.0\.0\.0)|inet_pton\(AF_INET6, "::(?:1|ffff:127\.[0-9.]*)?"|AF_UNIX|AF_NETLINK'
)
_TRACED = "connect,sendto,sendmsg,sendmmsg"
_FORMULA = re.compile(r"[=+@\t\r-]")


class Command(NamedTuple):
    """Command of a case.

    Attributes:
        name: Name in reports.
        args: Its arguments; paths are relative to the folder of the case.
        files: Files that it writes, which belong to its output.
        services: Services that it calls, of those in `HostileServices`.
        pays: ``fake`` or ``clarifai`` if it pays for covers.
    """

    name: str
    args: tuple[str, ...]
    files: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    pays: str = ""


def _listed(catalog: str, *more: str) -> tuple[str, ...]:
    return ("--artists", "artists.txt", "--catalog", catalog, *more)


_TAG = ("tag", "covers", "--tagger", "example")
COMMANDS = {
    command.name: command
    for command in (
        Command("tag", (*_TAG, "--json")),
        Command("table", (*_TAG, "--csv", "tags.csv"), ("tags.csv",)),
        Command("manifest", ("tag", "--manifest", "covers.csv", "--tagger", "example", "--csv", "-")),
        Command("manifest-json", ("tag", "--manifest", "covers.csv", "--tagger", "example", "--json")),
        Command("manifest-screen", ("tag", "--manifest", "covers.csv", "--tagger", "example")),
        Command("paid", ("tag", "covers", "--tagger", "till", "--json"), pays="fake"),
        Command("clarifai", ("tag", "covers", "--tagger", "clarifai", "--json"), pays="clarifai"),
        Command(
            "musicbrainz",
            ("tag", *_listed("musicbrainz", "--tagger", "example", "--json")),
            services=("musicbrainz", "cover"),
        ),
        Command(
            "spotify",
            ("tag", *_listed("spotify", "--tagger", "example", "--json")),
            services=("spotify", "cover"),
        ),
        Command(
            "labels",
            ("labels", "--artists", "artists.txt", "--genres", "Rock,jazz", "--out", "labels.csv"),
            ("labels.csv",),
            services=("musicbrainz",),
        ),
        Command("config", ("config", "set", "contact", "me@example.org"), ("config/config.toml",)),
        Command("predict", ("predict", "7jxJ25p0pPjk0MStloN6o6", "--offline", "--json")),
        Command(
            "model",
            ("predict", "7jxJ25p0pPjk0MStloN6o6", "--offline", "--model", "model.onnx", "--json"),
        ),
    )
}


class Outcome(NamedTuple):
    """One finished process.

    Attributes:
        code: Exit status; negative for a signal, None if it had to be ended after `HANG_SECONDS`.
        out: Its stdout.
        err: Its stderr.
        files: Content of its output files, None for each that does not exist.
    """

    code: int | None
    out: str
    err: str
    files: tuple[bytes | None, ...]

    @property
    def output(self) -> tuple[int | None, str, tuple[bytes | None, ...]]:
        """The parts that must be equal in an undisturbed run; stderr may differ."""
        return self.code, self.out, self.files


class Finding(NamedTuple):
    """Something that must not happen: one of `KINDS`, and what happened."""

    kind: str
    detail: str


@dataclass
class Case:
    """Folder of one run of the harness, in which its command runs with a fault and again without.

    Attributes:
        folder: The working folder of the command, with covers, lists of artists, cache and configuration.
        command: The command.
        draw: Source of all random choices.
        usual: Seconds that the command takes undisturbed.
        services: Catalogues and archive of covers, if the command calls them.
        clarifai: Paid service, if the command pays it.
        disturbed: Finished processes with a fault.
        repairs: Finished processes that repaired the cache.
        killed: Process ids, or the number of calls of `clarifai`, at each SIGKILL: a call under way is lost.
        exact: True if a disturbed run that reports success must have the usual output.
        notes: What the fault drew, for reports.
    """

    folder: Path
    command: Command
    draw: random.Random
    usual: float = 1.0
    services: HostileServices | None = None
    clarifai: ClarifaiReplay | None = None
    disturbed: list[Outcome] = field(default_factory=list)
    repairs: list[Outcome] = field(default_factory=list)
    killed: set[int] = field(default_factory=set)
    exact: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def cache(self) -> Path:
        """The cache folder."""
        return self.folder / "cache"

    def environment(self) -> dict[str, str]:
        """Return the whole environment of the command; nothing of the user's but PATH."""
        folders = {
            "HOME": "home",
            "TMPDIR": "tmp",
            "SPOTITAGS_CACHE_DIR": "cache",
            "SPOTITAGS_CONFIG_DIR": "config",
        }
        given = {"PATH": os.environ["PATH"], "COLUMNS": "80", "PYTHONUTF8": "1"}
        given |= {name: str(self.folder / path) for name, path in folders.items()}
        given |= {
            "PYTHONPATH": str(self.folder.parent / "assets" / "site"),
            "FAULTS_LEDGER": str(self.ledger),
        }
        given |= {"SPOTIPY_CLIENT_ID": "id", "SPOTIPY_CLIENT_SECRET": SECRETS[0], "CLARIFAI_PAT": SECRETS[1]}
        if self.services:
            given |= self.services.environment()
        if self.clarifai:
            given["SPOTITAGS_CLARIFAI_ADDRESS"] = self.clarifai.address
        return given

    @property
    def ledger(self) -> Path:
        """File in which the fake paid tagger notes its calls."""
        return self.folder / "ledger"

    def start(self, *prefix: str, traced: bool = False) -> subprocess.Popen[bytes]:
        """Start the command.

        Args:
            prefix: Program and arguments that run the command, such as one that sets limits.
            traced: True traces its system calls, which makes the tracer the process.
        """
        trace = (
            (*_tracer(), str(self.folder / f"trace-{time.monotonic_ns()}")) if traced and _tracer() else ()
        )
        return self._popen([*trace, *prefix, sys.executable, "-m", "spotitags", *self.command.args])

    def _popen(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env=self.environment(),
            start_new_session=True,
        )

    def finish(self, process: subprocess.Popen[bytes]) -> Outcome:
        """Wait for a process and return its outcome; one that hangs is killed."""
        try:
            out, err = process.communicate(timeout=HANG_SECONDS)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            code = None
        files = tuple(_content(self.folder / name) for name in self.command.files)
        return Outcome(code, out.decode(errors="replace"), err.decode(errors="replace"), files)

    def run(self, *prefix: str) -> Outcome:
        """Run the command to its end."""
        return self.finish(self.start(*prefix, traced=True))

    def disturb(self, *prefix: str) -> Outcome:
        """Run the command to its end, with the fault."""
        outcome = self.run(*prefix)
        self.disturbed.append(outcome)
        return outcome

    def follow_advice(self) -> None:
        """Repair the cache if the last disturbed run says that this helps; the repair is searched, too."""
        if REPAIR in self.disturbed[-1].err:
            self.notes.append("repaired")
            command = [sys.executable, "-m", *REPAIR.split()]
            self.repairs.append(self.finish(self._popen(command)))

    def findings(self, again: Outcome, usual: Outcome) -> list[Finding]:
        """Return what must not have happened, in the disturbed runs and in the one after the fault."""
        found = []
        outcomes = [*self.disturbed, *self.repairs, again]
        for outcome in outcomes:
            found += [*_hangs(outcome), *_tracebacks(outcome), *_unsafe_text(outcome, self.command)]
        if again.output != usual.output and again.code is not None:
            found.append(Finding(LOSS, f"the run after the fault: {_difference(again, usual)}"))
        for outcome in self.disturbed if self.exact else ():
            if outcome.code == 0 and outcome.output != usual.output:
                found.append(
                    Finding(LOSS, f"the run with the fault succeeded: {_difference(outcome, usual)}")
                )
        if twice := self._paid_twice():
            found.append(Finding(PAID_TWICE, f"{len(twice)} covers, such as {min(twice)}"))
        found += _secrets_in_output(outcomes) + _secrets_in_files(self.folder)
        return found + _unasked(self.folder)

    def _paid_twice(self) -> set[str]:
        """Return the covers that were paid for more than once.

        A call that was under way when its process was killed is lost with the process, so it does not count.
        """
        paid: Counter[str] = Counter()
        if self.ledger.exists():
            calls = [line.split() for line in self.ledger.read_text().splitlines()]
            last = {caller: number for number, (caller, *_) in enumerate(calls)}
            for number, (caller, *covers) in enumerate(calls):
                if int(caller) not in self.killed or last[caller] != number:
                    paid.update(covers)
        if self.clarifai:
            for number, call in enumerate(self.clarifai.calls, 1):
                if number not in self.killed:
                    paid.update({image[-40:].hex() for image in call.images})
        return {name for name, count in paid.items() if count > 1}


@contextmanager
def opened_case(assets: Path, folder: Path, command: Command, draw: random.Random) -> Iterator[Case]:
    """Make the folder of a case and run the servers that its command calls; delete it afterwards."""
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        for name in ("home", "tmp", "config"):
            (folder / name).mkdir(parents=True)
        for path in assets.iterdir():
            if path.is_file():
                shutil.copy(path, folder)
        shutil.copytree(assets / "covers", folder / "covers")
        case = Case(folder, command, draw)
        if command.services:
            case.services = stack.enter_context(serving(HostileServices()))  # type: ignore[assignment]
        if command.pays == "clarifai":
            case.clarifai = ClarifaiReplay()
            case.clarifai.answers("outputs")
            stack.enter_context(case.clarifai.running())
        yield case


def make_assets(folder: Path) -> Path:
    """Make the folder that all cases copy: covers, lists of artists, a model and packages with taggers."""
    assets = folder / "assets"
    rows = [["artist_id", "artist_name", "album_id", "album_name", "file"]]
    for number in range(ARTISTS):
        artist = assets / "covers" / f"artist {number}"
        artist.mkdir(parents=True)
        for album in range(COVERS):
            file = artist / f"album {album}.jpg"
            file.write_bytes(cover(list(STYLES)[number % len(STYLES)], COVERS * number + album, size=96))
            rows.append(
                [f"a{number}", artist.name, f"{number}-{album}", file.stem, str(file.relative_to(assets))]
            )
    with (assets / "covers.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    ids = [f"0FaultTestArtistNumbe{number}" for number in range(ARTISTS)]
    (assets / "artists.txt").write_text("\n".join(ids) + "\n")
    for suffix in (".onnx", ".json"):
        shutil.copy(MODEL.with_suffix(suffix), assets / f"model{suffix}")
    site = install_example(assets / "site")
    install(site, "till-tagger", {"till": "till_tagger:TillTagger"})
    shutil.copy(Path(__file__).with_name("till_tagger.py"), site)
    return assets


class Baseline:
    """Undisturbed outcomes of the commands, each measured when it is first needed.

    Args:
        folder: Folder of `make_assets` and of the cases.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.assets = make_assets(folder)
        self._known: dict[str, tuple[Outcome, float]] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> tuple[Outcome, float]:
        """Return the outcome of a command and the seconds it took.

        Raises:
            AssertionError: A second run with the same cache differs, or something happened that must not.
        """
        with self._lock:
            if name not in self._known:
                self._known[name] = self._measured(COMMANDS[name])
            return self._known[name]

    def _measured(self, command: Command) -> tuple[Outcome, float]:
        folder = self.folder / f"undisturbed-{command.name}"
        with opened_case(self.assets, folder, command, random.Random(0)) as case:
            began = time.monotonic()
            usual = case.run()
            seconds = time.monotonic() - began
            assert usual.code in {0, 3}, (command.name, usual)
            found = case.findings(case.run(), usual)
            assert not found, (command.name, found)
        return usual, seconds


@cache
def _tracer() -> tuple[str, ...]:
    """Return the command that traces connections; empty if processes cannot be traced here."""
    program = shutil.which("strace")
    command = (str(program), "-f", "--seccomp-bpf", "-qq", "-s", "200", "-e", f"trace={_TRACED}", "-o")
    if (
        program is None
        or subprocess.run([*command, os.devnull, "true"], capture_output=True, check=False).returncode
    ):
        return ()
    return command


def can_trace() -> bool:
    """Return whether connections of the commands are traced here."""
    return bool(_tracer())


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _difference(outcome: Outcome, usual: Outcome) -> str:
    """Describe how an outcome differs from the usual one, in one line."""
    tail = " | ".join(outcome.err.splitlines()[-2:])[-300:]
    if outcome.code != usual.code:
        return f"exit code {outcome.code}, not {usual.code}: {tail}"
    for line, expected in zip(_lines(outcome), _lines(usual), strict=False):
        if line != expected:
            equal = sum(
                1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(line, expected, strict=False))
            )
            start = max(equal - 40, 0)
            return f"{line[start : start + 200]!r}, not {expected[start : start + 200]!r}: {tail}"
    return f"{len(_lines(outcome))} lines of output, not {len(_lines(usual))}: {tail}"


def _lines(outcome: Outcome) -> list[str]:
    """Return the lines of stdout and of the files."""
    texts = [outcome.out, *((data or b"").decode(errors="replace") for data in outcome.files)]
    return [line for text in texts for line in text.splitlines()]


def _hangs(outcome: Outcome) -> list[Finding]:
    if outcome.code is not None:
        return []
    return [Finding(HANG, f"not finished after {HANG_SECONDS:g} s: {outcome.err[-200:]}")]


def _tracebacks(outcome: Outcome) -> list[Finding]:
    """Return tracebacks and crashes, but for those of an interpreter that was stopped before it started."""
    crashed = outcome.code is not None and -outcome.code in {
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
    }
    if not crashed and not _TRACEBACK.search(outcome.err):
        return []
    if "spotitags" not in outcome.err and _INTERPRETER.search(outcome.err):
        return []
    return [Finding(TRACEBACK, f"exit code {outcome.code}: {outcome.err[-1500:]}")]


def _unsafe_text(outcome: Outcome, command: Command) -> list[Finding]:
    """Return characters that steer a terminal, and cells that a spreadsheet runs as formulas."""
    found = []
    for text in (outcome.err,) if "--csv" in command.args else (outcome.out, outcome.err):  # CSV is data
        steering = {
            char for char in text if unicodedata.category(char) in {"Cc", "Cf"} and char not in "\n\t"
        }
        if steering:
            found.append(
                Finding(UNSAFE, f"characters {sorted(map(hex, map(ord, steering)))} in {text[:200]!r}")
            )
    tables = [outcome.out] if "--csv" in command.args and not command.files else []
    written = dict(zip(command.files, outcome.files, strict=False))
    tables += [data.decode() for name, data in written.items() if data and name.endswith(".csv")]
    cells = [cell for table in tables for row in csv.reader(io.StringIO(table)) for cell in row]
    formulas = [cell for cell in cells if _FORMULA.match(cell) and not _is_number(cell)]
    found += [Finding(UNSAFE, f"formula {cell[:80]!r}") for cell in formulas]
    return found


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@cache
def _forms() -> tuple[bytes, ...]:
    """Return the planted secrets as they might be written: plain, quoted for URLs and JSON, in base64."""
    forms = set()
    for secret in SECRETS:
        forms |= {
            secret,
            quote(secret),
            quote(secret, safe=""),
            json.dumps(secret)[1:-1],
            secret.replace("/", r"\/"),
        }
        for before in (
            "",
            "i",
            "id",
            f"{'id'}:",
        ):  # base64 has three alignments; the header of Spotify has id:secret
            text = base64.b64encode((before + secret).encode()).decode().rstrip("=")
            forms.add(text[4:-4])
        forms.add(secret.encode().hex())
    return tuple(form.encode() for form in forms)


def _secrets_in_output(outcomes: Sequence[Outcome]) -> list[Finding]:
    return [
        Finding(SECRET, f"{form.decode()} on the screen")
        for outcome in outcomes
        for form in _forms()
        if form in (outcome.out + outcome.err).encode()
    ]


def _secrets_in_files(folder: Path) -> list[Finding]:
    found = []
    for file in folder.rglob("*"):
        if file.is_file() and not file.name.startswith("trace-"):
            data = _content(file) or b""
            found += [
                Finding(SECRET, f"{form.decode()} in {file.relative_to(folder)}")
                for form in _forms()
                if form in data
            ]
    return found


def _unasked(folder: Path) -> list[Finding]:
    """Return connections of traced processes to anything but this machine."""
    return [
        Finding(UNASKED, line)
        for trace in folder.glob("trace-*")
        for line in trace.read_text(errors="replace").splitlines()
        if _SENT.search(line) and "sa_family=AF_INET" in line and not _ALLOWED.search(line)
    ]
