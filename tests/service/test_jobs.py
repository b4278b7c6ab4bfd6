"""Background jobs: upload, run, progress, result, cancel."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest
from made_service import END, Service, daily, panel, service

from nettide.models.contract import Epoch, Monitor, Silent
from nettide.service.given import GivenFit, GivenJob
from nettide.service.job_fit import data_name, fit_document
from nettide.service.job_process import purge_old, run_jobs
from nettide.store.models import load_model
from nettide.store.sql.job_record import JobState
from nettide.store.sql.keys import Scope

ASKED = {"kind": "backtest", "horizon": 6, "models": ["naive", "seasonal-naive"]}


def csv_of_panel() -> bytes:
    rows = ["time,link,bits"]
    made = panel(2, 24 * 10)
    for row, id in enumerate(made.ids):
        rows += [f"{when}Z,{id},{value:.0f}" for when, value in zip(made.times, made.target[row], strict=True)]
    return "\n".join(rows).encode()


def uploaded(here: Service, key: dict[str, str], content: bytes | None = None) -> str:
    sent = csv_of_panel() if content is None else content
    answer = here.client().post("/api/v1/files", data=sent, content_type="text/csv", headers=key)
    assert answer.status_code == 201
    found: str = answer.get_json()["id"]
    return found


def submitted(here: Service, key: dict[str, str], **more: Any) -> dict[str, Any]:
    body = {"file": uploaded(here, key), **ASKED, **more}
    answer = here.client().post("/api/v1/jobs", json=body, headers=key)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/jobs/{found['id']}"
    return found


def work(here: Service) -> None:
    run_jobs(here.settings, ending=threading.Event(), until_empty=True)


def test_a_backtest_is_queued_done_and_its_result_downloaded(shared: Service) -> None:
    key = shared.key()
    job = submitted(shared, key)
    assert (job["state"], job["progress"], job["result"]) == ("queued", 0.0, None)
    client = shared.client()
    assert client.get(f"/api/v1/jobs/{job['id']}/result", headers=key).status_code == 409
    work(shared)
    done = client.get(f"/api/v1/jobs/{job['id']}", headers=key).get_json()
    assert (done["state"], done["progress"], done["message"]) == ("done", 1.0, None)
    result = client.get(done["result"], headers=key).get_json()
    assert {row["model"] for row in result["table"]} == {"naive", "seasonal-naive"}
    assert result["headline"]
    assert any("verdict" in sentence for sentence in result["sentences"])
    table = client.get(done["result"], headers={**key, "Accept": "text/csv"})
    assert table.text.splitlines()[0].startswith("model,")
    report = client.get(result["files"]["report.html"], headers=key)
    assert report.headers["Content-Disposition"] == 'attachment; filename="report.html"'
    assert report.headers["Content-Security-Policy"].startswith("sandbox")
    forecasts = client.get(result["files"]["forecasts.parquet"], headers=key)
    assert parquet.read_table(io.BytesIO(forecasts.data)).num_rows > 0
    assert client.post(f"/api/v1/jobs/{job['id']}/cancel", headers=key).status_code == 409


def test_a_model_is_fitted_by_a_job_and_asked_for_forecasts_at_once(shared: Service) -> None:
    key = shared.key()
    more = {"kind": "fit", "name": "fitted-here", "models": ["lstm"], "epochs": 1, "options": {"hidden": "4"}}
    job = submitted(shared, key, **more)
    work(shared)
    result = shared.client().get(f"/api/v1/jobs/{job['id']}/result", headers=key).get_json()
    assert result["model"] == "fitted-here"
    asked = {"model": "fitted-here", "end": END, "series": [{"id": "a", "values": daily()}]}
    answer = shared.post("/api/v1/forecast", asked)
    assert (answer.status_code, len(answer.get_json()["times"])) == (200, 6)
    again = submitted(shared, key, **more)
    work(shared)
    told = shared.client().get(f"/api/v1/jobs/{again['id']}", headers=key).get_json()
    assert told["state"] == "failed"
    assert "already holds a model" in told["message"]
    assert str(shared.settings.models) not in told["message"]


def test_a_file_that_cannot_be_read_fails_the_job_with_a_sentence(shared: Service) -> None:
    key = shared.key()
    body = {"file": uploaded(shared, key, b"time,y\n2026-01-01,1\nnonsense,2\n"), **ASKED}
    job = shared.client().post("/api/v1/jobs", json=body, headers=key).get_json()
    work(shared)
    told = shared.client().get(f"/api/v1/jobs/{job['id']}", headers=key).get_json()
    assert told["state"] == "failed"
    assert told["message"].startswith("data.csv")
    assert "tmp" not in told["message"]


def test_a_job_that_waits_is_cancelled_at_once(shared: Service) -> None:
    key = shared.key()
    job = submitted(shared, key)
    answer = shared.client().post(f"/api/v1/jobs/{job['id']}/cancel", headers=key)
    assert answer.get_json()["state"] == "cancelled"


def running(here: Service, **more: Any) -> tuple[str, threading.Event, threading.Thread]:
    """A training that goes on for long, its process's end, and the thread that stands for the process."""
    job = submitted(here, here.key(), kind="fit", name="endless", models=["lstm"], epochs=100_000, **more)
    ending = threading.Event()
    worker = threading.Thread(target=run_jobs, args=(here.settings,), kwargs={"ending": ending, "until_empty": True})
    worker.start()
    for _ in range(600):
        found = here.store.jobs.get(job["id"], None)
        assert found is not None
        if found.state is JobState.running and found.note.startswith("fitting"):
            break
        threading.Event().wait(0.05)
    return job["id"], ending, worker


