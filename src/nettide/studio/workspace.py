"""The workspace of one session on disk: the data in use, the plan, runs and saved models."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from nettide.errors import DamagedError, OptionError, StoreError
from nettide.store.files import one_sentence, write_atomic
from nettide.store.models import Stored, check_name, list_models, load_model, save_model
from nettide.tasks.load import Reading
from nettide.tasks.plan import Plan, plan_document, plan_from
from nettide.tasks.reading_document import reading_document, reading_from

_CHUNK_BYTES = 1 << 20
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class DataSet:
    """The data that a session works on.

    Args:
        name: as shown.
        location: file or folder on this machine.
        reading: how it becomes a panel.
        kind: synthetic, upload or path.
        units: channel -> unit, where the file does not tell.
        command: what made it, for synthetic data; empty otherwise.
    """

    name: str
    location: str
    reading: Reading
    kind: str
    units: tuple[tuple[str, str], ...] = ()
    command: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """All that it is read from: the data, and files of holidays and events."""
        occasions = self.reading.occasions
        return tuple(one for one in (self.location, occasions.holidays, occasions.events) if one is not None)


@dataclass(frozen=True, slots=True)
class ActiveModel:
    """The model that the pages on forecasts use.

    Args:
        label: as shown.
        folder: what ``Forecaster.load`` reads.
        run: name of the run that trained it; empty for a saved model.
    """

    label: str
    folder: Path
    run: str = ""


class Workspace:
    """The folder of one session.

    Args:
        folder: it is made when first written to, for its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def of(root: Path, key: str) -> Workspace:
        """Give the workspace of a session; its folder does not tell the key."""
        return Workspace(root / "sessions" / hashlib.sha256(key.encode()).hexdigest()[:32])

    @property
    def data_folder(self) -> Path:
        """Where synthetic and uploaded files lie."""
        return self._made("data")

    @property
    def runs_folder(self) -> Path:
        """Where runs lie, a folder each."""
        return self._made("runs")

    @property
    def models_folder(self) -> Path:
        """Where saved models lie, a folder each."""
        return self._made("models")

    @property
    def searches_folder(self) -> Path:
        """Where the search for options lies, in a folder of its own."""
        return self._made("searches")

    def data(self) -> DataSet | None:
        """Give the data in use; None before any was chosen.

        Raises:
            DamagedError: what is kept does not describe data.
        """
        document = self._read("data.json")
        if document is None:
            return None
        try:
            return DataSet(
                name=str(document["name"]),
                location=str(document["location"]),
                reading=reading_from(document["reading"]),
                kind=str(document["kind"]),
                units=tuple((str(name), str(unit)) for name, unit in document["units"]),
                command=str(document["command"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedError(f"{self.folder / 'data.json'} does not describe data: {error}") from None

    def use_data(self, chosen: DataSet) -> None:
        """Work on this data from now on; a plan for other data is forgotten.

        Raises:
            StoreError: the disk is full or read-only.
        """
        before = self.data()
        document = {**asdict(chosen), "reading": reading_document(chosen.reading)}
        self._write("data.json", document)
        if before is None or before.location != chosen.location:
            (self.folder / "plan.json").unlink(missing_ok=True)

    def forget_data(self) -> None:
        """Work on no data; files and runs stay."""
        for name in ("data.json", "plan.json"):
            (self.folder / name).unlink(missing_ok=True)

    def plan(self) -> Plan | None:
        """Give the plan; None before any was made, or where it is of another version."""
        try:
            document = self._read("plan.json")
            return None if document is None else plan_from(document)
        except (DamagedError, TypeError, ValueError):
            return None

    def keep_plan(self, plan: Plan) -> None:
        """Keep the plan.

        Raises:
            StoreError: the disk is full or read-only.
        """
        self._write("plan.json", plan_document(plan))

    def drop_unused_data(self, used: Iterable[str]) -> None:
        """Delete the files of the data folder that are neither in use nor needed by a run.

        Args:
            used: files that runs were trained on.
        """
        data = self.data()
        kept = {Path(one) for one in (*used, *(data.files if data else ()))}
        for folder in self.data_folder.iterdir():
            if not any(one.is_relative_to(folder) for one in kept):
                shutil.rmtree(folder, ignore_errors=True)

    def save_model(self, source: Path, name: str) -> Path:
        """Keep a copy of the model of a run under a name.

        Raises:
            OptionError: the name cannot be used.
            StoreError: a model of this name exists, or the source cannot be read.
        """
        folder = self.models_folder / check_name(name)
        if folder.exists():
            raise StoreError(f"a model {name!r} exists already; choose another name or delete it first")
        save_model(folder, load_model(source), overwrite=False)
        return folder

    def models(self) -> list[Stored]:
        """List the saved models, damaged ones too."""
        return list_models(self.models_folder)

    def delete_model(self, name: str) -> None:
        """Delete a saved model.

        Raises:
            OptionError: the name is none.
            StoreError: it cannot be deleted.
        """
        folder = self.models_folder / check_name(name)
        active = self.active_model()
        with one_sentence(f"cannot delete model {name}"):
            shutil.rmtree(folder)
        if active is not None and active.folder == folder:
            (self.folder / "active.json").unlink(missing_ok=True)

    def active_model(self) -> ActiveModel | None:
        """Give the model in use; None where none was chosen or its folder is gone."""
        try:
            document = self._read("active.json") or {}
        except DamagedError:
            return None
        kind, name = str(document.get("kind")), str(document.get("name"))
        with contextlib.suppress(OptionError):
            folder = self.models_folder if kind == "model" else self.runs_folder
            folder = folder / check_name(name) / ("" if kind == "model" else "model")
            if kind in ("model", "run") and folder.is_dir():
                return ActiveModel(str(document.get("label", name)), folder, name if kind == "run" else "")
        return None

    def use_model(self, kind: str, name: str, *, label: str) -> None:
        """Let the pages on forecasts use a saved model (kind ``model``) or that of a run (kind ``run``).

        Raises:
            StoreError: the disk is full or read-only.
        """
        self._write("active.json", {"kind": kind, "name": check_name(name), "label": label})

    def receive(self, folder: Path, name: str, file: BinaryIO) -> Path:
        """Copy an uploaded file into a folder, a little at a time; it is there whole or not at all.

        Args:
            folder: of the data folder.
            name: as the browser gave it; only its harmless characters are kept.
            file: is read from its begin.

        Raises:
            StoreError: the disk is full or read-only.
        """
        path = folder / safe_name(name)

        def copy(target: BinaryIO) -> None:
            file.seek(0)
            shutil.copyfileobj(file, target, _CHUNK_BYTES)

        write_atomic(path, copy, overwrite=True)
        return path

    def new_folder(self, parent: Path, stem: str) -> Path:
        """Make a folder with an unused name of a stem and a number."""
        for number in itertools.count(1):
            folder = parent / f"{stem}-{number}"
            with one_sentence(f"cannot make {folder}"), contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                return folder
        raise AssertionError(parent)

    def _made(self, name: str) -> Path:
        folder = self.folder / name
        if not folder.is_dir():
            with one_sentence(f"cannot make {folder}"):
                self.folder.parent.mkdir(parents=True, exist_ok=True)
                self.folder.mkdir(mode=0o700, exist_ok=True)
                folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _read(self, name: str) -> dict[str, Any] | None:
        return read_document(self.folder / name)

    def _write(self, name: str, document: Mapping[str, Any]) -> None:
        self._made("data")
        write_document(self.folder / name, document)


def read_document(path: Path) -> dict[str, Any] | None:
    """Read a JSON document; None where there is no file.

    Raises:
        DamagedError: it is none.
    """
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DamagedError(f"{path} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise DamagedError(f"{path} holds no JSON object")
    return document


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document, whole or not at all.

    Raises:
        StoreError: the disk is full or read-only.
    """
    write_atomic(path, json.dumps(document, ensure_ascii=False).encode(), overwrite=True)


def safe_name(name: str) -> str:
    """Give a file name without folders and odd characters, its ending kept."""
    plain = _UNSAFE.sub("-", name.replace("\\", "/").rpartition("/")[2]).lstrip(".-")
    return plain[-120:] or "upload"
