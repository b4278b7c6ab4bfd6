"""Write dashboards/nettide.json: traffic with its forecast, band, anomalies and a "now" line; and the service's health.

Example: python deploy/grafana/make_dashboard.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "dashboards" / "nettide.json"
Object = dict[str, Any]
PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
TRAFFIC = {"type": "grafana-postgresql-datasource", "uid": "traffic"}
GRAFANA = {"type": "grafana", "uid": "-- Grafana --"}

SHOWN = """\
SELECT time, value AS "measured", expected AS "expected", low AS "low", high AS "high",
       CASE WHEN anomaly THEN value END AS "anomaly"
FROM grafana.points WHERE series = ${series:sqlstring} AND $__timeFilter(time)
UNION ALL
SELECT time, NULL, expected, low, high, NULL
FROM grafana.forecast WHERE series = ${series:sqlstring} AND $__timeFilter(time)
ORDER BY 1"""
NOW = "SELECT (extract(epoch FROM now()) * 1000)::bigint AS time, 'now' AS text"
INCIDENT_MARKS = """\
SELECT (extract(epoch FROM started) * 1000)::bigint AS time, (extract(epoch FROM ended) * 1000)::bigint AS timeend,
       text, severity || ',' || kind AS tags
FROM grafana.incidents
WHERE series = ${series:sqlstring} AND started <= $__timeTo() AND ended >= $__timeFrom()"""
INCIDENT_LIST = """\
SELECT started, ended, series, severity, kind, text FROM grafana.incidents
WHERE started <= $__timeTo() AND ended >= $__timeFrom() ORDER BY started DESC LIMIT 200"""
AGE = """\
SELECT extract(epoch FROM now() - max(made)) AS "age" FROM grafana.forecast"""


def dashboard() -> Object:
    """Give the dashboard as Grafana reads it."""
    panels = [
        _row("Traffic", 0),
        _traffic({"x": 0, "y": 1, "w": 24, "h": 12}),
        _incidents({"x": 0, "y": 13, "w": 18, "h": 7}),
        _age({"x": 18, "y": 13, "w": 6, "h": 7}),
        _row("Service", 20),
        _graph("Requests a second, by status", "reqps", {"x": 0, "y": 21, "w": 8, "h": 7}, [
            ("sum by (status) (rate(nettide_requests_total[$__rate_interval]))", "{{status}}"),
        ]),
        _graph("Time to answer", "s", {"x": 8, "y": 21, "w": 8, "h": 7}, [
            (_quantile(0.5), "median"), (_quantile(0.95), "95 %"), (_quantile(0.99), "99 %"),
        ]),
        _graph("Failed requests", "percentunit", {"x": 16, "y": 21, "w": 8, "h": 7}, [
            ("nettide:failed_requests:ratio5m", "5xx"),
        ]),
        _graph("Series forecast a second", "ops", {"x": 0, "y": 28, "w": 8, "h": 7}, [
            ("sum by (model) (rate(nettide_forecasts_total[$__rate_interval]))", "{{model}}"),
        ]),
        _graph("Share of values within the 80 % band, over a day", "percentunit", {"x": 8, "y": 28, "w": 8, "h": 7}, [
            ("nettide:band_coverage:ratio1d", "{{model}}"), ("vector(0.8)", "promised"),
        ]),
        _graph("In work, waiting, refused a second", "short", {"x": 16, "y": 28, "w": 8, "h": 7}, [
            ("sum(nettide_requests_in_progress)", "in work"),
            ("sum(nettide_forecasts_waiting)", "wait for a model"),
            ("sum by (reason) (rate(nettide_requests_refused_total[$__rate_interval]))", "refused: {{reason}}"),
        ]),
        _graph("Jobs", "short", {"x": 0, "y": 35, "w": 12, "h": 7}, [("max by (state) (nettide_jobs)", "{{state}}")]),
        _graph("Age of models", "s", {"x": 12, "y": 35, "w": 12, "h": 7}, [
            ("max by (model) (nettide_model_age_seconds)", "{{model}}"),
        ]),
    ]  # fmt: skip
    return {
        "uid": "nettide",
        "title": "nettide",
        "description": "Traffic, what was and is expected of it, and how the service does",
        "tags": ["nettide"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "timezone": "browser",
        "time": {"from": "now-7d", "to": "now+1d"},  # an axis with a future
        "templating": {"list": [_series()]},
        "annotations": {"list": [_now(), _incident_marks()]},
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, start=1)],
    }


def _series() -> Object:
    return {
        "name": "series",
        "label": "Series",
        "type": "query",
        "datasource": TRAFFIC,
        "query": "SELECT DISTINCT series FROM grafana.points ORDER BY 1",
        "refresh": 2,
        "sort": 0,
        "multi": False,
        "includeAll": False,
    }


def _now() -> Object:
    return _annotation("now", "dark-orange", NOW)


def _incident_marks() -> Object:
    return _annotation("anomalies", "red", INCIDENT_MARKS)


def _annotation(name: str, color: str, query: str) -> Object:
    return {
        "name": name,
        "datasource": TRAFFIC,
        "enable": True,
        "iconColor": color,
        "target": {"refId": "Anno", "format": "table", "rawQuery": True, "rawSql": query},
        "filter": {"exclude": False, "ids": [2]},
    }


def _row(title: str, y: int) -> Object:
    return {
        "type": "row",
        "title": title,
        "collapsed": False,
        "gridPos": {"x": 0, "y": y, "w": 24, "h": 1},
        "panels": [],
    }


def _traffic(place: Object) -> Object:
    def drawn(name: str, **how: Any) -> Object:
        return {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": key.replace("__", "."), "value": value} for key, value in how.items()],
        }

    hidden = {"legend": True, "tooltip": False, "viz": False}
    return {
        "type": "timeseries",
        "title": "$series: measured, expected, 80 % band, anomalies",
        "datasource": TRAFFIC,
        "gridPos": place,
        "targets": [{"refId": "A", "datasource": TRAFFIC, "format": "table", "rawQuery": True, "rawSql": SHOWN}],
        "fieldConfig": {
            "defaults": {
                "unit": "bps",
                "min": 0,
                "custom": {"lineWidth": 1, "showPoints": "never", "spanNulls": False},
            },
            "overrides": [
                drawn("measured", color={"mode": "fixed", "fixedColor": "blue"}, custom__lineWidth=2),
                drawn(
                    "expected",
                    color={"mode": "fixed", "fixedColor": "green"},
                    custom__lineStyle={"fill": "dash", "dash": [6, 4]},
                ),
                drawn(
                    "low", color={"mode": "fixed", "fixedColor": "green"}, custom__lineWidth=0, custom__hideFrom=hidden
                ),
                drawn(
                    "high",
                    color={"mode": "fixed", "fixedColor": "green"},
                    custom__lineWidth=0,
                    custom__fillBelowTo="low",
                    custom__fillOpacity=18,
                    displayName="80 % band",
                ),
                drawn(
                    "anomaly",
                    color={"mode": "fixed", "fixedColor": "red"},
                    custom__drawStyle="points",
                    custom__showPoints="always",
                    custom__pointSize=8,
                ),
            ],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    }


def _incidents(place: Object) -> Object:
    return {
        "type": "table",
        "title": "Anomalies of all series",
        "datasource": TRAFFIC,
        "gridPos": place,
        "targets": [
            {"refId": "A", "datasource": TRAFFIC, "format": "table", "rawQuery": True, "rawSql": INCIDENT_LIST}
        ],
        "fieldConfig": {"defaults": {}, "overrides": []},
        "options": {"showHeader": True},
    }


def _age(place: Object) -> Object:
    return {
        "type": "stat",
        "title": "Age of the shown forecast",
        "datasource": TRAFFIC,
        "gridPos": place,
        "targets": [{"refId": "A", "datasource": TRAFFIC, "format": "table", "rawQuery": True, "rawSql": AGE}],
        "fieldConfig": {
            "defaults": {
                "unit": "s",
                "thresholds": {
                    "mode": "absolute",
                    "steps": [{"color": "green", "value": None}, {"color": "red", "value": 3600}],
                },
            },
            "overrides": [],
        },
        "options": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value"},
    }


def _graph(title: str, unit: str, place: Object, queries: list[tuple[str, str]]) -> Object:
    return {
        "type": "timeseries",
        "title": title,
        "datasource": PROMETHEUS,
        "gridPos": place,
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": PROMETHEUS, "expr": query, "legendFormat": legend}
            for number, (query, legend) in enumerate(queries)
        ],
        "fieldConfig": {"defaults": {"unit": unit, "min": 0, "custom": {"lineWidth": 1}}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    }


def _quantile(level: float) -> str:
    return f"histogram_quantile({level}, sum by (le) (rate(nettide_request_seconds_bucket[$__rate_interval])))"


def text() -> str:
    """Give the file's content."""
    return json.dumps(dashboard(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text())
