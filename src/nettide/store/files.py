"""Files written whole or not at all: temp file, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

from nettide.errors import StoreError

Writer: TypeAlias = Callable[[BinaryIO], object]
"""Writes the content to an open file; what it returns is ignored."""

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than this process may write",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.EEXIST: "a part of the path is not a folder",
    errno.ELOOP: "it is a symbolic link",
    errno.EISDIR: "it is a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOENT: "it does not exist",
}


@contextlib.contextmanager
def one_sentence(what: str) -> Iterator[None]:
    """Turn an OSError in the block into one sentence.

    Args:
        what: what failed, such as ``cannot write forecast.csv``.

    Raises:
        StoreError: instead of the OSError, which stays its cause.
    """
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
        raise StoreError(f"{what}: {reason}") from error


def write_atomic(path: Path, content: bytes | Writer, *, overwrite: bool) -> None:
    """Write a file so that a crash at any instant leaves the old content or the new, whole and on disk.

    A symbolic link is followed, the permissions of a replaced file are kept, and a device or pipe, such as
    ``/dev/stdout``, is written directly. When writing fails, the old content is untouched and nothing is left over.

    Args:
        path: the file, in a folder that exists.
        content: the bytes, or a function that writes them to an open binary file.
        overwrite: whether a file that exists may be replaced.

    Raises:
        StoreError: the file exists, its folder does not, the disk is full or read-only, or permission is denied.
    """
    with one_sentence(f"cannot write {path}"):
        target = Path(os.path.realpath(path))
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as device:
                _put(device, content)
            return
    if path.is_dir():
        raise StoreError(f"cannot write {path}: it is a folder; name a file in it")
    if not target.parent.is_dir():
        raise StoreError(f"cannot write {path}: folder {path.parent} does not exist; create it first")
    if not overwrite:
        refuse_existing(path)
    with one_sentence(f"cannot write {path}"):
        _replace(path, target, content, overwrite=overwrite)


def refuse_existing(path: Path) -> None:
    """Refuse a file that may not be overwritten; devices and pipes may always be written to.

    Raises:
        StoreError: the file exists.
    """
    with one_sentence(f"cannot write {path}"):
        is_there = path.is_file()
    if is_there:
        raise StoreError(_exists(path))


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to disk, where its file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # what network file systems that cannot sync a folder say
            raise
    finally:
        os.close(descriptor)


def temporary_name(name: str) -> str:
    """Give an unused name for the temp file of a file; ``is_temporary`` knows it again."""
    return f".{name[:200]}.{secrets.token_hex(4)}.tmp"


def is_temporary(name: str) -> bool:
    """Say whether a name is one that ``temporary_name`` gives."""
    return name.startswith(".") and name.endswith(".tmp")


def _exists(path: Path) -> str:
    return f"{path} already exists; choose another name or allow overwriting (--overwrite)"


def _put(file: BinaryIO, content: bytes | Writer) -> None:
    if isinstance(content, bytes):
        file.write(content)
    else:
        content(file)


def _replace(path: Path, target: Path, content: bytes | Writer, *, overwrite: bool) -> None:
    temporary = target.with_name(temporary_name(target.name))
    try:
        with temporary.open("xb") as file:
            if target.exists():
                with contextlib.suppress(PermissionError):  # on file systems without permissions, such as FAT
                    os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
            _put(file, content)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            temporary.replace(target)
        else:
            _link(path, temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)


def _link(path: Path, temporary: Path, target: Path) -> None:
    """Give the temp file its name unless a file appeared there meanwhile."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise StoreError(_exists(path)) from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        temporary.replace(target)  # a file system without hard links, such as FAT