def test_a_job_that_runs_ends_when_it_is_cancelled_and_keeps_no_model(shared: Service) -> None:
    id, _, worker = running(shared)
    assert shared.client().post(f"/api/v1/jobs/{id}/cancel", headers=shared.key()).status_code == 200
    worker.join(timeout=30)
    job = shared.store.jobs.get(id, None)
    assert job is not None
    assert job.state is JobState.cancelled
    assert not (shared.settings.models / "endless" / "model.json").exists()


def test_a_job_whose_process_ends_goes_back_to_the_queue(shared: Service) -> None:
    id, ending, worker = running(shared)
    ending.set()
    worker.join(timeout=30)
    job = shared.store.jobs.get(id, None)
    assert job is not None
    assert (job.state, job.attempts, job.worker) == (JobState.queued, 0, None)
    shared.store.jobs.request_cancel(id)


def killed_attempt(here: Service, folder: Path, monitor: Monitor, **asked: Any) -> str:
    """A job whose process fits, or begins to, and is heard of no more."""
    job_id: str = submitted(here, here.key(), kind="fit", **asked)["id"]
    taken = here.store.jobs.claim("killed", 0.2)
    assert taken is not None
    assert taken.id == job_id
    data = folder / f"{data_name(taken)}.csv"
    data.write_bytes(csv_of_panel())
    given = GivenJob.model_validate(taken.request).root
    assert isinstance(given, GivenFit)
    with contextlib.suppress(KilledError):
        fit_document(here.settings.models, taken, given, data, monitor)
    time.sleep(0.3)
    return job_id


class KilledError(Exception):
    """The process ends in the middle of a training."""


class Killer(Silent):
    """Ends a training after some epochs."""

    def on_epoch(self, report: Epoch) -> None:
        if report.epoch == 3:
            raise KilledError


def test_a_model_that_was_kept_before_its_process_was_killed_is_not_fitted_again(tmp_path: Path) -> None:
    with service(tmp_path) as here:
        id = killed_attempt(here, tmp_path, Silent(), name="kept", models=["naive"])
        kept = load_model(here.settings.models / "kept").created
        work(here)
        job = here.store.jobs.get(id, None)
        assert job is not None
        assert (job.state, job.attempts) == (JobState.done, 2)
        assert load_model(here.settings.models / "kept").created == kept
        result = here.get(f"/api/v1/jobs/{id}/result").get_json()
        assert result["sentences"] == ["the model was kept by an attempt whose process ended before it could say so"]
        assert result["headline"].startswith("naive was fitted on 2 series")


