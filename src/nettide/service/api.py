"""The table of operations: everything that the service answers, and what a key needs for it."""

from __future__ import annotations

from nettide.service import forecasting, given, jobs_api, judging, managing, pages
from nettide.service import schemas as shapes
from nettide.service.operations import NEW_ID, Link, Operation, Query
from nettide.store.sql.keys import Scope

_CSV = ("application/json", "text/csv")
_PAGE = Query("limit", "at most so many", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50})
_AFTER = Query("after", "the last job of the page before", {"type": "string", "pattern": "^[0-9a-f]{20}$"})

OPERATIONS: tuple[Operation, ...] = (
    Operation("alive", "GET", "/healthz", None, "Whether the process answers.", pages.alive, answer=shapes.Health),
    Operation(
        "ready",
        "GET",
        "/readyz",
        None,
        "Whether forecasts can be asked for.",
        pages.ready,
        answer=shapes.Health,
        problems=(503,),
    ),
    Operation(
        "listModels",
        "GET",
        "/api/v1/models",
        Scope.read,
        "List the models there are.",
        managing.list_models,
        answer=shapes.ModelsAnswer,
    ),
    Operation(
        "describeModel",
        "GET",
        "/api/v1/models/<name>",
        Scope.read,
        "Describe one model.",
        managing.describe_model,
        answer=shapes.ModelAnswer,
        problems=(404, 422),
    ),
    *(
        Operation(
            f"{verb}Model",
            "POST",
            f"/api/v1/models/<name>/{verb}",
            Scope.admin,
            about,
            handler,
            answer=shapes.ModelAnswer,
            problems=(404, 422),
        )
        for verb, about, handler in (
            ("load", "Load a model into the memory of all workers.", managing.load_model),
            ("unload", "Put a model out of memory until it is asked for.", managing.unload_model),
            ("pin", "Let a model stay in memory when others make room.", managing.pin_model),
            ("unpin", "Let a model make room for others.", managing.unpin_model),
        )
    ),
    Operation(
        "forecast",
        "POST",
        "/api/v1/forecast",
        Scope.forecast,
        "Forecast one or many series from a posted history.",
        forecasting.forecast,
        body="json",
        given=given.GivenForecast,
        answer=shapes.ForecastAnswer,
        media=_CSV,
        problems=(404,),
    ),
    Operation(
        "next",
        "POST",
        "/api/v1/next",
        Scope.forecast,
        "Forecast the next step from the last ones.",
        forecasting.next_step,
        body="json",
        given=given.GivenSteps,
        answer=shapes.StepAnswer,
        problems=(404,),
    ),
    Operation(
        "anomalies",
        "POST",
        "/api/v1/anomalies",
        Scope.forecast,
        "Say how unusual the last posted points are.",
        judging.anomalies,
        body="json",
        given=given.GivenPoints,
        answer=shapes.PointsAnswer,
        problems=(404,),
    ),
    Operation(
        "upload",
        "POST",
        "/api/v1/files",
        Scope.forecast,
        "Keep a CSV or Parquet file of history for jobs.",
        jobs_api.upload,
        body="file",
        answer=shapes.FileAnswer,
        status=201,
        links=(Link("submitJob", body={"kind": "backtest", "file": NEW_ID, "horizon": 24}),),
    ),
    Operation(
        "submitJob",
        "POST",
        "/api/v1/jobs",
        Scope.forecast,
        "Backtest models, or fit one, on an uploaded file.",
        jobs_api.submit,
        body="json",
        given=given.GivenJob,
        answer=shapes.JobAnswer,
        status=202,
        problems=(404,),
        links=tuple(Link(name, parameter="id") for name in ("getJob", "cancelJob", "jobResult", "jobFile")),
    ),
    Operation(
        "listJobs",
        "GET",
        "/api/v1/jobs",
        Scope.read,
        "List jobs, the newest first.",
        jobs_api.list_jobs,
        answer=shapes.JobsAnswer,
        problems=(404, 422),
        queries=(_PAGE, _AFTER),
    ),
    Operation(
        "getJob",
        "GET",
        "/api/v1/jobs/<id>",
        Scope.read,
        "Say where a job is.",
        jobs_api.get_job,
        answer=shapes.JobAnswer,
        problems=(404,),
    ),
    Operation(
        "cancelJob",
        "POST",
        "/api/v1/jobs/<id>/cancel",
        Scope.forecast,
        "Cancel a job.",
        jobs_api.cancel_job,
        answer=shapes.JobAnswer,
        problems=(404, 409),
    ),
    Operation(
        "jobResult",
        "GET",
        "/api/v1/jobs/<id>/result",
        Scope.read,
        "Give what a job gave.",
        jobs_api.job_result,
        answer=shapes.JobResult,
        media=_CSV,
        problems=(404, 409),
    ),
    Operation(
        "jobFile",
        "GET",
        "/api/v1/jobs/<id>/files/<file>",
        Scope.read,
        "Give a file that a job made.",
        jobs_api.job_file,
        media=("application/octet-stream", "text/csv", "text/html"),
        problems=(404,),
    ),
)
"""The API as it is documented."""
PAGES: tuple[Operation, ...] = (
    Operation("openapi", "GET", "/openapi.json", None, "The OpenAPI document.", pages.openapi),
    Operation("home", "GET", "/", None, "A page for trying it by hand.", pages.home),
    Operation("docs", "GET", "/docs", None, "Interactive documentation.", pages.docs),
    Operation("asset", "GET", "/static/<file>", None, "Scripts and styles of the pages.", pages.asset),
)
METRICS = Operation("metrics", "GET", "/metrics", Scope.read, "Metrics for Prometheus.", pages.metrics)
