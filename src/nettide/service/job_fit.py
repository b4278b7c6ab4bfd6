"""A training as a job: it goes on where the process of an earlier attempt was killed, and is never done twice."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from nettide.errors import DamagedError, TrainingError
from nettide.models.contract import Monitor
from nettide.service.given import GivenFit
from nettide.service.job_request import checked_request
from nettide.store.files import one_sentence
from nettide.store.models import load_model
from nettide.store.sql.job_record import JobRecord


def data_name(job: JobRecord) -> str:
    """Name the file of a job after it, so that a model tells which job fitted it."""
    return f"data-{job.id}"


def fit_document(root: Path, job: JobRecord, given: GivenFit, data: Path, monitor: Monitor) -> dict[str, Any]:
    """Fit and keep a model, unless an earlier attempt of this job has kept it; gives the document of the result.

    Args:
        root: folder of the models.
        job: that runs.
        given: what was asked for.
        data: the file, called as ``data_name`` says.
        monitor: of the training.

    Raises:
        NettideError: it cannot be fitted or kept.
    """
    with one_sentence("cannot write in the folder of models"):
        root.mkdir(parents=True, exist_ok=True)
    place = root / given.name
    sentences = _of_earlier_attempt(job, place, data)
    if sentences is None:
        sentences = _fitted(job, given, data, place, monitor)
    kept = load_model(place)
    return {
        "kind": given.kind,
        "sentences": [one.replace(data_name(job), "data") for one in sentences],
        "headline": f"{kept.model} was fitted on {kept.data.series:,} series of {kept.data.steps:,} steps "
        f"in {kept.training.seconds:.0f} s; ask for forecasts with model {given.name!r}",
        "table": [],
        "files": {},
        "model": given.name,
    }


def _of_earlier_attempt(job: JobRecord, place: Path, data: Path) -> list[str] | None:
    """Find the model of this very job, where a process kept it and was killed before it could say so."""
    if job.attempts < 2 or not (place / "model.json").exists() or load_model(place).data.origin != data.name:
        return None
    return ["the model was kept by an attempt whose process ended before it could say so"]


def _fitted(job: JobRecord, given: GivenFit, data: Path, place: Path, monitor: Monitor) -> list[str]:
    """Fit the model, going on where the process of an earlier attempt was killed; gives the sentences on it."""
    from nettide.tasks.fit import fit

    models, choice, reading = checked_request(given)

    def run(*, resume: bool) -> list[str]:
        done = fit(
            str(data),
            reading,
            model=models[0],
            choice=choice,
            folder=place,
            monitor=monitor,
            resume=resume,
            overwrite=given.overwrite,
        )
        return list(done.notes)

    if job.attempts > 1 and (place / "checkpoint.json").exists():
        with contextlib.suppress(TrainingError, DamagedError):  # of another training, or damaged: begin anew
            return run(resume=True)
    return run(resume=False)