def test_a_training_whose_process_was_killed_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    asked = {"models": ["gru"], "epochs": 5, "options": {"hidden": "4"}}
    with service(tmp_path) as here:
        whole = submitted(here, here.key(), kind="fit", name="whole", **asked)["id"]
        work(here)
        id = killed_attempt(here, tmp_path, Killer(), name="killed", **asked)
        assert (here.settings.models / "killed" / "checkpoint.json").exists()
        work(here)
        for one in (whole, id):
            job = here.store.jobs.get(one, None)
            assert job is not None
            assert job.state is JobState.done, job.message
        first, second = (load_model(here.settings.models / name).state.tensors for name in ("whole", "killed"))
        assert first.keys() == second.keys()
        assert all(np.array_equal(first[name], second[name]) for name in first)
        assert not (here.settings.models / "killed" / "checkpoint.json").exists()


def test_a_job_that_takes_too_long_fails_and_says_so(tmp_path: Any) -> None:
    with service(tmp_path, limits__job_seconds=1.5) as here:
        id, _, worker = running(here)
        worker.join(timeout=30)
        job = here.store.jobs.get(id, None)
        assert job is not None
        assert (job.state, job.message) == (JobState.failed, "it took longer than a job may here; ask for less")


def test_another_key_sees_neither_job_nor_file_and_an_admin_sees_all(shared: Service) -> None:
    mine, other = shared.key(Scope.read, Scope.forecast), shared.key(Scope.read, Scope.forecast)
    job = submitted(shared, mine)
    client = shared.client()
    for path in ("", "/result"):
        assert client.get(f"/api/v1/jobs/{job['id']}{path}", headers=other).status_code == 404
    assert client.post(f"/api/v1/jobs/{job['id']}/cancel", headers=other).status_code == 404
    assert job["id"] not in client.get("/api/v1/jobs", headers=other).text
    stolen = client.post("/api/v1/jobs", json={"file": job["request"]["file"], **ASKED}, headers=other)
    assert (stolen.status_code, "does not exist" in stolen.text) == (404, True)
    assert job["id"] in client.get("/api/v1/jobs", headers=shared.key(Scope.read, Scope.admin)).text
    client.post(f"/api/v1/jobs/{job['id']}/cancel", headers=mine)


def test_jobs_of_one_key_are_limited(tmp_path: Any) -> None:
    with service(tmp_path, limits__jobs=1) as here:
        key = here.key()
        submitted(here, key)
        answer = here.client().post("/api/v1/jobs", json={"file": uploaded(here, key), **ASKED}, headers=key)
        assert answer.status_code == 429
        assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"models": ["lsmt"]}, 422, "models: 'lsmt' is none of"),
        ({"options": {"hiden": "3"}, "models": ["lstm"]}, 422, "did you mean 'hidden'"),
        ({"kind": "fit", "models": []}, 422, "fit.name: Field required"),
        ({"kind": "fit", "name": "a", "models": ["lstm", "gru"]}, 422, "fit.models: List should have at most 1 item"),
        ({"name": "a"}, 422, "backtest.name: Extra inputs are not permitted"),
        (
            {"kind": "fit", "name": "a", "models": [], "test_fraction": 0.2},
            422,
            "fit.test_fraction: Extra inputs are not permitted",
        ),
        ({"kind": "tune"}, 422, "does not match any of the expected tags: 'backtest', 'fit'"),
        ({"budget": "10s"}, 422, "--budget is for auto alone"),
        ({"zone": "Mars"}, 422, "Mars"),
        ({"file": "0" * 20}, 404, "file 00000000000000000000 does not exist"),
    ],
)
def test_a_job_that_cannot_be_done_is_refused_at_once(
    shared: Service, change: dict[str, Any], status: int, message: str
) -> None:
    key = shared.key()
    answer = shared.client().post("/api/v1/jobs", json={"file": uploaded(shared, key), **ASKED, **change}, headers=key)
    assert answer.status_code == status
    assert message in answer.get_json()["detail"]


def test_old_uploads_jobs_and_results_are_removed(tmp_path: Any) -> None:
    with service(tmp_path, limits__keep_days=1e-9) as here:
        key = here.key()
        file = uploaded(here, key)
        purge_old(here.store, here.settings)
        assert here.store.results.find(file, None) is None
