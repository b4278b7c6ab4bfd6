"""Models on disk: one folder each, saved, loaded and listed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from nettide.errors import DamagedError, OptionError, StoreError, unknown
from nettide.models.contract import State
from nettide.store.bundle import is_bundle_file, read_bundle, write_bundle
from nettide.store.files import one_sentence
from nettide.store.lock import claim
from nettide.store.record import ModelRecord, from_document, to_document

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_DESCRIPTION = "model.json"


@dataclass(frozen=True, slots=True)
class Stored:
    """One folder of a list of models.

    Args:
        name: of the model: that of its folder.
        folder: where it is.
        record: what is kept about it, without its tensors; None when it cannot be read.
        damage: why it cannot be read, one sentence; empty when it can.
    """

    name: str
    folder: Path
    record: ModelRecord | None
    damage: str = ""


def check_name(name: str) -> str:
    """Give the name back if a model may be called so.

    Raises:
        OptionError: it holds other than lower-case letters, digits, dots, underscores and dashes, or is too long.
    """
    if _NAME.fullmatch(name) is None:
        raise OptionError(
            f"name {name!r} cannot be used; write 1 to 64 of a-z, 0-9, '.', '_' and '-', "
            "beginning with a letter or digit"
        )
    return name


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that ``save_model`` would refuse, before time is spent on a fit.

    Raises:
        OptionError: its name cannot be used.
        StoreError: it holds a model that may not be overwritten, or is a file.
        DamagedError: it holds files that nettide did not write.
    """
    check_name(folder.absolute().name)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise StoreError(f"cannot save a model as {folder}: it is a file")
    _refuse_foreign(folder, remedy="save the model elsewhere")
    if (folder / _DESCRIPTION).exists() and not overwrite:
        raise StoreError(f"{folder} already holds a model; choose another name or allow overwriting (--overwrite)")


def save_model(folder: Path, record: ModelRecord, *, overwrite: bool) -> None:
    """Save a model as a folder; a kill at any instant leaves the old model or the new, whole.

    Args:
        folder: the model's folder; it and its parents are created. Its last part is the name of the model.
        record: the model.
        overwrite: whether a model that is there may be replaced.

    Raises:
        OptionError: the name cannot be used.
        BusyError: another process or thread is saving to the folder.
        StoreError: it holds a model that may not be overwritten, or the disk is full or read-only.
        DamagedError: it holds files that nettide did not write.
    """
    check_folder(folder, overwrite=overwrite)
    state = State(to_document(record), record.state.tensors)
    with claim(folder):
        check_folder(folder, overwrite=overwrite)
        write_bundle(folder, "model", state)


def load_model(folder: Path) -> ModelRecord:
    """Load a model; nothing is parsed before its hash is checked.

    Raises:
        StoreError: there is no model, a newer nettide wrote it, or it cannot be read.
        DamagedError: a file of it is missing, truncated, altered or foreign.
    """
    if not folder.is_dir():
        raise StoreError(_no_model(folder))
    if not (folder / _DESCRIPTION).exists() and (folder / "checkpoint.json").exists():
        raise StoreError(f"{folder} holds a training that has not ended, but no model yet; resume it (--resume)")
    with one_sentence(f"cannot read {folder}"):
        within = [] if looks_like_model(folder) else _models_in(folder)
    if within:
        more = f" and {len(within) - 1:,} more" if len(within) > 1 else ""
        raise StoreError(f"{folder} is no model but a folder of models; name one of them, such as {within[0]}{more}")
    _refuse_foreign(folder, remedy="move it out of the model")
    stored = read_bundle(folder, "model")
    try:
        return from_document(stored.document, stored)
    except DamagedError as error:
        raise DamagedError(f"{folder / _DESCRIPTION}: {error}") from None


def list_models(root: Path) -> list[Stored]:
    """List the models in the folders of a folder, by name; one that cannot be read is listed with the reason.

    Raises:
        StoreError: the folder does not exist or cannot be read.
    """
    with one_sentence(f"cannot list models in {root}"):
        folders = _models_in(root)
    return [_stored(folder) for folder in folders]


def _models_in(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if looks_like_model(path))


def _stored(folder: Path) -> Stored:
    try:
        record = load_model(folder)
    except StoreError as error:
        return Stored(folder.name, folder, None, str(error))
    return Stored(folder.name, folder, replace(record, state=State(record.state.document)))


def _no_model(folder: Path) -> str:
    if folder.is_file():
        return f"{folder} is a file, not a model; the model comes first, then the data"
    known = [path.name for path in _models_in(folder.parent)] if folder.parent.is_dir() else []
    return f"{folder.parent}: {unknown('stored model', folder.name, known)}" if known else f"no model at {folder}"


def _is_ours(file: str) -> bool:
    return file.startswith(".") or is_bundle_file(file, "model") or is_bundle_file(file, "checkpoint")


def looks_like_model(folder: Path) -> bool:
    """Say whether a folder holds a file of a model; one that cannot be read may, and says so when it is loaded."""
    if not folder.is_dir():
        return False
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return True
    return any(is_bundle_file(name, "model") or is_bundle_file(name, "checkpoint") for name in names)


def _refuse_foreign(folder: Path, *, remedy: str) -> None:
    """Refuse a folder with files that nettide does not write; hidden ones belong to the operating system."""
    with one_sentence(f"cannot read {folder}"):
        foreign = sorted(path.name for path in folder.iterdir() if not _is_ours(path.name))
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise DamagedError(f"{folder} holds {foreign[0]!r}{more}, which nettide did not write; {remedy}")
