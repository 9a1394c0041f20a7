from __future__ import annotations

import errno
import fcntl
import os
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from classifiers.files import read_plain, replaced_file

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes, links and permissions are POSIX's")
OLD = b"old"


@contextmanager
def full_disk(size: int = 1000) -> Iterator[None]:
    """No file of this process becomes larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    file = tmp_path / "out"
    file.write_bytes(OLD)
    return file


def test_a_plain_file_is_read_also_by_a_link(tmp_path: Path, out: Path) -> None:
    (tmp_path / "link").symlink_to(out)
    assert read_plain(out) == read_plain(tmp_path / "link") == OLD


def test_what_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    expected = {
        tmp_path: "it is a folder",
        tmp_path / "pipe": "it is a pipe",
        tmp_path / "link": "it is a pipe",
        tmp_path / "socket": "it is a socket",
        Path("/dev/zero"): "it is a device",
    }
    if sys.platform == "linux":
        expected[Path("/proc/self/environ")] = "it is a file of the operating system"
    for path, text in expected.items():
        with pytest.raises(OSError, match=text):
            read_plain(path)


def test_no_more_is_read_than_may_be(out: Path) -> None:
    assert read_plain(out, 3) == OLD
    with pytest.raises(OSError, match="more than 2 bytes") as caught:
        read_plain(out, 2)
    assert caught.value.errno == errno.EFBIG
    os.truncate(out, 10**12)  # sparse
    with pytest.raises(OSError, match="more than 2000000000 bytes"):
        read_plain(out)


def test_standard_input_is_read_where_it_may_be() -> None:
    code = "import sys; from pathlib import Path; from classifiers.files import read_plain\n"
    code += "sys.stdout.buffer.write(read_plain(Path(sys.argv[1]), stream=bool(sys.argv[2:])))"
    for name in ("/dev/stdin", "/dev/fd/0"):
        run = subprocess.run(
            [sys.executable, "-c", code, name, "yes"], input=OLD, capture_output=True, check=True
        )
        assert run.stdout == OLD
    refused = subprocess.run(
        [sys.executable, "-c", code, "/dev/stdin"], input=OLD, capture_output=True, check=False
    )
    assert b"it is a pipe" in refused.stderr


def test_streams_of_the_process_are_written_where_they_stand(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from classifiers.files import replaced_file\n"
    code += "with replaced_file(Path(sys.argv[1])) as file: file.write(b'second ')\n"
    log = tmp_path / "log"
    log.write_bytes(b"first ")
    with log.open("ab") as stream:
        for name in ("/dev/stdout", "/dev/fd/1"):
            subprocess.run([sys.executable, "-c", code, name], stdout=stream, check=True)
    assert log.read_bytes() == b"first second second "


@pytest.mark.parametrize("lasting", [True, False])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(out: Path, lasting: bool) -> None:
    with full_disk(), pytest.raises(OSError, match=re.escape(os.strerror(errno.EFBIG))):  # noqa: SIM117
        with replaced_file(out, lasting=lasting) as file:
            file.write(b"?" * 5000)
    assert out.read_bytes() == OLD
    assert list(out.parent.iterdir()) == [out]


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(out: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from classifiers.files import replaced_file\n"
        "with replaced_file(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for _ in range(2):
        killed = subprocess.run([sys.executable, "-c", code, out], check=False)
        assert killed.returncode == -signal.SIGKILL
    (left,) = set(out.parent.iterdir()) - {out}
    other = out.with_name(left.name.replace("out", "other"))
    other.write_bytes(b"of another file")
    with replaced_file(out) as first:
        first.write(b"first")
        with replaced_file(out) as second:
            second.write(b"second")
        assert out.read_bytes() == b"second"
    assert out.read_bytes() == b"first"
    assert set(out.parent.iterdir()) == {out, other}


def test_a_part_that_is_locked_belongs_to_a_living_process(out: Path) -> None:
    part = out.with_name(f".out.{'0' * 16}.part")
    with part.open("xb") as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        with replaced_file(out) as file:
            file.write(b"new")
        assert part.exists()


def test_permissions_stay_and_a_protected_file_is_not_replaced(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.chmod(0o640)
    with replaced_file(out) as file:
        file.write(b"new")
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    monkeypatch.setattr(os, "access", lambda *_args: False)  # root may write everything
    with pytest.raises(PermissionError), replaced_file(out):
        pass
    assert out.read_bytes() == b"new"


def test_names_may_be_long(tmp_path: Path) -> None:
    out = tmp_path / ("é" * 120)
    with replaced_file(out) as file:
        file.write(b"new")
    assert list(tmp_path.iterdir()) == [out]
