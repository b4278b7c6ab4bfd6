"""What the service refuses, and how it says so."""

from __future__ import annotations

import json
import logging
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made_service import END, Service, daily, service

from nettide.service.access import Gate
from nettide.service.api import OPERATIONS, PAGES
from nettide.service.csv_text import csv_text
from nettide.service.logs import JsonLines
from nettide.service.problems import ProblemError
from nettide.service.rates import Rates
from nettide.service.strict_json import parse
from nettide.store.sql.keys import Scope

OPEN = {operation.path for operation in (*OPERATIONS, *PAGES) if operation.scope is None}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


def test_only_health_and_pages_are_open_to_all() -> None:
    assert {"/healthz", "/readyz", "/", "/docs", "/openapi.json", "/static/<file>"} == OPEN


def test_without_a_key_no_route_and_method_does_anything(shared: Service) -> None:
    tried = 0
    for rule in shared.app.url_map.iter_rules():
        path = rule.rule.replace("<name>", "base").replace("<id>", "0" * 20).replace("<file>", "page.css")
        for method in METHODS:
            for headers in ({}, {"Authorization": "Bearer ntd_x"}, {"Authorization": "Basic YTpi"}):
                answer = shared.client().open(path, method=method, headers=headers)
                if rule.rule in OPEN and method in ("GET", "HEAD"):
                    assert answer.status_code == 200
                else:
                    assert answer.status_code in (401, 405), (rule.rule, method)
                tried += 1
    assert tried > 400


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.scope], ids=lambda one: one.name)
def test_a_key_of_other_scopes_is_refused(shared: Service, operation: object) -> None:
    path = operation.path.replace("<name>", "base").replace("<id>", "0" * 20).replace("<file>", "x")  # type: ignore[attr-defined]
    others = [scope for scope in Scope if scope is not operation.scope]  # type: ignore[attr-defined]
    answer = shared.client().open(path, method=operation.method, headers=shared.key(*others))  # type: ignore[attr-defined]
    assert answer.status_code == 403
    assert f"scope '{operation.scope}'" in answer.get_json()["detail"]  # type: ignore[attr-defined]


def test_a_key_that_was_revoked_or_has_expired_is_refused(shared: Service) -> None:
    token, record = shared.store.keys.create("gone", frozenset(Scope), None)
    shared.store.keys.revoke(record.id)
    soon, _ = shared.store.keys.create("soon", frozenset(Scope), datetime.now(UTC) + timedelta(seconds=0.3))
    client = shared.client()
    assert client.get("/api/v1/models", headers={"Authorization": f"Bearer {soon}"}).status_code == 200
    time.sleep(0.4)
    for one in (token, soon):
        answer = client.get("/api/v1/models", headers={"Authorization": f"Bearer {one}"})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="nettide"'


def test_a_key_that_asks_too_often_waits_and_another_does_not(shared: Service, tmp_path: Path) -> None:
    now = [0.0]
    rates = Rates(tmp_path / "rates", per_minute=60, burst=3)
    gate = Gate(shared.store.keys, rates, per_minute=60, clock=lambda: now[0])
    one, other = (shared.key()["Authorization"] for _ in range(2))
    for _ in range(3):
        gate.admit(one, Scope.read)
    with pytest.raises(ProblemError, match="more often than 60 times a minute") as caught:
        gate.admit(one, Scope.read)
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "1")
    gate.admit(other, Scope.read)
    now[0] += 1.0
    gate.admit(one, Scope.read)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"a": NaN}', "holds NaN"),
        (b'{"a": -Infinity}', "holds -Infinity"),
        (b'{"a": 1, "a": 2}', "has the name 'a' twice"),
        (b'{"a": [1, }', "goes wrong at character"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"", "goes wrong at character 0"),
        (b"[" * 100_000, "nests deeper than 8 levels"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nests deeper than 8 levels"),
        (b"[" + b"9" * 5000 + b"]", "Exceeds the limit"),
    ],
)
def test_json_is_strict(raw: bytes, message: str) -> None:
    with pytest.raises(ProblemError, match=message) as caught:
        parse(raw, depth=8)
    assert caught.value.status == 400


