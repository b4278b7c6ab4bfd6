"""Fit one model on thousands of series x 8 weeks and forecast them all: time of each phase, peak memory, growth."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measuring import keep, markdown, nettide_command, peak_mb, run, versions

SERIES, WEEKS, WINDOWS, HORIZON = 10_000, 8, 200_000, 24
GOALS = {"lstm": (90.0, 3000.0), "auto": (600.0, 6000.0)}
"""Most seconds and MB of fit and forecast together, at 10,000 series; other models are held to those of lstm."""
_TRAINED = ("rnn", "lstm", "gru", "gru-fcn", "lstm-fcn")
_GROWN = ("fit s", "forecast s", "s per 1,000 series", "data MB", "peak MB")
GROWTH = (100, 1_000, 10_000, 100_000)


def make(folder: Path, *, series: int, table: bool) -> None:
    """Make hourly synthetic traffic, as an array and, where asked, as the Parquet table a user would have."""
    import numpy as np
    import pyarrow.parquet

    from nettide.synthetic.config import SynthConfig
    from nettide.synthetic.traffic import generate

    panel = generate(SynthConfig(series=series, points=WEEKS * 168, seed=7)).panel
    np.save(folder / "traffic.npy", panel.target)
    if table:
        pyarrow.parquet.write_table(panel.to_frame("pyarrow"), folder / "traffic.parquet", compression="zstd")


def options_of(given: argparse.Namespace) -> dict[str, str]:
    """Give the options of the fit: one epoch of so many windows where the model knows epochs; else its defaults."""
    trained = {"epochs": "1", "windows_per_epoch": str(given.windows)} if given.model in _TRAINED else {}
    return trained | dict(text.split("=", 1) for text in given.options)


def work(folder: Path, *, model: str, options: dict[str, str]) -> None:
    """Fit and forecast in this fresh process, and write what each phase took."""
    phases: dict[str, float] = {}
    at = time.perf_counter()

    def done(phase: str) -> None:
        nonlocal at
        now = time.perf_counter()
        phases[phase], at = now - at, now

    import numpy as np

    from nettide.panel import Channel, Panel, Series
    from nettide.tasks.forecaster import Forecaster

    forecaster = Forecaster(model, horizon=HORIZON, **options)
    done("import")
    values = np.load(folder / "traffic.npy")[:, :, None]
    series = tuple(Series(f"link-{place}", unit="bit/s") for place in range(len(values)))
    panel = Panel(values, 1_767_225_600, 3600, series, (Channel("y"),))
    done("load")
    loaded_mb = peak_mb()
    training = forecaster.fit(panel)
    done("fit")
    fitted_mb = peak_mb()
    forecast = forecaster.predict(panel)
    done("forecast")
    result = {
        "seconds": phases,
        "peak_mb": {"loaded": loaded_mb, "fitted": fitted_mb, "forecast": peak_mb()},
        "windows": sum(one.windows for one in training.epochs),
        "notes": getattr(forecaster.model, "notes", {}),
        "members": getattr(forecaster.model, "members", ()),
        "forecast_shape": list(forecast.quantiles.shape),
        "finite": bool(np.isfinite(forecast.quantiles).all()),
    }
    (folder / "result.json").write_text(json.dumps(result))


def by_command(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Do the same with the command, from a Parquet file to a Parquet file, in two processes."""
    nettide, file, kept = nettide_command(), folder / "traffic.parquet", folder / "model"
    chosen = options_of(given)
    options = [
        "--horizon",
        str(HORIZON),
        *(part for key, value in chosen.items() for part in ("--set", f"{key}={value}")),
    ]
    how: dict[str, Any] = {"threads": given.threads, "passive": given.passive}
    fit = run([nettide, "fit", file, "--model", given.model, *options, "--out", kept], **how)
    forecast = run([nettide, "forecast", kept, file, "--out", folder / "forecast.parquet"], **how)
    return {
        "seconds": {"nettide fit": fit.seconds, "nettide forecast": forecast.seconds},
        "peak_mb": {"nettide fit": fit.peak_mb, "nettide forecast": forecast.peak_mb},
        "file_mb": file.stat().st_size / 1e6,
    }


