from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from spotitags.errors import InputError
from spotitags.io.output import output_file


def test_a_file_appears_when_it_is_complete_and_nothing_else_is_left(tmp_path: Path) -> None:
    out = tmp_path / "new" / "table.csv"
    with output_file(out) as file:
        file.write(b"half")
        assert not out.exists()
        file.write(b" and half")
    assert out.read_bytes() == b"half and half"
    assert list(out.parent.iterdir()) == [out]


def test_after_an_error_the_old_file_stays(tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    out.write_bytes(b"old")
    with pytest.raises(TypeError), output_file(out) as file:
        file.writelines([b"new", "no bytes"])  # type: ignore[list-item]
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.skipif(os.name == "nt", reason="permissions and links are POSIX's")
def test_links_permissions_and_devices_are_respected(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.touch(mode=0o640)
    target.chmod(0o640)
    link.symlink_to(target)
    with output_file(link) as file:
        file.write(b"x")
    assert link.is_symlink()
    assert target.read_bytes() == b"x"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    with output_file(Path(os.devnull)) as file:
        file.write(b"x")
    assert not Path(os.devnull).is_file()


def test_what_cannot_be_written_is_named_with_its_option(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"cannot be written \(.*\): choose another --csv"),
        output_file(tmp_path, "--csv"),
    ):
        pass
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match=r"file/x\.csv cannot be written"),
        output_file(tmp_path / "file" / "x.csv"),
    ):
        pass
