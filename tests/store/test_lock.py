"""A folder has one holder, and none once that one is gone."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from surroundings import Child, make_read_only

from nettide.errors import BusyError, StoreError
from nettide.store.lock import LOCK_NAME, claim

HOLDER = """
import sys
from pathlib import Path
from nettide.store.lock import claim
with claim(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
print("free", flush=True)
sys.stdin.readline()
"""


def test_a_folder_is_created_for_a_claim_and_removed_when_nothing_was_put_in(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "x"
    with claim(folder):
        assert (folder / LOCK_NAME).read_text() == f"{os.getpid()}\n"
    assert not folder.exists()
    with claim(folder):
        (folder / "file").write_bytes(b"")
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_an_empty_folder_of_the_user_is_not_removed(tmp_path: Path) -> None:
    with claim(tmp_path):
        pass
    assert tmp_path.is_dir()


def test_the_loser_is_told_the_holder(tmp_path: Path, child: type[Child]) -> None:
    holder = child(HOLDER, tmp_path)
    assert holder.hear() == "held"
    expected = (
        rf"{tmp_path} is in use by another nettide process \(pid {holder.process.pid}\); choose another name or wait"
    )
    with pytest.raises(BusyError, match=expected), claim(tmp_path):
        pass
    assert holder.ask() == "free"
    with claim(tmp_path):
        pass


def test_the_claim_of_a_killed_process_is_free_at_once(tmp_path: Path, child: type[Child]) -> None:
    holder = child(HOLDER, tmp_path)
    assert holder.hear() == "held"
    os.kill(holder.process.pid, signal.SIGKILL)
    holder.process.wait()
    assert (tmp_path / LOCK_NAME).exists()
    with claim(tmp_path):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_waiting_gets_the_folder_when_it_becomes_free(tmp_path: Path) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with claim(tmp_path / "x"):
            held.set()
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    threading.Timer(0.1, release.set).start()
    with claim(tmp_path / "x", wait_seconds=10):
        assert release.is_set()
    holder.join()


def test_waiting_ends(tmp_path: Path) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with claim(tmp_path):
            held.set()
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    started = time.monotonic()
    with pytest.raises(BusyError, match=rf"\(pid {os.getpid()}\)"), claim(tmp_path, wait_seconds=0.1):
        pass
    assert 0.1 <= time.monotonic() - started < 5
    release.set()
    holder.join()


def test_a_thread_may_claim_what_it_holds(tmp_path: Path) -> None:
    with claim(tmp_path / "x"):
        with claim(tmp_path / "y" / ".." / "x"):
            pass
        assert (tmp_path / "x" / LOCK_NAME).exists()


def test_many_claimants_never_hold_together(tmp_path: Path) -> None:
    inside, most, turns = 0, 0, []

    def work() -> None:
        nonlocal inside, most
        for _ in range(10):
            with claim(tmp_path / "x", wait_seconds=60):
                inside += 1
                most = max(most, inside)
                time.sleep(0.0005)
                inside -= 1
                turns.append(1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (most, len(turns)) == (1, 40)
    assert not (tmp_path / "x").exists()


def test_a_folder_is_removed_though_another_comes_just_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, release = threading.Event(), threading.Event()

    def come() -> None:
        with claim(tmp_path / "x", wait_seconds=60):
            held.set()
            release.wait()

    comer = threading.Thread(target=come)
    remove = Path.rmdir

    def remove_once_the_other_has_come(path: Path) -> None:
        if not comer.ident:
            comer.start()
            held.wait(10)
        remove(path)

    monkeypatch.setattr(Path, "rmdir", remove_once_the_other_has_come)
    with claim(tmp_path / "x"):
        pass
    assert held.is_set()
    assert (tmp_path / "x" / LOCK_NAME).exists()
    release.set()
    comer.join()
    assert list(tmp_path.iterdir()) == []


def test_what_is_put_in_while_a_folder_is_removed_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remove = Path.rmdir

    def put_in_before(path: Path) -> None:
        (path / "file").write_bytes(b"precious")
        remove(path)

    monkeypatch.setattr(Path, "rmdir", put_in_before)
    with claim(tmp_path / "x"):
        pass
    assert (tmp_path / "x" / "file").read_bytes() == b"precious"


def test_an_error_in_the_block_frees_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), claim(tmp_path / "x"):
        raise ZeroDivisionError
    assert not (tmp_path / "x").exists()


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    for folder in (tmp_path / "x", tmp_path / "x" / "y"):
        with pytest.raises(StoreError, match=r"cannot write in .*: a part of the path is not a folder"), claim(folder):
            pass


def test_a_lock_that_is_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"precious")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / LOCK_NAME).symlink_to(tmp_path / "outside")
    with pytest.raises(StoreError, match=r"cannot write in .*: it is a symbolic link"), claim(tmp_path / "x"):
        pass
    assert (tmp_path / "outside").read_bytes() == b"precious"


def test_a_read_only_disk_is_said_before_any_work(small_disk: Path) -> None:
    make_read_only(small_disk)
    with pytest.raises(StoreError, match=r"cannot write in .*: the file system is read-only"), claim(small_disk / "x"):
        pass
