"""The exclusive claim of a folder, which the kernel releases when its holder dies."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from nettide.errors import BusyError
from nettide.store.files import one_sentence, sync_folder

LOCK_NAME = ".nettide.lock"
_PAUSE_SECONDS = 0.02
_held = threading.local()  # one thread may claim a folder again, as when a fit that claimed it saves


@contextlib.contextmanager
def claim(folder: Path, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Keep every other process and thread out of a folder during the block.

    The folder is created if it does not exist, and removed again if nothing was put in it.
    A thread may claim what it holds. The claim of a killed process is free at once.

    Args:
        folder: the folder of one model.
        wait_seconds: how long to wait for another holder.

    Raises:
        BusyError: another process or thread holds it.
        StoreError: the folder cannot be created or written.
    """
    key = (os.getpid(), os.path.realpath(folder))
    holds: set[tuple[int, str]] = _held.__dict__.setdefault("folders", set())
    if key in holds:
        yield
        return
    with one_sentence(f"cannot write in {folder}"):
        descriptor, created = _acquire(folder, deadline=time.monotonic() + wait_seconds)
    holds.add(key)
    try:
        yield
    finally:
        holds.discard(key)
        with contextlib.suppress(OSError):  # the claim ends with the descriptor, whatever becomes of the file
            if created and [path.name for path in folder.iterdir()] == [LOCK_NAME]:
                _remove(folder)
            else:
                (folder / LOCK_NAME).unlink()
        os.close(descriptor)


def _acquire(folder: Path, *, deadline: float) -> tuple[int, bool]:
    """Give the descriptor that holds the lock, and whether the folder was created."""
    created = False
    while True:
        created = _create(folder) or created
        try:
            descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        except FileNotFoundError:  # the holder before us removed the folder that it had created
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_current(descriptor, folder / LOCK_NAME):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
                return descriptor, created
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
                os.close(descriptor)
                who = f" (pid {holder})" if holder.isdigit() else ""
                raise BusyError(
                    f"{folder} is in use by another nettide process{who}; choose another name or wait"
                ) from None
            time.sleep(_PAUSE_SECONDS)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _create(folder: Path) -> bool:
    if folder.is_dir():
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder") from None
        return False
    sync_folder(folder.parent)
    return True


def _remove(folder: Path) -> None:
    """Remove a folder in which there is only our lock.

    It is moved aside first: between the end of the lock and that of the folder, another could put its own lock in,
    and would leave the folder behind, as it was not the one who created it.
    """
    aside = folder.with_name(f".nettide-{os.getpid()}-{threading.get_ident()}")
    folder.rename(aside)
    (aside / LOCK_NAME).unlink()
    try:
        aside.rmdir()
    except OSError:  # something was put in meanwhile
        aside.rename(folder)


def _is_current(descriptor: int, path: Path) -> bool:
    """Say whether the locked file still is the one under its name; the holder before us removes it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False
