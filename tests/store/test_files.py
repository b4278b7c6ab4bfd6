"""A file is written whole or not at all."""

from __future__ import annotations

import os
import resource
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from surroundings import make_read_only

from nettide.errors import DataError, StoreError
from nettide.store.files import write_atomic


@pytest.fixture
def most_64_kib() -> Iterator[None]:
    """No file of this process may grow over 64 KiB, as if the disk ended there."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_bytes_are_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.csv", b"1,2\n", overwrite=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.csv": b"1,2\n"}


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_function_writes_to_the_open_file(tmp_path: Path, overwrite: bool) -> None:
    table = pa.table({"y": [1.0, 2.0]})
    write_atomic(tmp_path / "a.csv", lambda file: pyarrow.csv.write_csv(table, file), overwrite=overwrite)
    write_atomic(tmp_path / "a.parquet", lambda file: pyarrow.parquet.write_table(table, file), overwrite=overwrite)
    assert (tmp_path / "a.csv").read_text() == '"y"\n1\n2\n'
    assert pyarrow.parquet.read_table(tmp_path / "a.parquet").equals(table)


def test_a_file_that_exists_is_kept_unless_overwriting_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    with pytest.raises(StoreError, match=r"a\.csv already exists; choose another name or allow overwriting"):
        write_atomic(path, b"new", overwrite=False)
    assert path.read_bytes() == b"old"
    write_atomic(path, b"new", overwrite=True)
    assert path.read_bytes() == b"new"


def test_a_file_that_appears_while_we_write_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"

    def late(file: BinaryIO) -> None:
        file.write(b"ours")
        path.write_bytes(b"theirs")

    with pytest.raises(StoreError, match=r"a\.csv already exists"):
        write_atomic(path, late, overwrite=False)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"a.csv": b"theirs"}


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    contents = [bytes([fill]) * 200_000 for fill in (1, 2)]
    write_atomic(path, contents[0], overwrite=True)
    done = threading.Event()

    def write() -> None:
        for turn in range(40):
            write_atomic(path, contents[turn % 2], overwrite=True)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert path.read_bytes() in contents
    writer.join()


def test_the_permissions_of_a_replaced_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomic(path, b"new", overwrite=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_atomic(tmp_path / "ours", b"", overwrite=False)
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_symbolic_link_stays_one_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_atomic(tmp_path / "link", b"new", overwrite=False)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_pipe_is_written_directly_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    reader.start()
    write_atomic(pipe, b"through", overwrite=False)
    reader.join()
    assert heard == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_device_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot write /dev/full: the disk is full"):
        write_atomic(Path("/dev/full"), b"x", overwrite=True)


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path: Path) -> None:
    write_atomic(tmp_path / ("a" * 255), b"x", overwrite=False)
    with pytest.raises(StoreError, match=r"the name is too long"):
        write_atomic(tmp_path / ("a" * 256), b"x", overwrite=False)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=rf"cannot write {tmp_path}: it is a folder; name a file in it"):
        write_atomic(tmp_path, b"x", overwrite=True)


@pytest.mark.parametrize("between", ["missing", "file"])
def test_a_missing_folder_is_named(tmp_path: Path, between: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match=rf"cannot write .*: folder {tmp_path / between} does not exist; create it"):
        write_atomic(tmp_path / between / "a.csv", b"x", overwrite=True)


def test_an_error_of_ours_while_writing_passes_and_leaves_nothing(tmp_path: Path) -> None:
    def broken(file: BinaryIO) -> None:
        file.write(b"half")
        raise DataError("no rows")

    with pytest.raises(DataError, match="no rows"):
        write_atomic(tmp_path / "a.csv", broken, overwrite=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("most_64_kib")
@pytest.mark.parametrize("form", ["bytes", "csv", "parquet"])
def test_a_file_that_does_not_fit_leaves_the_old_one_and_no_temp_file(tmp_path: Path, form: str) -> None:
    path, table = tmp_path / "a.bin", pa.table({"y": [f"{row:.17f}" for row in range(20_000)]})
    path.write_bytes(b"old")
    content = {
        "bytes": b"x" * 70_000,
        "csv": lambda file: pyarrow.csv.write_csv(table, file),
        "parquet": lambda file: pyarrow.parquet.write_table(table, file, compression="none", use_dictionary=False),
    }[form]
    with pytest.raises(
        StoreError, match=r"cannot write .*a\.bin: the file would be larger than this process may write"
    ):
        write_atomic(path, content, overwrite=True)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"a.bin": b"old"}


@pytest.mark.parametrize("form", ["bytes", "csv", "parquet"])
def test_a_full_disk_leaves_the_old_file_and_no_temp_file(small_disk: Path, form: str) -> None:
    path, table = small_disk / "a.bin", pa.table({"y": [f"{row:.17f}" for row in range(80_000)]})
    path.write_bytes(b"old")
    content = {
        "bytes": b"x" * 2**20,
        "csv": lambda file: pyarrow.csv.write_csv(table, file),
        "parquet": lambda file: pyarrow.parquet.write_table(table, file, compression="none", use_dictionary=False),
    }[form]
    with pytest.raises(StoreError, match=r"cannot write .*a\.bin: the disk is full"):
        write_atomic(path, content, overwrite=True)
    assert {one.name: one.read_bytes() for one in small_disk.iterdir()} == {"a.bin": b"old"}


def test_a_read_only_disk_is_said(small_disk: Path) -> None:
    make_read_only(small_disk)
    with pytest.raises(StoreError, match=r"cannot write .*a\.csv: the file system is read-only"):
        write_atomic(small_disk / "a.csv", b"x", overwrite=True)