def test_brackets_in_texts_do_not_count_as_nesting() -> None:
    text = json.dumps({"a": '[[[[[[[[[[{"\\', "b": ["]"]})
    assert parse(text.encode(), depth=2) == json.loads(text)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_of_another_type_is_refused(shared: Service, kind: str) -> None:
    answer = shared.client().post("/api/v1/next", data=b"{}", content_type=kind, headers=shared.key())
    assert (answer.status_code, "as JSON" in answer.get_json()["detail"]) == (415, True)


def test_limits_hold(tmp_path: object) -> None:
    limits = {"series": 2, "points": 200, "horizon": 5, "body_bytes": 6000, "upload_bytes": 7000}
    with service(tmp_path, **{f"limits__{name}": value for name, value in limits.items()}) as small:  # type: ignore[arg-type]
        row = {"values": daily(10), "end": END}

        def asked(count: int, steps: int, **more: object) -> tuple[int, str]:
            series = [{"id": str(place), "values": [1] * steps} for place in range(count)]
            answer = small.post("/api/v1/forecast", {"series": series, **more})
            return answer.status_code, answer.get_json().get("detail", "")

        assert asked(2, 100, horizon=5)[0] == 200
        told = "2 series x 101 steps x 1 channels are more than this service takes (200); send fewer at a time"
        assert asked(2, 101) == (413, told)
        assert asked(3, 2)[0] == 413
        assert asked(1, 2, horizon=6) == (422, "horizon 6 is beyond the 5 steps that this service forecasts")
        assert small.post("/api/v1/next", {**row, "model": "b" * 6000}).status_code == 413
        upload = {"data": b"x" * 7001, "content_type": "text/csv", "headers": small.key()}
        assert small.client().post("/api/v1/files", **upload).status_code == 413  # type: ignore[arg-type]
        assert small.client().post("/api/v1/files", **{**upload, "data": b"x" * 7000}).status_code == 201  # type: ignore[arg-type]


def test_every_answer_has_security_headers_and_none_allows_other_origins(shared: Service) -> None:
    for path in ("/", "/docs", "/healthz", "/nope", "/api/v1/models", "/static/page.js"):
        answer = shared.client().get(path, headers={"Origin": "https://evil.example"})
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(shared: Service) -> None:
    for path in ("/", "/docs"):
        text = shared.client().get(path).text
        assert "<script>" not in text
        assert "<style" not in text
        assert not re.search(r"<[^>]*\son\w+=", text)
        for quoted in text.split('"'):
            if "//" in quoted:
                raise AssertionError(quoted)
            if quoted.startswith("/static/"):
                assert shared.client().get(quoted).status_code == 200


def test_an_error_of_ours_is_told_without_its_trace(shared: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret path /etc/nettide")

    monkeypatch.setattr("nettide.service.shelf.Shelf.describe_all", broken)
    answer = shared.get("/api/v1/models")
    assert answer.status_code == 500
    assert answer.get_json()["title"] == "Internal Server Error"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_log_line_cannot_be_broken_and_holds_no_secret() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "event", None, None)
    record.fields = {
        "path": 'a\nb\r\u2028{"level":"fake"}',
        "told": "key ntd_abcdefghijkl_0123456789012345678901234567890123456789012 and postgresql://me:secret@db/x",
    }
    line = JsonLines().format(record)
    assert len(line.splitlines()) == 1
    assert "0123456789" not in line
    assert "secret" not in line
    assert json.loads(line)["path"].startswith("a\nb")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert csv_text(["a"], [[text]]).split("\r\n", 1)[1].lstrip('"').startswith("'")
    assert csv_text(["a"], [[-1.5]]) == "a\r\n-1.5\r\n"


def test_what_does_not_exist_is_told_as_a_problem(shared: Service) -> None:
    for path, status in (("/nope", 404), ("/api/v1/jobs/zz", 404), ("/static/../app.py", 404), ("/static/app.py", 404)):
        answer = shared.get(path)
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
        assert answer.get_json()["status"] == status
    wrong = shared.client().delete("/api/v1/models")
    assert (wrong.status_code, sorted(wrong.headers["Allow"].split(", "))) == (405, ["GET", "HEAD"])
