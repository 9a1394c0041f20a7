"""Calls that Ctrl-C does not break off, and programs that end soon after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from spotitags.io import interrupts
from spotitags.io.interrupts import Guard, finish

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
ROOT = Path(__file__).resolve().parents[2]


def interrupt_after(*delays: float) -> None:
    """Send Ctrl-C to this process after some seconds, again after the next delay."""

    def send() -> None:
        for delay in delays:
            time.sleep(delay)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=send, daemon=True).start()


def test_gives_the_result_or_the_error() -> None:
    assert finish(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        finish(lambda: 1 / 0)


def test_ctrl_c_waits_for_the_end_of_the_call() -> None:
    stored: list[int] = []
    lines: list[str] = []

    def call() -> None:
        time.sleep(1)
        stored.append(1)

    interrupt_after(0.3)
    with pytest.raises(KeyboardInterrupt):
        finish(call, notify=lines.append)
    assert stored == [1]
    (line,) = lines
    assert "waiting up to 10 s" in line


def test_ctrl_c_waits_no_longer_than_it_says() -> None:
    began = time.monotonic()
    interrupt_after(0.2)
    with pytest.raises(KeyboardInterrupt):
        finish(lambda: time.sleep(20), seconds=0.5)
    assert time.monotonic() - began < 10


def test_a_second_ctrl_c_does_not_wait() -> None:
    began = time.monotonic()
    interrupt_after(0.2, 0.3)
    with pytest.raises(KeyboardInterrupt):
        finish(lambda: time.sleep(20))
    assert time.monotonic() - began < 10


def test_time_that_was_allowed_stays_allowed_when_the_watching_thread_is_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[float] = []
    watched = Guard(lambda: ended.append(time.monotonic()), lambda _line: None)
    monkeypatch.setattr(interrupts, "_guards", [watched])
    watched.start()
    interrupts.allow(10, "the main thread was faster")
    reader, writer = os.pipe()
    threading.Thread(target=watched._watch, args=(reader,), daemon=True).start()
    os.write(writer, bytes([signal.SIGINT]))
    time.sleep(interrupts.END_SECONDS + 0.5)
    assert watched.pressed
    assert not ended
    watched.deadline = 0.0  # lets the thread end
    while not ended:
        time.sleep(0.02)


PROGRAM = """
import os, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from spotitags.io.interrupts import guard
def end():
    os.write(2, b"ended"); os._exit(130)
guarded = guard(end, lambda line: None)
guarded.start()
os.write(1, b".")
{}
"""
BODIES = {
    "exceptions are caught": "while True:\n  try: time.sleep(60)\n  except BaseException: pass",
    "a library computes": "import hashlib; hashlib.pbkdf2_hmac('sha256', b'a', b'b', 10**9)",
    "a thread works on": "threading.Thread(target=time.sleep, args=(60,)).start()\n"
    "try: time.sleep(60)\nexcept KeyboardInterrupt: sys.exit(1)",
    "a destructor fails": "class A:\n  def __del__(self): time.sleep(60)\na = A(); del a; time.sleep(60)",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_program_ends_soon_though(body: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.read(1) == b"."
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"ended")
    assert time.monotonic() - began < 10


def test_an_import_is_not_broken_off(tmp_path: Path) -> None:
    (tmp_path / "slow_module.py").write_text("import time\ntime.sleep(0.6)\ndone = True\n")
    body = "try: import slow_module\nfinally: os.write(1, str('slow_module' in sys.modules).encode())"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body + "\ntime.sleep(60)")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.read(1) == b"."
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert out == b"True"
    assert b"KeyboardInterrupt" in err or err == b"ended"
