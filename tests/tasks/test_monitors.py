"""Monitors without a screen: the log and several as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nettide.errors import StoreError
from nettide.models.contract import Epoch, Purpose, Silent, tell_stage
from nettide.tasks.monitors import EpochLog, Several

REPORT = Epoch(2, 9, 0.25, None, 1e-3, 1, 500, 0.5, 3.5)


class Counts(Silent):
    """Counts what it is told and stops after so many epochs."""

    def __init__(self, stop_after: int = 99) -> None:
        self.batches = self.epochs = 0
        self.stop_after = stop_after

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        self.batches += 1

    def on_epoch(self, report: Epoch) -> None:
        self.epochs += 1

    def stop_requested(self) -> bool:
        return self.epochs >= self.stop_after


def test_a_line_is_the_whole_report_and_on_disk_at_once(tmp_path: Path) -> None:
    log = EpochLog(tmp_path / "log", model="lstm")
    log.on_batch(epoch=1, epochs=9, batch=1, batches=2, loss=0.3)
    log.on_epoch(REPORT)
    document = json.loads((tmp_path / "log").read_text())
    assert document["model"] == "lstm"
    assert document["validation_loss"] is None
    assert Epoch(**{name: value for name, value in document.items() if name != "model"}) == REPORT
    assert not log.stop_requested()
    log.close()


def test_a_log_in_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot write the log .*: it does not exist"):
        EpochLog(tmp_path / "no" / "log", model="lstm")


def test_several_are_told_alike_and_any_of_them_stops() -> None:
    patient, hasty = Counts(), Counts(stop_after=1)
    both = Several([patient, hasty])
    both.on_batch(epoch=1, epochs=9, batch=1, batches=2, loss=0.3)
    assert not both.stop_requested()
    both.on_epoch(REPORT)
    assert both.stop_requested()
    assert (patient.batches, patient.epochs) == (hasty.batches, hasty.epochs) == (1, 1)


class Stages(Counts):
    """Also wants to know which challenger is fitted."""

    def __init__(self) -> None:
        super().__init__()
        self.stages: list[tuple[str, str, int, int]] = []

    def on_stage(self, *, name: str, purpose: Purpose, place: int, count: int) -> None:
        self.stages.append((name, purpose, place, count))


def test_a_stage_is_told_to_those_who_want_to_know_and_to_no_others() -> None:
    curious = Stages()
    both = Several([Counts(), curious])
    tell_stage(both, name="lstm", purpose="trial", place=2, count=3)
    tell_stage(Counts(), name="lstm", purpose="trial", place=2, count=3)
    assert curious.stages == [("lstm", "trial", 2, 3)]


def test_the_lines_of_a_log_name_the_challenger_once_there_is_one(tmp_path: Path) -> None:
    log = EpochLog(tmp_path / "log", model="auto")
    log.on_epoch(REPORT)
    tell_stage(log, name="lstm", purpose="final", place=1, count=2)
    log.on_epoch(REPORT)
    log.close()
    first, second = (json.loads(line) for line in (tmp_path / "log").read_text().splitlines())
    assert "challenger" not in first
    assert (second["challenger"], second["purpose"], second["place"], second["count"]) == ("lstm", "final", 1, 2)