def measure(given: argparse.Namespace, series: int) -> dict[str, Any]:
    """Make the data and measure the phases, each in a process of its own.

    This one stays small, for the peaks of its children begin at its size.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        own: list[str | Path] = [sys.executable, __file__, "--folder", folder, "--series", str(series)]
        run([*own, "--phase", "make", *(["--command"] if given.command else [])], threads=given.threads)
        phase = ["--phase", "work", "--model", given.model, "--windows", str(given.windows), "--set", *given.options]
        run([*own, *phase], threads=given.threads, passive=given.passive)
        result: dict[str, Any] = json.loads((folder / "result.json").read_text())
        result["by_command"] = by_command(folder, given) if given.command else {}
    seconds = result["seconds"]
    result |= {"series": series, "total_seconds": seconds["fit"] + seconds["forecast"]}
    return result


def phases(result: dict[str, Any]) -> list[dict[str, str]]:
    """Give a row a phase."""
    fit = f"fit, {result['windows']:,} windows" if result["windows"] else "fit"
    rows = [
        {"phase": phase, "seconds": f"{took:.1f}", "peak MB so far": f"{peak:,.0f}" if peak else ""}
        for phase, took, peak in (
            ("import", result["seconds"]["import"], None),
            ("load", result["seconds"]["load"], result["peak_mb"]["loaded"]),
            (fit, result["seconds"]["fit"], result["peak_mb"]["fitted"]),
            (f"forecast {result['forecast_shape']}", result["seconds"]["forecast"], result["peak_mb"]["forecast"]),
        )
    ]
    commands = result["by_command"]
    return rows + [
        {"phase": name, "seconds": f"{took:.1f}", "peak MB so far": f"{commands['peak_mb'][name]:,.0f}"}
        for name, took in commands.get("seconds", {}).items()
    ]


def growth(given: argparse.Namespace) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Measure fleets of growing size; one that fails, as for want of memory, ends the row of larger ones.

    Returns:
        What was measured, and a row a size.
    """
    measured: list[dict[str, Any]] = []
    rows: list[dict[str, str]] = []
    for series in given.growth:
        row = {"series": f"{series:,}"}
        try:
            result = measure(given, series)
        except SystemExit as failed:
            print(failed, file=sys.stderr)
            rows.append({**row, **dict.fromkeys(_GROWN, ""), "fit s": "failed"})
            break
        measured.append(result)
        told = {
            "fit s": f"{result['seconds']['fit']:.1f}",
            "forecast s": f"{result['seconds']['forecast']:.1f}",
            "s per 1,000 series": f"{result['total_seconds'] / series * 1000:.2f}",
            "data MB": f"{series * WEEKS * 168 * 8 / 1e6:,.0f}",
            "peak MB": f"{result['peak_mb']['forecast']:,.0f}",
        }
        rows.append({**row, **told})
        print(f"{series:,} series: {result['total_seconds']:.1f} s", file=sys.stderr, flush=True)
    return measured, rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=SERIES)
    parser.add_argument("--windows", type=int, default=WINDOWS, help="training windows, seen once")
    parser.add_argument("--model", default="lstm")
    parser.add_argument(
        "--set", dest="options", nargs="*", default=[], metavar="KEY=VALUE", help="options of the model"
    )
    parser.add_argument(
        "--growth",
        nargs="*",
        type=int,
        metavar="SERIES",
        help="fleets of these sizes instead; by default 100 to 100,000",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--passive", action="store_true", help="let waiting threads sleep: for busy machines")
    parser.add_argument("--command", action="store_true", help="the same with nettide fit and nettide forecast, too")
    parser.add_argument("--quick", action="store_true", help="see that everything runs; the figures mean nothing")
    parser.add_argument("--phase", choices=["make", "work"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.phase == "make":
        make(given.folder, series=given.series, table=given.command)
        return
    if given.phase == "work":
        work(given.folder, model=given.model, options=options_of(given))
        return
    name = "fleet" if given.model == "lstm" else f"fleet_{given.model}"
    if given.growth is not None:
        name, given.growth = f"{name}_growth", given.growth or list(GROWTH)
    if given.quick:
        given.series, given.windows, name = 100, 2560, f"{name}_quick"
        given.options = given.options or (["challengers=base"] if given.model == "auto" else [])
        given.command = given.growth is None
        given.growth = given.growth and [50, 100]
    busy = os.getloadavg()
    kept = {
        "threads": given.threads,
        "passive": given.passive,
        "busy_before": busy,
        "model": given.model,
        "options": given.options,
    }
    kept["versions"] = versions("nettide", "torch", "numpy", "lightgbm")
    if given.growth is not None:
        measured, rows = growth(given)
        print(f"{WEEKS} weeks hourly, {given.model}, {given.threads} threads\n")
        print(markdown(rows))
        keep(name, {**kept, "sizes": measured, "summary": rows})
        return
    result = measure(given, given.series)
    print(f"{given.series:,} series x {WEEKS} weeks hourly, {given.model}, {given.threads} threads\n")
    print(markdown(phases(result)))
    seconds, peak = result["total_seconds"], result["peak_mb"]["forecast"]
    most_seconds, most_mb = GOALS.get(given.model, GOALS["lstm"])
    holds = seconds < most_seconds and peak < most_mb
    said = f"fit and forecast: {seconds:.1f} s and {peak:,.0f} MB: {'holds' if holds else 'MISSES'}"
    print(f"{said} (under {most_seconds:.0f} s and {most_mb:,.0f} MB)")
    keep(name, {**kept, **result, "verdict": [said]})


if __name__ == "__main__":
    main()
