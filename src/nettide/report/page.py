"""The page: one HTML file that needs no network."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from nettide.backtest.yardstick import yardstick_name
from nettide.report.charts import calibration_figure, loss_figure, skill_figure, step_figure
from nettide.report.content import ReportContent
from nettide.report.drawing import COLOURS
from nettide.report.hour_chart import hour_figure
from nettide.report.table import COLUMNS, leaderboard_rows
from nettide.report.timelines import future_figures, predicted_figures
from nettide.report.trust import band_sentence, band_table, doubt, skill_table
from nettide.report.words import facts, headline, remarks

_TEMPLATES = resources.files("nettide.report") / "templates"


def render(report: ReportContent) -> str:
    """Give the report as one self-contained HTML page.

    It holds its style, its script and plotly.js; a content security policy forbids it to load anything,
    or to run any script but those two, whatever the names in the data contain.

    Args:
        report: what to show; models that failed, no future and no model at all are all fine.
    """
    backtest, scores = report.backtest, report.scores
    by_name = {one.name: one for one in backtest.outcomes}
    outcomes = [by_name[one.model] for one in scores]
    names = [one.name for one in outcomes]
    best = names[0] if names else ""
    return fill(
        "page.html",
        title=report.title,
        headline=headline(backtest, scores),
        remarks=[one for one in (*remarks(backtest, scores), doubt(report.comparisons, best)) if one],
        verdict=report.verdict,
        facts=facts(backtest),
        columns=COLUMNS,
        colours=COLOURS,
        rows=leaderboard_rows(backtest, scores),
        naive=yardstick_name(backtest.panel, backtest.season),
        failures=backtest.failures,
        predicted=predicted_figures(backtest, outcomes),
        futures=future_figures(report.future) if report.future else (),
        future_model=report.future.model if report.future else "",
        steps=step_figure(backtest, outcomes),
        calibration=calibration_figure(backtest, outcomes),
        hours=hour_figure(report.coverages, outcomes),
        bands=band_table(report.coverages, names),
        band_sentence=band_sentence(report.coverages, best),
        skills=skill_table(report.comparisons, names),
        skill=skill_figure(backtest, outcomes),
        losses=loss_figure(outcomes),
        choice=report.choice,
        command=report.command,
        versions=report.versions,
        made=report.made,
    )


def fill(template: str, **values: Any) -> str:
    """Fill a template of the report; it also gets the style, the scripts and what its policy says of them."""
    scripts = {"plotly": get_plotlyjs(), "page": _template("page.js")}
    return (
        _environment()
        .get_template(template)
        .render(
            **values,
            style=_template("page.css"),
            scripts=scripts,
            script_hashes=" ".join(f"'sha256-{_digest(script)}'" for script in scripts.values()),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
