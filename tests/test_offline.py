"""Nothing leaves the machine, and nothing is written to it, that the user did not ask for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.manifests import manifest

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 12  # onnxruntime's first report of its use comes after about ten
CALLS = (
    "connect,sendto,sendmsg,sendmmsg,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat"
)
NAME_LOOKUP = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf")
WRITES = re.compile(r"(?:creat|mkdir|mkdirat|rename\w*|link\w*)\(|O_WRONLY|O_RDWR|O_CREAT")
LOOPBACK = re.compile(r'inet_addr\("127\.|inet_pton\(AF_INET6, "::1"|AF_UNIX|AF_NETLINK')

PREDICT = f"""
import sys, time
from spotitags.commands import main
end = time.monotonic() + {SECONDS}
try:
    main()
except SystemExit as done:
    time.sleep(max(0, end - time.monotonic()))
    raise
"""


def strace() -> str:
    """Return the path of strace, or skip the test if it cannot trace here."""
    program = shutil.which("strace")
    if program is None:
        pytest.skip("strace is not installed (apt-get install strace)")
    if subprocess.run([program, "-o", os.devnull, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace processes on this machine")
    return program


def violations(trace: Path, own: Path) -> list[str]:
    """Return the lines of a trace that connect elsewhere, look up a name or write outside ``own``."""
    allowed = (own, Path("/dev"))  # terminals, locks in shared memory
    found = []
    for line in trace.read_text(errors="replace").splitlines():
        paths = re.findall(r'"([^"]*)"', line)
        if re.search(r"\d+ +(?:connect|send\w+)\(", line):
            if "sa_family=AF_INET" in line and not LOOPBACK.search(line):
                found.append(line)
        elif any(path in NAME_LOOKUP for path in paths):
            found.append(line)
        elif WRITES.search(line) and "= -1 E" not in line:
            absolute = [Path(path) for path in paths if path.startswith("/")]
            if any(not any(map(path.is_relative_to, allowed)) for path in absolute):
                found.append(line)
    return found


def test_a_long_run_contacts_no_other_machine_and_writes_to_its_own_folders_only(tmp_path: Path) -> None:
    program = strace()
    covers = manifest(tmp_path / "covers", {"a": "fire", "b": "sea"}, covers=2)
    own, home, trace = tmp_path / "own", tmp_path / "home", tmp_path / "trace"
    for folder in (own, home):
        folder.mkdir()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(own), "COLUMNS": "80",
        "SPOTITAGS_CACHE_DIR": str(own / "cache"), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        [program, "-f", "--seccomp-bpf", "-qq", "-s", "300", "-e", f"trace={CALLS}", "-o", str(trace),
         sys.executable, "-c", PREDICT,
         "predict", "--manifest", str(covers), "--tagger", "lite", "--offline"],
        capture_output=True, text=True, check=False, env=environment, cwd=own,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "none of these" in done.stdout
    assert violations(trace, own) == []
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize(
    "line",
    [
        '7 connect(5, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = 0',
        '7 sendto(5, "x", 1, 0, {sa_family=AF_INET6, inet_pton(AF_INET6, "2001:db8::1", &a)}, 28) = 1',
        '7 openat(AT_FDCWD, "/etc/resolv.conf", O_RDONLY|O_CLOEXEC) = 5',
        '7 openat(AT_FDCWD, "/home/me/.cache/Microsoft/deviceid", O_RDWR|O_CREAT, 0600) = 5',
        '7 mkdir("/home/me/.cache/Microsoft", 0700) = 0',
    ],
)
def test_such_a_run_would_be_noticed(line: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    harmless = (
        '7 connect(5, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0\n'
        f'7 openat(AT_FDCWD, "{tmp_path}/cache.db", O_RDWR|O_CREAT, 0644) = 5\n'
        '7 openat(AT_FDCWD, "/usr/lib/python3/site.py", O_RDONLY) = 5\n'
    )
    trace.write_text(f"{harmless}{line}\n")
    assert violations(trace, tmp_path) == [line]


@pytest.mark.parametrize("first", ["spotitags", "spotitags.errors", "classifiers.ensemble", "cli"])
def test_usage_reports_of_libraries_are_off_from_the_first_import_unless_the_user_wants_them(
    first: str,
) -> None:
    names = "'ORT_DISABLE_TELEMETRY', 'HF_HUB_DISABLE_TELEMETRY', 'RAY_USAGE_STATS_ENABLED'"
    code = f"import {first}, os; print(*map(os.environ.get, [{names}]))"
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}

    def printed(**more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=bare | more,
            cwd=ROOT,
        )
        return done.stdout.strip()

    assert printed() == "1 1 0"
    assert printed(ORT_DISABLE_TELEMETRY="0", RAY_USAGE_STATS_ENABLED="1") == "0 1 1"
