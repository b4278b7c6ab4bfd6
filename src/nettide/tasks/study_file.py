"""The study of a search in a SQLite file: made whole or not at all, opened only where it belongs to the same search."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nettide.errors import DamagedError, OptionError, StoreError
from nettide.panel import Panel
from nettide.store.files import one_sentence, temporary_name

if TYPE_CHECKING:
    import optuna

_NAME = "nettide"
_IDENTITY = "identity"
_PATIENCE_SECONDS = 20.0  # with another program that reads the study
_SQLITE_MAGIC = b"SQLite format 3\0"


@contextlib.contextmanager
def open_study(path: Path | None, identity: Mapping[str, str]) -> Iterator[optuna.Study]:
    """Open the study of a search, or make it; what Optuna logs meanwhile is kept quiet.

    Args:
        path: the SQLite file; None keeps the study in memory.
        identity: what must be equal for a study to be gone on with, name -> text.

    Raises:
        OptionError: the file holds the study of another search.
        StoreError: it cannot be read or written, or is another's database.
        DamagedError: it is no SQLite file, or a damaged one.
    """
    import optuna
    from sqlalchemy.exc import DatabaseError, OperationalError

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        if path is None:
            yield optuna.create_study(study_name=_NAME)
            return
        try:
            storage = _storage(path, identity)
            try:
                study = optuna.load_study(study_name=_NAME, storage=storage)
                _refuse_other(path, study, identity)
                yield study
            finally:
                storage.engine.dispose()
        except (DatabaseError, optuna.exceptions.StorageInternalError) as error:
            cause = error if isinstance(error, DatabaseError) else error.__cause__
            why = cause.orig if isinstance(cause, DatabaseError) else cause
            if isinstance(cause, OperationalError):  # locked, read-only, disk full
                raise StoreError(f"cannot use study {path}: {why}") from error
            raise DamagedError(f"study {path} is damaged: {why}; remove it to begin anew") from error
    finally:
        optuna.logging.set_verbosity(verbosity)


def _storage(path: Path, identity: Mapping[str, str]) -> optuna.storages.RDBStorage:
    """Open the file, made before under another name so that a kill leaves none that is half made."""
    import optuna

    if path.exists():
        _refuse_foreign(path)
    else:
        temporary = path.with_name(temporary_name(path.name))
        with one_sentence(f"cannot write study {path}"):
            temporary.touch()
            try:
                made = _connect(temporary)
                study = optuna.create_study(study_name=_NAME, storage=made)
                study.set_user_attr(_IDENTITY, dict(identity))
                made.engine.dispose()
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
    try:
        return _connect(path)
    except RuntimeError:  # Optuna compares the version that wrote the tables with its own
        raise StoreError(
            f"study {path} was written with another version of Optuna than {optuna.__version__}; "
            "choose another file with --study"
        ) from None


def _connect(path: Path) -> optuna.storages.RDBStorage:
    """Connect by the path itself: a URL would read ``?``, ``%`` and braces in a name as its own."""
    import optuna

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(path.absolute(), timeout=_PATIENCE_SECONDS, check_same_thread=False)

    return optuna.storages.RDBStorage("sqlite:///study.sqlite", engine_kwargs={"creator": connect})


def _refuse_foreign(path: Path) -> None:
    """Refuse files that are no study of ours before Optuna would put its tables into them."""
    with one_sentence(f"cannot read study {path}"), path.open("rb") as file:
        magic = file.read(len(_SQLITE_MAGIC))
    if magic != _SQLITE_MAGIC:
        raise DamagedError(f"study {path} is no SQLite file; choose another file with --study")
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'studies'").fetchall()
            ours = (
                tables and connection.execute("SELECT study_id FROM studies WHERE study_name = ?", (_NAME,)).fetchall()
            )
    except sqlite3.DatabaseError as error:
        raise DamagedError(f"study {path} is damaged: {error}; remove it to begin anew") from error
    if not ours:
        raise StoreError(f"{path} is a database, but no study of nettide; choose another file with --study")


def _refuse_other(path: Path, study: optuna.Study, identity: Mapping[str, str]) -> None:
    kept = study.user_attrs.get(_IDENTITY, {})
    for name, value in identity.items():
        if kept.get(name) != value:
            differs = "its data differs" if name == "data" else f"{name} was {kept.get(name, 'unknown')}, now {value}"
            raise OptionError(
                f"study {path} is of another search: {differs}; "
                "choose another file with --study, or remove it to begin anew"
            )


def data_identity(panel: Panel) -> str:
    """Give a text that differs where values, times, ids, zones, channels or occasions differ."""
    digest = hashlib.sha256(np.ascontiguousarray(panel.values).data)
    facts = [panel.start, panel.step_seconds, [(one.id, one.zone) for one in panel.series]]
    digest.update(json.dumps([*facts, [one.name for one in panel.channels], repr(panel.occasions)]).encode())
    return digest.hexdigest()[:16]
