"""``nettide billing``: 95th percentile bills of calendar months."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from nettide.cli import options as given

if TYPE_CHECKING:
    from nettide.tasks.load import Reading


class PolicyOption(StrEnum):
    """Which directions of a link are billed."""

    incoming = "in"
    outgoing = "out"
    max = "max"
    sum = "sum"


@given.reads_data
def billing(
    file: given.FileArgument,
    *,
    how: Reading,
    policy: Annotated[
        PolicyOption,
        typer.Option("--policy", help="Bill one direction, the larger percentile (max), or that of the sum."),
    ] = PolicyOption.max,
    commit: Annotated[
        str | None, typer.Option("--commit", help="Traffic that is paid for whether used or not, as 1G.")
    ] = None,
    price: Annotated[
        float | None, typer.Option("--price", help="Of a Mbit/s and month; shows what months cost.")
    ] = None,
    overage_price: Annotated[
        float | None, typer.Option("--overage-price", help="Of a Mbit/s above the commit; --price if absent.")
    ] = None,
    series: Annotated[str | None, typer.Option("--series", help="Bill this link or series alone.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same forecast.", min=0)] = 0,
    json: Annotated[bool, typer.Option("--json", help="Give everything as one JSON document.")] = False,
) -> None:
    """Bill the 95th percentile of each calendar month, and forecast the month that runs to its end.

    The forecast has a band from P10 to P90, the probability of more than the commit, and the cost.
    Months are those of --zone.

    Example: nettide billing traffic.parquet --commit 1G --price 0.5 --zone Europe/Prague
    """
    from nettide.cli.billing_words import billing_json, billing_table, reasons
    from nettide.cli.words import say, show
    from nettide.insight.billing import Tariff
    from nettide.tasks.billing import billing as run
    from nettide.units import parse_quantity

    tariff = Tariff(0.0 if commit is None else parse_quantity(commit), price, overage_price)
    result = run(file, how, policy=policy.value, tariff=tariff, series=series, seed=seed)
    say(*result.notes, *reasons(result))
    if json:
        typer.echo(billing_json(result))
    else:
        show(billing_table(result))
