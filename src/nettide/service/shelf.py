"""The models of one worker: which there are, which are in memory, and which make room."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nettide.errors import NettideError, StoreError, UnknownModelError, unknown
from nettide.forecast import Forecast
from nettide.models import MODELS
from nettide.panel import Panel
from nettide.service.batching import Batcher
from nettide.service.schemas import ModelAnswer
from nettide.service.served import BASE, Described, FittedServed, PretrainedServed
from nettide.settings import Settings
from nettide.store.models import check_name, list_models, load_model
from nettide.store.record import ModelRecord
from nettide.store.sql.models import ServedModel
from nettide.units import step_text

_LOOK_SECONDS = 2.0  # how long a model may go on after its folder was replaced


@dataclass(slots=True, eq=False)
class Held:
    """A model in memory.

    Args:
        name: as clients call it.
        model: what the batcher forecasts with.
        batcher: its thread.
        record: as it was stored; None for the pretrained network.
        stamp: what changes when its folder is replaced.
        is_pinned: whether it stays when room is needed.
        looked: when its folder was looked at last, monotonic seconds.
    """

    name: str
    model: PretrainedServed | FittedServed
    batcher: Batcher
    record: ModelRecord | None
    stamp: tuple[int, int] | None
    is_pinned: bool
    looked: float

    @property
    def described(self) -> Described:
        """What it can be asked."""
        return self.model.described

    def forecast(self, panel: Panel, horizon: int, *, seconds: float) -> Forecast:
        """Forecast from the end of a panel; raises as ``Batcher.forecast``."""
        made = self.batcher.forecast(panel, horizon, seconds=seconds)
        return made if made.horizon == horizon else made.first_steps(horizon)


class Shelf:
    """The models that one worker keeps in memory; any thread may ask it.

    Args:
        settings: where models are and how many stay.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._loading: dict[str, threading.Lock] = {}
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._base = self._held_of(BASE, PretrainedServed(), None, None, is_pinned=True)

    def get(self, name: str) -> Held:
        """Give a model, loading it where it is not in memory yet.

        Raises:
            UnknownModelError: there is none of this name.
            StoreError: it cannot be read.
        """
        if name == BASE:
            return self._base
        with self._lock:
            found = self._held.get(name)
            if found is not None:
                self._held.move_to_end(name)
                if time.monotonic() - found.looked < _LOOK_SECONDS:
                    return found
            own = self._loading.setdefault(name, threading.Lock())
        with own:
            return self._fresh(name)

    def _fresh(self, name: str) -> Held:
        """Give a model as its folder has it now."""
        stamp = self._stamp(name)
        with self._lock:
            found = self._held.get(name)
            if found is not None and found.stamp == stamp:
                found.looked = time.monotonic()
                return found
        record = load_model(self._folder(name))
        made = self._held_of(name, FittedServed(record), record, stamp, is_pinned=bool(found and found.is_pinned))
        with self._lock:
            self._held[name] = made
            loose = [one for one in self._held.values() if not one.is_pinned and one is not made]
            for one in loose[: max(0, len(loose) + 1 - self._settings.service.model_slots)]:
                self._put_out(one.name)
        return made

    def unload(self, name: str) -> None:
        """Put a model out of memory; the next request for it loads it again."""
        with self._lock:
            if name in self._held:
                self._put_out(name)

    def pin(self, name: str, is_pinned: bool) -> None:
        """Let a model stay in memory, loading it where needed, or let it go when room is needed.

        Raises:
            UnknownModelError: there is none of this name.
            StoreError: it cannot be read.
        """
        if is_pinned:
            self.get(name).is_pinned = True
        elif name in self._held:
            self._held[name].is_pinned = False

    def follow(self, wanted: Mapping[str, ServedModel], before: Mapping[str, ServedModel]) -> Iterator[str]:
        """Do what an admin said to another worker; gives sentences on what could not be done.

        Args:
            wanted: the models of the store now.
            before: the same, when it was looked at last.
        """
        for name, one in wanted.items():
            last = before.get(name)
            try:
                if one.loaded and (last is None or not last.loaded):
                    self.get(name)
                if one.pinned != (last is not None and last.pinned):
                    self.pin(name, one.pinned)
                if last is not None and last.loaded and not one.loaded:
                    self.unload(name)
            except NettideError as error:
                yield str(error)

    def describe(self, name: str) -> ModelAnswer:
        """Describe a model, whether in memory or not.

        Raises:
            UnknownModelError: there is none of this name.
            StoreError: it cannot be read.
        """
        if name == BASE:
            return self._answer(BASE, None)
        self._stamp(name)
        held = self._held.get(name)
        record = held.record if held is not None else None
        return self._answer(name, record or load_model(self._folder(name)))

    def describe_all(self) -> tuple[list[ModelAnswer], dict[str, str]]:
        """Describe all models, and say of folders that hold no usable one why.

        Raises:
            StoreError: the folder of models cannot be read.
        """
        found, unreadable = [self._answer(BASE, None)], {}
        root = self._settings.models
        for one in list_models(root) if root.is_dir() else []:
            if one.record is None:
                unreadable[one.name] = "it is damaged, or not finished yet"
            elif one.name != BASE:
                found.append(self._answer(one.name, one.record))
        return found, unreadable

    def ages(self, now: datetime) -> dict[str, float]:
        """Give how many seconds ago each model in memory was fitted."""
        with self._lock:
            held = list(self._held.values())
        return {one.name: (now - one.record.created).total_seconds() for one in held if one.record is not None}

    def waiting(self) -> dict[str, int]:
        """Give how many requests wait for each model in memory."""
        with self._lock:
            held = [self._base, *self._held.values()]
        return {one.name: one.batcher.waiting for one in held}

    def is_stored(self, name: str) -> bool:
        """Say whether a model is in the folder; the pretrained network is not, and always in memory.

        Raises:
            UnknownModelError: there is none of this name.
        """
        if name == BASE:
            return False
        self._stamp(name)
        return True

    def folder(self, name: str) -> Path:
        """Give the folder of a stored model.

        Raises:
            OptionError: no model can be called so.
        """
        return self._folder(name)

    def sha256(self, name: str) -> str:
        """Give the hash of the description of a stored model, which names the hashes of the rest."""
        return hashlib.sha256((self._folder(name) / "model.json").read_bytes()).hexdigest()

    def _put_out(self, name: str) -> None:
        del self._held[name]

    def _folder(self, name: str) -> Path:
        return self._settings.models / check_name(name)

    def _stamp(self, name: str) -> tuple[int, int]:
        """Give what changes when a model is replaced.

        Raises:
            UnknownModelError: there is no model of this name.
        """
        try:
            facts = (self._folder(name) / "model.json").stat()
        except (FileNotFoundError, NotADirectoryError):
            with self._lock:
                if name in self._held:
                    self._put_out(name)
            raise UnknownModelError(unknown("model", name, self._names())) from None
        except OSError as error:
            raise StoreError(f"model {name} cannot be read: {error.strerror}") from None
        return facts.st_mtime_ns, facts.st_ino

    def _names(self) -> list[str]:
        root = self._settings.models
        there = [path.parent.name for path in root.glob("*/model.json")] if root.is_dir() else []
        return [BASE, *there]

    def _held_of(
        self,
        name: str,
        model: PretrainedServed | FittedServed,
        record: ModelRecord | None,
        stamp: tuple[int, int] | None,
        *,
        is_pinned: bool,
    ) -> Held:
        waiting = self._settings.limits.waiting
        batcher = Batcher(model, most=self._settings.service.batch, waiting=waiting, name=name)
        return Held(name, model, batcher, record, stamp, is_pinned, time.monotonic())

    def _answer(self, name: str, record: ModelRecord | None) -> ModelAnswer:
        held = self._base if name == BASE else self._held.get(name)
        if record is None:
            return ModelAnswer(
                name=name,
                kind=name,
                about=MODELS[name].about,
                horizon=self._base.described.horizon,
                context=None,
                step=None,
                channels=[self._base.described.target],
                unit="",
                created=None,
                loaded=True,
                pinned=True,
            )
        return ModelAnswer(
            name=name,
            kind=record.model,
            about=MODELS[record.model].about if record.model in MODELS else "",
            horizon=record.horizon,
            context=record.context,
            step=step_text(record.data.step_seconds),
            channels=list(record.data.channels),
            unit=record.data.unit,
            created=record.created.isoformat(),
            loaded=held is not None,
            pinned=held is not None and held.is_pinned,
        )
