"""What ``nettide billing`` prints: a table for people, JSON for machines."""

from __future__ import annotations

import json
import math
from typing import Any

from rich.table import Table

from nettide.cli.words import plain_table
from nettide.insight.billing import cost_text, costs
from nettide.insight.billing_forecast import MonthEnd
from nettide.insight.capacity_words import chance_text, percent
from nettide.tasks.billing import Bill, BillingResult
from nettide.units import si_text


def billing_table(result: BillingResult) -> Table:
    """Show a line a link and month, the month that runs last with its forecast."""
    tariff = result.tariff
    priced = tariff.price is not None
    names = ["link", "month", "samples", "95th percentile"]
    names += ["over commit"] if tariff.commit else []
    names += ["cost"] if priced else []
    commit = f", commit {si_text(tariff.commit, _unit(result))}" if tariff.commit else ""
    table = plain_table(*names, title=f"{result.title}: policy {result.policy}{commit}")
    for bill in result.bills:
        for place, (month, cost) in enumerate(
            zip(bill.months, costs(tariff, [one.billed for one in bill.months]), strict=True)
        ):
            over = si_text(max(0.0, month.billed - tariff.commit), bill.unit) if math.isfinite(month.billed) else "–"
            runs = month.first == bill.end.first
            cells = [
                bill.link if place == 0 else "",
                f"{month.first:%Y-%m}{'' if month.complete else ' so far' if runs else ' part'}",
                percent(month.known),
                si_text(month.billed, bill.unit),
                *([over] if tariff.commit else []),
                *([cost_text(cost)] if priced else []),
            ]
            table.add_row(*cells)
        table.add_row(*_forecast_cells(bill, result))
    return table


def _unit(result: BillingResult) -> str:
    return result.bills[0].unit if result.bills else ""


def _forecast_cells(bill: Bill, result: BillingResult) -> list[str]:
    end, tariff = bill.end, result.tariff
    name = f"{end.first:%Y-%m} end"
    if end.reason:
        return [
            "",
            name,
            "forecast",
            "–",
            *(["–"] if tariff.commit else []),
            *(["–"] if tariff.price is not None else []),
        ]
    low, middle, high = (si_text(one, bill.unit) for one in end.quantiles.values())
    cells = ["", name, "forecast", f"{middle} ({low} to {high})"]
    if tariff.commit:
        cells.append(f"probability {chance_text(end.over)}")
    if tariff.price is not None:
        cheap, usual, dear = (cost_text(one) for one in end.costs.values())
        cells.append(f"{usual} ({cheap} to {dear})")
    return cells


def reasons(result: BillingResult) -> tuple[str, ...]:
    """Say of which links the end of the month cannot be forecast."""
    return tuple(f"{one.link}: {one.end.reason}" for one in result.bills if one.end.reason)


def billing_json(result: BillingResult) -> str:
    """Give the result as one JSON document; what is unknown is null."""
    tariff = result.tariff
    return json.dumps(
        {
            "policy": result.policy,
            "commit": tariff.commit,
            "price": tariff.price,
            "overage_price": tariff.overage_price,
            "links": [_document(one, result) for one in result.bills],
        },
        ensure_ascii=False,
        allow_nan=False,
    )


def _document(bill: Bill, result: BillingResult) -> dict[str, Any]:
    billed_costs = costs(result.tariff, [one.billed for one in bill.months])
    return {
        "link": bill.link,
        "unit": bill.unit,
        "zone": bill.zone,
        "months": [
            {
                "month": f"{one.first:%Y-%m}",
                "complete": one.complete,
                "known": one.known,
                "p95": _number(one.billed),
                "p95_by_direction": {name or "all": _number(value) for name, value in one.by_direction.items()},
                "cost": _number(cost),
            }
            for one, cost in zip(bill.months, billed_costs, strict=True)
        ],
        "month_end": _end_document(bill.end),
    }


def _end_document(end: MonthEnd) -> dict[str, Any]:
    return {
        "month": f"{end.first:%Y-%m}",
        "passed": end.passed,
        "to_date": _number(end.to_date),
        "reason": end.reason or None,
        **{f"p{100 * chance:.0f}": _number(value) for chance, value in end.quantiles.items()},
        "probability_over_commit": _number(end.over),
        "expected_cost": _number(end.expected_cost),
        **{f"cost_p{100 * chance:.0f}": _number(value) for chance, value in end.costs.items()},
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
