"""Rules and dashboard: checked by promtool, of metrics that the service has, with queries that PostgreSQL answers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
import yaml
from postgresql_cluster import Cluster
from tools import checked, tool

from nettide.settings import read_settings
from nettide.synthetic.config import SynthConfig
from nettide.tasks.synth import write_synthetic

SERIES = "link-00001"


@pytest.fixture(scope="module", autouse=True)
def _signals() -> Iterator[None]:
    """What the publisher hears as a process of its own, other tests of this process must not."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def dashboard(deploy: Path) -> dict[str, Any]:
    return dict(json.loads((deploy / "grafana" / "dashboards" / "nettide.json").read_text()))


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of all metrics that a service tells, as Prometheus will store them."""
    from nettide.service.app import create_app
    from nettide.service.runtime import runtime

    folder = tmp_path_factory.mktemp("metrics")
    (folder / "models").mkdir()
    settings = read_settings(
        overrides={
            "models": str(folder / "models"),
            "database": f"sqlite:///{folder / 'store.db'}",
            "service.open_metrics": True,
        }
    )
    app = create_app(settings)
    try:
        page = app.test_client().get("/metrics").text
    finally:
        with app.app_context():
            runtime().close()
    names = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", page, flags=re.M):
        names |= {name} if kind != "histogram" else {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    return names


def _named(expression: str) -> set[str]:
    return set(re.findall(r"\bnettide_[a-z_]+", expression))


def _recorded(expression: str) -> set[str]:
    return set(re.findall(r"\bnettide:[a-z0-9_:]+", expression))


def test_promtool_accepts_the_configuration_and_the_rules(deploy: Path) -> None:
    promtool = tool("promtool", package="apt-get install prometheus")
    checked(promtool, "check", "config", "prometheus.yml", folder=deploy / "prometheus")
    checked(promtool, "check", "rules", "--lint=all", "--lint-fatal", "rules.yml", folder=deploy / "prometheus")


def test_the_rules_raise_what_they_should_and_nothing_else(deploy: Path) -> None:
    promtool = tool("promtool", package="apt-get install prometheus")
    checked(promtool, "test", "rules", "rules.test.yml", folder=deploy / "prometheus")


def test_every_alert_is_tested_and_says_what_it_means(deploy: Path) -> None:
    rules = yaml.safe_load((deploy / "prometheus" / "rules.yml").read_text())
    tests = yaml.safe_load((deploy / "prometheus" / "rules.test.yml").read_text())["tests"]
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    raised = {one["alertname"] for test in tests for one in test.get("alert_rule_test", []) if one["exp_alerts"]}
    assert {alert["alert"] for alert in alerts} == raised
    for alert in alerts:
        assert set(alert["annotations"]) == {"summary", "description"}
        assert alert["labels"]["severity"] in {"critical", "warning", "info"}


def test_rules_and_dashboard_name_only_metrics_that_the_service_tells(
    deploy: Path, dashboard: dict[str, Any], metrics: set[str]
) -> None:
    rules = [
        rule
        for group in yaml.safe_load((deploy / "prometheus" / "rules.yml").read_text())["groups"]
        for rule in group["rules"]
    ]
    asked = [rule["expr"] for rule in rules]
    drawn = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", []) if "expr" in target]
    named = set().union(*(_named(one) for one in asked + drawn))
    assert len(named) >= 9
    assert named <= metrics, f"unknown: {named - metrics}; known: {sorted(metrics)}"
    assert set().union(*(_recorded(one) for one in asked + drawn)) <= {rule.get("record") for rule in rules}


def test_promtool_can_read_every_query_of_the_dashboard(dashboard: dict[str, Any], tmp_path: Path) -> None:
    promtool = tool("promtool", package="apt-get install prometheus")
    drawn = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", []) if "expr" in target]
    rules = [
        {"record": f"drawn:{number}", "expr": one.replace("$__rate_interval", "1m")} for number, one in enumerate(drawn)
    ]
    file = tmp_path / "drawn.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "drawn", "rules": rules}]}))
    checked(promtool, "check", "rules", str(file), folder=tmp_path)


def test_the_dashboard_is_what_its_script_writes(script: Callable[[str], ModuleType], deploy: Path) -> None:
    file = deploy / "grafana" / "dashboards" / "nettide.json"
    assert file.read_text() == script("grafana/make_dashboard.py").text(), (
        "run: python deploy/grafana/make_dashboard.py"
    )


def test_panels_have_a_place_of_their_own_and_sources_that_are_provisioned(
    dashboard: dict[str, Any], deploy: Path
) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    provisioned = yaml.safe_load((deploy / "grafana/provisioning/datasources/nettide.yaml").read_text())["datasources"]
    known = {(one["type"], one["uid"]) for one in provisioned}
    used = [target["datasource"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    used += [one["datasource"] for one in dashboard["annotations"]["list"] + dashboard["templating"]["list"]]
    assert {(one["type"], one["uid"]) for one in used} == known
    assert dashboard["time"]["to"] == "now+1d", "the axis must have a future"
    assert "now" in {one["name"] for one in dashboard["annotations"]["list"]}


# Traffic, published as the compose file does and queried as Grafana does.


@pytest.fixture(scope="module")
def published(
    cluster: Cluster, script: Callable[[str], ModuleType], deploy: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database with two links until now, with the right role for Grafana; gives that role's URL."""
    name = cluster.create()
    url = cluster.url(name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((deploy / "grafana" / "tables.sql").read_text())
    _reader(deploy, cluster, name)
    file = tmp_path_factory.mktemp("traffic") / "traffic.csv"
    _traffic_until_now(file)
    publish = script("grafana/publish.py")
    assert publish.main([str(file), "--database", url]) == 0
    yield url.replace("nettide@", "grafana_reader@")
    cluster.drop(name)


def _reader(deploy: Path, cluster: Cluster, name: str) -> None:
    environment = {
        **os.environ,
        "PGHOST": str(cluster.folder),
        "POSTGRES_USER": "nettide",
        "POSTGRES_DB": name,
        "GRAFANA_READER_PASSWORD": "it's made up",
    }
    psql = tool("psql", package="apt-get install postgresql-client")
    assert psql
    subprocess.run(["sh", deploy / "grafana" / "reader.sh"], env=environment, check=True, capture_output=True)


def _traffic_until_now(file: Path) -> None:
    points = 21 * 24 + 1
    start = int(datetime.now(UTC).timestamp()) // 3600 * 3600 - 3600 * (points - 1)
    write_synthetic(SynthConfig(series=2, points=points, start=start, events_per_month=0.0, seed=3), file)
    lines = file.read_text().splitlines()
    odd = len(lines) - 30  # a peak on the second link
    parts = lines[odd].split(",")
    lines[odd] = ",".join([*parts[:2], str(float(parts[2]) * 8)])
    file.write_text("\n".join(lines) + "\n")


def _expanded(query: str) -> str:
    """Do what Grafana does to a query before it is sent."""
    return (
        query.replace("${series:sqlstring}", f"'{SERIES}'")
        .replace("$__timeFilter(time)", "time BETWEEN now() - interval '7 days' AND now() + interval '1 day'")
        .replace("$__timeFrom()", "now() - interval '7 days'")
        .replace("$__timeTo()", "now() + interval '1 day'")
    )


def _rows(url: str, query: str) -> list[dict[str, Any]]:
    from psycopg.rows import dict_row

    expanded = _expanded(query)
    assert "$" not in expanded, expanded
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(expanded).fetchall()  # type: ignore[arg-type]  # the queries are files of ours


def _panel_query(dashboard: dict[str, Any], title: str) -> str:
    (panel,) = [one for one in dashboard["panels"] if title in one["title"]]
    return str(panel["targets"][0]["rawSql"])


def test_the_traffic_panel_shows_the_past_a_band_and_a_day_ahead(published: str, dashboard: dict[str, Any]) -> None:
    rows = _rows(published, _panel_query(dashboard, "measured, expected"))
    now = datetime.now(UTC)
    past = [row for row in rows if row["measured"] is not None]
    ahead = [row for row in rows if row["time"] > now and row["measured"] is None]
    assert len(past) >= 24 * 6
    assert len(ahead) == 24
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    for row in ahead:
        assert 0 <= row["low"] <= row["expected"] <= row["high"]
    inside = [row["low"] <= row["measured"] <= row["high"] for row in past if row["low"] is not None]
    assert sum(inside) / len(inside) > 0.5


def test_every_other_query_is_answered_and_the_now_line_is_now(published: str, dashboard: dict[str, Any]) -> None:
    marks = {one["name"]: _rows(published, one["target"]["rawSql"]) for one in dashboard["annotations"]["list"]}
    assert abs(marks["now"][0]["time"] / 1000 - datetime.now(UTC).timestamp()) < 60
    (variable,) = dashboard["templating"]["list"]
    assert [row["series"] for row in _rows(published, variable["query"])] == ["link-00001", "link-00002"]
    incidents = _rows(published, _panel_query(dashboard, "Anomalies of all series"))
    assert any(row["series"] == "link-00002" for row in incidents), incidents
    assert _rows(published, _panel_query(dashboard, "Age of the shown forecast"))[0]["age"] < 600


def test_grafana_can_change_nothing_and_sees_nothing_of_the_service(published: str) -> None:
    with psycopg.connect(published) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM grafana.points")
    with psycopg.connect(published, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM grafana.points")


def test_a_history_that_cannot_be_read_is_told_in_one_sentence(
    cluster: Cluster, script: Callable[[str], ModuleType], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish = script("grafana/publish.py")
    assert publish.main([str(tmp_path / "absent.csv"), "--database", cluster.url("postgres")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("not published: ")
    assert told.count("\n") == 1
