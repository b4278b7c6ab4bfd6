"""Bundles: a State on disk as one JSON file and one file of tensors that is named by its hash."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from nettide import __version__
from nettide.arrays import Weights
from nettide.errors import DamagedError, StoreError
from nettide.models.contract import State
from nettide.store.files import is_temporary, one_sentence, write_atomic

FORMAT_VERSION = 1
_MOST_JSON_BYTES = 64 * 2**20
_MOST_TENSOR_BYTES = 4 * 2**30
_TENSOR_PREFIX = {"model": "weights", "checkpoint": "checkpoint"}
_SEAL = re.compile(rb',\n "sha256": "([0-9a-f]{64})"\n}\n\Z')
_TRIES = 20  # of reading while another process replaces what is read


@dataclass(frozen=True, slots=True)
class _Tensors:
    """The file of tensors as the JSON file names it."""

    file: str
    sha256: str
    size: int


def write_bundle(folder: Path, name: str, state: State) -> None:
    """Write a state so that a kill at any instant leaves the old state or the new, whole.

    The tensors go to a new file named by their hash, then ``<name>.json`` is replaced by one that names it, and
    only then are older files of tensors removed. The caller holds the claim of the folder.

    Args:
        folder: an existing folder.
        name: ``model`` or ``checkpoint``.
        state: JSON values and tensors.

    Raises:
        StoreError: the state holds what JSON or safetensors cannot, or the disk is full or read-only.
        DamagedError: a symbolic link stands where a file would be written.
    """
    path, kept, content = folder / f"{name}.json", None, b""
    if state.tensors:
        content = _tensor_bytes(state.tensors, where=path)
        digest = hashlib.sha256(content).hexdigest()
        kept = _Tensors(_tensor_name(name, digest), digest, len(content))
    sealed = _sealed(path, name, state.document, kept)
    if kept:
        _write_file(folder / kept.file, content)
    _write_file(path, sealed)
    _remove_stale(folder, name, keep=kept.file if kept else "")


def read_bundle(folder: Path, name: str) -> State:
    """Read what ``write_bundle`` wrote, also while another process replaces it.

    Hashes are checked before anything is parsed, and nothing outside the folder is read.

    Args:
        folder: the folder.
        name: ``model`` or ``checkpoint``.

    Raises:
        DamagedError: a file is missing, truncated, altered or not of this bundle.
        StoreError: a newer nettide wrote it, or it cannot be read.
    """
    path, before = folder / f"{name}.json", b""
    for _ in range(_TRIES):
        raw = _read_file(path, most_bytes=_MOST_JSON_BYTES)
        document, kept = _opened(path, name, raw)
        try:
            return State(document, _read_tensors(path, kept) if kept else {})
        except DamagedError:
            if raw == before:
                raise
        before = raw  # a writer may have removed the tensors after we read their name: look again
    raise StoreError(f"{path} is replaced faster than it can be read; try again")


def remove_bundle(folder: Path, name: str) -> None:
    """Remove a bundle, if there is one; the caller holds the claim of the folder.

    Raises:
        StoreError: the folder cannot be written.
    """
    with one_sentence(f"cannot remove {folder / name}.json"):
        (folder / f"{name}.json").unlink(missing_ok=True)
    _remove_stale(folder, name, keep="")


def is_bundle_file(file: str, name: str) -> bool:
    """Say whether a file name is one that a bundle of this name uses."""
    return file == f"{name}.json" or bool(_tensor_pattern(name).fullmatch(file))


def _tensor_name(name: str, digest: str) -> str:
    return f"{_TENSOR_PREFIX[name]}-{digest[:12]}.safetensors"


def _tensor_pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"{_TENSOR_PREFIX[name]}-[0-9a-f]{{12}}\.safetensors")


def _tensor_bytes(tensors: Mapping[str, Weights], *, where: Path) -> bytes:
    for key, value in tensors.items():
        if value.dtype.kind not in "fiub" or value.dtype.itemsize > 8:
            raise StoreError(f"cannot write {where}: tensor {key!r} is {value.dtype}, which safetensors cannot hold")
    # safetensors writes the memory of a strided array as it lies, so that it reads back as another array
    content: bytes = safetensors.numpy.save({key: np.asarray(value, order="C") for key, value in tensors.items()})
    return content


def _sealed(path: Path, name: str, document: Mapping[str, Any], kept: _Tensors | None) -> bytes:
    """Give the JSON file: its last line holds the hash of all bytes before that line."""
    body = {
        "format": f"nettide {name}",
        "format_version": FORMAT_VERSION,
        "nettide": __version__,
        "document": document,
        "tensors": {"file": kept.file, "sha256": kept.sha256, "size": kept.size} if kept else None,
    }
    try:
        text = json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"cannot write {path}: JSON cannot hold the description: {error}") from error
    if len(text) > _MOST_JSON_BYTES // 2:
        raise StoreError(f"cannot write {path}: the description is larger than {_MOST_JSON_BYTES // 2**21} MiB")
    text = text.removesuffix(b"\n}")
    return text + f',\n "sha256": "{hashlib.sha256(text).hexdigest()}"\n}}\n'.encode()


def _opened(path: Path, name: str, raw: bytes) -> tuple[dict[str, Any], _Tensors | None]:
    seal = _SEAL.search(raw, max(0, len(raw) - 82))
    if seal is None:
        raise DamagedError(f"{path} is truncated, or was not written by nettide; restore it from a backup or fit again")
    if hashlib.sha256(raw[: seal.start()]).hexdigest().encode() != seal.group(1):
        raise DamagedError(f"{path} was altered after it was saved; restore it from a backup or fit again")
    try:
        body = json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise DamagedError(f"{path} holds no JSON that nettide writes") from None
    if not isinstance(body, dict) or body.get("format") != f"nettide {name}":
        raise DamagedError(f"{path} is not a nettide {name}")
    version, document = body.get("format_version"), body.get("document")
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        raise StoreError(
            f"{path} was written by nettide {body.get('nettide')} in format {version}; "
            f"this is {__version__}, which reads up to {FORMAT_VERSION}: upgrade nettide"
        )
    if not isinstance(document, dict):
        raise DamagedError(f"{path} holds no description of the {name}")
    return document, _named_tensors(path, name, body.get("tensors"))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _named_tensors(path: Path, name: str, stored: object) -> _Tensors | None:
    if stored is None:
        return None
    file, digest, size = (
        (stored.get(key) for key in ("file", "sha256", "size")) if isinstance(stored, dict) else [None] * 3
    )
    if (
        not isinstance(digest, str)
        or re.fullmatch("[0-9a-f]{64}", digest) is None
        or file != _tensor_name(name, digest)
        or type(size) is not int
        or not 0 < size <= _MOST_TENSOR_BYTES
    ):
        raise DamagedError(f"{path} names no usable file of tensors: {file!r}")
    return _Tensors(file, digest, size)


def _read_tensors(described: Path, kept: _Tensors) -> dict[str, Weights]:
    path = described.with_name(kept.file)
    content = _read_file(path, most_bytes=kept.size)
    if len(content) != kept.size:
        raise DamagedError(f"{path} has {len(content)} bytes, {described.name} says {kept.size}; it is truncated")
    if (digest := hashlib.sha256(content).hexdigest()) != kept.sha256:
        raise DamagedError(
            f"{path} is damaged or belongs to another model: its SHA-256 begins {digest[:12]}, "
            f"{described.name} says {kept.sha256[:12]}"
        )
    try:
        loaded = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise DamagedError(f"{path} holds no tensors that nettide writes: {error}") from None
    return {key: value.copy() for key, value in loaded.items()}  # writable, and free of the file's bytes


def _write_file(path: Path, content: bytes) -> None:
    _refuse_link(path)
    write_atomic(path, content, overwrite=True)


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise DamagedError(f"{path} is a symbolic link, which nettide does not follow in a model's folder")


def _read_file(path: Path, *, most_bytes: int) -> bytes:
    """Read a regular file that is no symbolic link.

    Raises:
        DamagedError: it does not exist, is a link, folder, pipe or device, or is larger than may be.
        StoreError: it cannot be read.
    """
    with one_sentence(f"cannot read {path}"):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise DamagedError(f"{path} is missing; restore it from a backup or fit again") from None
        except OSError:
            _refuse_link(path)
            raise
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise DamagedError(f"{path} is not a regular file")
            if facts.st_size > most_bytes:
                raise DamagedError(f"{path} has {facts.st_size} bytes, {most_bytes} are the most it may have")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(most_bytes)
        finally:
            os.close(descriptor)


def _remove_stale(folder: Path, name: str, *, keep: str) -> None:
    """Remove tensors and temp files that earlier or killed writers of this bundle left."""
    pattern, prefixes = _tensor_pattern(name), (f".{name}.json.", f".{_TENSOR_PREFIX[name]}-")
    with one_sentence(f"cannot remove older files from {folder}"):
        for path in folder.iterdir():
            left_over = is_temporary(path.name) and path.name.startswith(prefixes)
            if left_over or (pattern.fullmatch(path.name) and path.name != keep):
                path.unlink(missing_ok=True)
