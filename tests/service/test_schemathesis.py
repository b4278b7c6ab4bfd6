"""schemathesis, all checks, against a server that runs; benchmarks/serve_schema.py does the same with more cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_service import served

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_a_server_does_what_its_document_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    from serve_schema import run_schemathesis

    with served(tmp_path, "--workers", "1", "--job-workers", "0") as server:
        ran = run_schemathesis(server, examples=3, phases="examples,fuzzing,stateful")
        assert (ran.failures, ran.server_errors) == (0, 0), ran.text
        assert ran.cases > 60
        assert not [line for line in server.log() if line["event"] == "fault"]


@pytest.mark.parametrize(
    ("body", "breaks"),
    [
        ({"series": [{"id": "a", "values": [1]}]}, False),
        ({"series": [{"id": "a", "values": [1]}] * 2}, True),
        ({"series": [{"id": "a", "values": [1]}, {"id": "b", "values": [1, 2]}]}, False),
        ({"start": "2026-01-01", "series": [{"id": "a", "values": [1]}, {"id": "b", "values": [1, 2]}]}, True),
        ({"points": 2, "series": [{"id": "a", "values": [1]}]}, True),
        ({"false_alarms_per_week": 17, "series": [{"id": "a", "values": [1]}]}, True),
        ({"false_alarms_per_week": 16, "series": [{"id": "a", "values": [1]}]}, False),
        ({"series": [{"id": "a", "values": [1], "channels": {"x": [1, 2]}}]}, True),
        (
            {
                "series": [{"id": "a", "values": [1]}],
                "events": [{"kind": "event", "start": "2026-01-02", "end": "2026-01-02T00:00+01:00"}],
            },
            True,
        ),
        ({"models": ["naive"], "budget": "10s"}, True),
        ({"models": [], "budget": "10s"}, False),
        ({"models": ["naive"], "epochs": 3}, True),
        ({"models": ["lstm"], "epochs": 3}, False),
    ],
)
def test_only_what_breaks_a_rule_in_words_is_left_out(body: object, breaks: bool) -> None:
    from worded_rules import breaks_a_worded_rule

    assert breaks_a_worded_rule(body) is breaks
