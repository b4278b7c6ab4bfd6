"""Handlers of files and background jobs: upload, submit, progress, result, cancel."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from flask import Response, request

from nettide.models import MODELS
from nettide.service.answers import csv_response, json_response, time_text, wants_csv
from nettide.service.csv_text import csv_text
from nettide.service.given import GivenJob
from nettide.service.job_request import checked_request
from nettide.service.logs import log
from nettide.service.problems import ProblemError, not_found
from nettide.service.runtime import caller, owner, runtime
from nettide.service.schemas import FileAnswer, JobAnswer, JobsAnswer
from nettide.service.uploads import UPLOADS
from nettide.store.sql.job_record import JobRecord, JobState

_PARQUET = b"PAR1"


def upload() -> Response:
    """Keep a file of history for jobs."""
    limit = runtime().settings.limits.upload_bytes
    media = request.mimetype or "application/octet-stream"
    if media not in UPLOADS:
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"a file must be of one of the types {', '.join(UPLOADS)}"
        )
    if (request.content_length or 0) > limit:
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a file may have {limit:,} bytes here")
    content = request.get_data(cache=False)
    if not content:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "the file is empty; send its bytes as the body")
    media = "application/vnd.apache.parquet" if content.startswith(_PARQUET) else "text/csv"
    kept = runtime().store.results.put(content, media, caller().id)
    return json_response(FileAnswer(id=kept.id, bytes=kept.size, sha256=kept.sha256), status=201)


def submit(body: GivenJob) -> Response:
    """Put a backtest or a training in the queue."""
    given = body.root
    if unknown_kinds := [name for name in given.models if name not in MODELS]:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"models: {unknown_kinds[0]!r} is none of {', '.join(sorted(MODELS))}"
        )
    checked_request(given)
    store = runtime().store
    if store.results.find(given.file, caller().id) is None:
        raise not_found(f"file {given.file} does not exist, or belongs to another key; upload it first")
    asked = given.model_dump(exclude_defaults=True)
    job = store.jobs.submit(given.kind, asked, caller().id, most_open=runtime().settings.limits.jobs)
    log(logging.INFO, "job submitted", job=job.id, kind=job.kind, key=caller().id)
    answer = json_response(_answer(job), status=202)
    answer.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return answer


def list_jobs() -> Response:
    """List the caller's jobs, the newest first; everyone's for an admin."""
    limit = request.args.get("limit", "50")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:5]) <= 1000:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "limit: write a number from 1 to 1000")
    after = request.args.get("after")
    if after is not None and runtime().store.jobs.get(after, owner()) is None:
        raise not_found(f"there is no job {after[:20]!r} to go on after, or it belongs to another key")
    found = runtime().store.jobs.list(owner(), int(limit), after)
    return json_response(JobsAnswer(jobs=[_answer(job) for job in found]))


def get_job(id: str) -> Response:
    """Say where a job is."""
    return json_response(_answer(_job(id)))


def cancel_job(id: str) -> Response:
    """Cancel a job; one that runs ends at its next step."""
    job = runtime().store.jobs.request_cancel(id, owner())
    if job is None:
        raise not_found("there is no such job, or it belongs to another key")
    if job.state in (JobState.done, JobState.failed):
        raise ProblemError(HTTPStatus.CONFLICT, f"the job has ended already: it is {job.state}")
    return json_response(_answer(job))


def job_result(id: str) -> Response:
    """Give what a job that is done gave; its table as CSV where the client asks for it."""
    job = _job(id)
    if job.state is not JobState.done or job.result_id is None:
        raise ProblemError(HTTPStatus.CONFLICT, f"the job has no result: it is {job.state}")
    found = runtime().store.results.get(job.result_id, None)
    if found is None:
        raise not_found("the result is no longer kept")
    document: dict[str, Any] = json.loads(found[1])
    if wants_csv():
        rows = document["table"]
        names = list(rows[0]) if rows else []
        return csv_response(csv_text(names, ([row.get(name) for name in names] for row in rows)), name="table.csv")
    document["files"] = {name: f"/api/v1/jobs/{id}/files/{name}" for name in document["files"]}
    return json_response(document)


def job_file(id: str, file: str) -> Response:
    """Give a file that a job made."""
    job = _job(id)
    result = None if job.result_id is None else runtime().store.results.get(job.result_id, None)
    kept = None if result is None else json.loads(result[1])["files"].get(file)
    found = None if kept is None else runtime().store.results.get(kept, None)
    if found is None:
        raise not_found("the job made no such file, or it is no longer kept")
    answer = Response(found[1], content_type=found[0].media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def _job(id: str) -> JobRecord:
    job = runtime().store.jobs.get(id, owner())
    if job is None:
        raise not_found("there is no such job, or it belongs to another key")
    return job


def _answer(job: JobRecord) -> JobAnswer:
    return JobAnswer(
        id=job.id,
        kind=job.kind,
        state=job.state.value,
        progress=job.progress,
        note=job.note,
        message=job.message,
        cancel_requested=job.cancel_requested,
        request=job.request,
        created=time_text(job.created) or "",
        started=time_text(job.started),
        finished=time_text(job.finished),
        result=f"/api/v1/jobs/{job.id}/result" if job.state is JobState.done and job.result_id else None,
    )
