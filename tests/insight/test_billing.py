"""95th percentile bills, exact on months that are known, and the forecast of the one that runs."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.errors import OptionError
from nettide.insight.billing import Policy, Tariff, billed_links, month_bounds, months, percentile_95
from nettide.insight.billing_forecast import MonthEnd, month_end
from nettide.panel import Channel, Panel, Series

JANUARY = 1_767_225_600  # 2026-01-01
DAY = 288


def panel_of(
    *rows: np.ndarray, ids: tuple[str, ...] = (), zone: str = "UTC", start: int = JANUARY, step: int = 300
) -> Panel:
    names = ids or tuple(f"s{place}" for place in range(len(rows)))
    series = tuple(Series(id, "bit/s", zone) for id in names)
    return Panel(np.stack(rows)[..., None].astype(np.float64), start, step, series, (Channel("y"),))


def traffic(days: float, *, seed: int = 0, growth: float = 0.3, noise: float = 0.1) -> np.ndarray:
    """Five-minute samples with a day, a week, growth a year and noise from day to day and from step to step."""
    step = np.arange(round(days * DAY))
    chance = np.random.default_rng(seed)
    of_day = np.exp(0.05 * chance.standard_normal(math.ceil(days) + 1))[step // DAY]
    shape = 1 + 0.6 * np.sin(2 * np.pi * (step / DAY - 0.4)) - 0.3 * ((step // DAY + 3) % 7 >= 5)
    return 1e9 * shape * of_day * (1 + growth) ** (step / DAY / 365) * np.exp(noise * chance.standard_normal(len(step)))


def reference(samples: np.ndarray) -> float:
    """As carriers do: sort, drop the top five percent, take the largest that is left."""
    ordered = sorted(samples.tolist(), reverse=True)
    return float(ordered[len(ordered) // 20])


@settings(derandomize=True, max_examples=100)
@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=400))
def test_the_percentile_is_that_of_the_sorted_list_without_its_top_five_percent(values: list[float]) -> None:
    samples = np.array(values)
    assert percentile_95(samples) == reference(samples)
    assert percentile_95(samples) == np.quantile(samples, 0.95, method="inverted_cdf")


def test_the_percentile_of_a_month_drops_432_of_8640_samples() -> None:
    assert percentile_95(np.arange(8640.0)) == 8640 - 432 - 1
    assert percentile_95(np.append(np.arange(8640.0), np.nan)) == 8640 - 432 - 1
    assert np.isnan(percentile_95(np.full(5, np.nan)))
    assert np.isnan(percentile_95(np.empty((2, 0)))).all()


def test_whole_months_are_exact_and_the_others_are_said_to_be_parts() -> None:
    samples = np.random.default_rng(1).gamma(2, 1e8, 85 * DAY)
    (link,) = billed_links(panel_of(samples, start=JANUARY + 10 * 86400), "max")
    january, february, march, april = months(link, "max", start=JANUARY + 10 * 86400, step_seconds=300)
    assert [one.first for one in (january, february, march, april)] == [date(2026, month, 1) for month in (1, 2, 3, 4)]
    assert [one.complete for one in (january, february, march, april)] == [False, True, True, False]
    assert january.known == pytest.approx(21 / 31)
    assert february.billed == reference(samples[21 * DAY : 49 * DAY])
    assert march.billed == reference(samples[49 * DAY : 80 * DAY])
    assert april.known == pytest.approx(5 / 30)


def test_a_month_that_ends_with_the_data_is_complete() -> None:
    (link,) = billed_links(panel_of(np.ones(31 * DAY)), "max")
    (january,) = months(link, "max", start=JANUARY, step_seconds=300)
    assert january.complete
    assert january.known == 1


def test_months_are_those_of_the_clock_of_the_place() -> None:
    begin, end = month_bounds(date(2026, 3, 1), "Europe/Prague")
    assert (end - begin) / 3600 == 31 * 24 - 1  # clocks go forward in March
    samples = np.random.default_rng(2).gamma(2, 1e8, 100 * DAY)
    (link,) = billed_links(panel_of(samples, zone="Europe/Prague"), "max")
    march = months(link, "max", start=JANUARY, step_seconds=300)[2]
    first, last = (begin - JANUARY) // 300, (end - JANUARY) // 300
    assert march.billed == reference(samples[first:last])
    assert last - first == 31 * DAY - 12


def test_unknown_samples_do_not_count_and_are_told() -> None:
    samples = np.random.default_rng(3).gamma(2, 1e8, 31 * DAY)
    samples[:DAY] = np.nan
    (link,) = billed_links(panel_of(samples), "max")
    (january,) = months(link, "max", start=JANUARY, step_seconds=300)
    assert january.billed == reference(samples[DAY:])
    assert january.known == pytest.approx(30 / 31)


@pytest.mark.parametrize("policy", ["in", "out", "max", "sum"])
def test_the_policy_says_which_directions_are_billed(policy: Policy) -> None:
    chance = np.random.default_rng(4)
    incoming, outgoing = chance.gamma(2, 1e8, 31 * DAY), chance.gamma(2, 1.1e8, 31 * DAY)
    (link,) = billed_links(panel_of(outgoing, incoming, ids=("core-out", "core-in")), policy)
    (month,) = months(link, policy, start=JANUARY, step_seconds=300)
    by_hand = {
        "in": reference(incoming),
        "out": reference(outgoing),
        "max": max(reference(incoming), reference(outgoing)),
        "sum": reference(incoming + outgoing),
    }
    assert link.name == "core"
    assert month.billed == by_hand[policy]
    assert month.by_direction == {one: by_hand[one] for one in ("in", "out") if policy in (one, "max", "sum")}


def test_a_sum_knows_only_what_both_directions_know() -> None:
    incoming, outgoing = np.ones(31 * DAY), np.ones(31 * DAY)
    incoming[: 10 * DAY], outgoing[10 * DAY : 20 * DAY] = np.nan, np.nan
    (link,) = billed_links(panel_of(incoming, outgoing, ids=("a in", "a out")), "sum")
    (month,) = months(link, "sum", start=JANUARY, step_seconds=300)
    assert month.known == pytest.approx(11 / 31)
    assert month.billed == 2


def test_a_total_beside_its_two_directions_is_billed_alone() -> None:
    links = billed_links(panel_of(np.ones(9), np.ones(9), np.ones(9), ids=("core-in", "core", "core-out")), "max")
    assert [(one.name, one.directions) for one in links] == [("core", ("in", "out")), ("core", ("",))]


def test_directions_that_differ_are_not_put_together() -> None:
    panel = panel_of(np.ones(9), np.ones(9), ids=("a in", "a out"))
    odd = replace(panel, series=(panel.series[0], replace(panel.series[1], zone="Europe/Prague")))
    with pytest.raises(OptionError, match=r"link 'a': its directions differ in unit or time zone .*--policy in or"):
        billed_links(odd, "sum")
    assert len(billed_links(odd, "in")) == 1
    with pytest.raises(OptionError, match="policy 'both' must be one of in, out, max, sum"):
        billed_links(odd, "both")  # type: ignore[arg-type]


def test_the_commit_is_paid_and_what_is_above_it_too() -> None:
    tariff = Tariff(1e9, 0.5)
    assert tariff.cost(np.array([0.4e9, 1e9, 1.5e9])).tolist() == [500, 500, 750]
    assert Tariff(1e9, 0.5, 2.0).cost(np.array([1.5e9])).tolist() == [500 + 1000]
    assert Tariff(0.0, 1.0).cost(np.array([3e6])).tolist() == [3]
    assert np.isnan(Tariff(1e9).cost(np.array([2e9]))).all()
    assert np.isnan(tariff.cost(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((-1.0, 1.0, None), "commit -1 must be zero or more"),
        ((0.0, -2.0, None), "price -2 must be zero or more"),
        ((0.0, 1.0, float("inf")), "overage price inf must be zero or more"),
        ((0.0, None, 1.0), "an overage price needs the price of the commit too: add --price"),
    ],
)
def test_a_tariff_that_makes_no_sense_is_refused(
    values: tuple[float, float | None, float | None], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        Tariff(*values)


def end_of(samples: np.ndarray, tariff: Tariff | None = None, policy: Policy = "max", **changes: object) -> MonthEnd:
    (link,) = billed_links(panel_of(samples), policy)
    return month_end(link, policy, tariff or Tariff(), start=JANUARY, step_seconds=300, **changes)  # type: ignore[arg-type]


def test_the_end_of_the_month_lies_in_its_band_about_as_often_as_it_says() -> None:
    inside, widths = 0, []
    for seed in range(8):
        samples = traffic(90, seed=seed)
        truth = reference(samples[59 * DAY : 90 * DAY])
        found = end_of(samples[: 66 * DAY + 77])
        inside += found.quantiles[0.1] <= truth <= found.quantiles[0.9]
        widths.append(found.quantiles[0.9] / found.quantiles[0.1] - 1)
        assert found.quantiles[0.5] == pytest.approx(truth, rel=0.08)
        assert found.passed == pytest.approx((7 * DAY + 77) / (31 * DAY))
    assert 5 <= inside <= 8
    assert max(widths) < 0.15


def test_the_probability_of_the_overage_follows_the_commit() -> None:
    samples = traffic(66)
    middle = end_of(samples).quantiles[0.5]
    low, even, high = (end_of(samples, Tariff(share * middle, 1.0)) for share in (0.8, 1.0, 1.2))
    assert low.over > 0.97
    assert 0.3 < even.over < 0.7
    assert high.over < 0.03
    assert high.expected_cost == pytest.approx(1.2 * middle / 1e6, rel=0.01)
    assert low.costs[0.5] == pytest.approx(middle / 1e6)


def test_towards_the_end_of_the_month_the_band_closes_on_what_is_known() -> None:
    samples = traffic(90)
    early, late = (end_of(samples[: days * DAY]) for days in (62, 89))
    assert late.quantiles[0.9] - late.quantiles[0.1] < 0.4 * (early.quantiles[0.9] - early.quantiles[0.1])
    assert late.quantiles[0.5] == pytest.approx(reference(samples[59 * DAY :]), rel=0.01)


def test_a_month_that_is_over_makes_way_for_the_next() -> None:
    found = end_of(traffic(59))
    assert found.first == date(2026, 3, 1)
    assert found.passed == 0
    assert math.isnan(found.to_date)
    assert found.quantiles[0.5] > 0


def test_nothing_is_forecast_from_less_than_four_weeks_or_from_silence() -> None:
    short = end_of(traffic(27))
    assert short.reason == "under 28 days with traffic are known: the end of the month cannot be forecast"
    assert short.to_date == reference(traffic(27))
    assert math.isnan(short.over)
    assert end_of(np.zeros(60 * DAY)).reason
    assert end_of(np.full(60 * DAY, np.nan)).reason


def test_unknown_samples_at_the_end_are_not_taken_as_known() -> None:
    samples = traffic(66)
    padded = np.append(samples, np.full(5 * DAY, np.nan))
    priced = Tariff(1e9, 0.5)
    assert end_of(padded, priced) == end_of(samples, priced)


def test_gaps_in_past_days_leave_no_gap_in_the_forecast() -> None:
    samples = traffic(66)
    samples[np.random.default_rng(0).random(len(samples)) < 0.1] = np.nan
    found = end_of(samples)
    assert found.quantiles[0.5] == pytest.approx(end_of(traffic(66)).quantiles[0.5], rel=0.05)


@pytest.mark.parametrize("policy", ["max", "sum"])
def test_two_directions_are_forecast_together(policy: Policy) -> None:
    incoming, outgoing = traffic(66), 2 * traffic(66, seed=1)
    (link,) = billed_links(panel_of(incoming, outgoing, ids=("a in", "a out")), policy)
    found = month_end(link, policy, Tariff(), start=JANUARY, step_seconds=300)
    apart = [end_of(one).quantiles[0.5] for one in (incoming, outgoing)]
    expected = max(apart) if policy == "max" else sum(apart)
    assert found.quantiles[0.5] == pytest.approx(expected, rel=0.05)


def test_the_same_seed_gives_the_same_bill_and_the_future_has_no_part_in_it() -> None:
    samples = traffic(90)
    changed = samples.copy()
    changed[66 * DAY :] *= 9
    first, second = (panel_of(one).until(66 * DAY) for one in (samples, changed))
    found = [
        month_end(billed_links(one, "max")[0], "max", Tariff(1e9, 0.5), start=JANUARY, step_seconds=300, seed=seed)
        for one, seed in ((first, 0), (second, 0), (first, 1))
    ]
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_steps_that_do_not_divide_a_day_are_refused() -> None:
    panel = panel_of(np.ones(900), step=420 * 7)
    with pytest.raises(OptionError, match="steps of 2940 seconds do not divide a day; choose another with --step 5min"):
        month_end(billed_links(panel, "max")[0], "max", Tariff(), start=JANUARY, step_seconds=2940)
