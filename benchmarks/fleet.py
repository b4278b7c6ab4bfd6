"""Fit one model on 10,000 series x 8 weeks and forecast all of them: wall time of each phase and peak memory."""

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
MOST_SECONDS, MOST_MB = 90.0, 3000.0


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


def work(folder: Path, *, model: str, windows: int) -> None:
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

    forecaster = Forecaster(model, horizon=HORIZON, epochs=1, windows_per_epoch=windows)
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
        "forecast_shape": list(forecast.quantiles.shape),
        "finite": bool(np.isfinite(forecast.quantiles).all()),
    }
    (folder / "result.json").write_text(json.dumps(result))


def by_command(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Do the same with the command, from a Parquet file to a Parquet file, in two processes."""
    nettide, file, kept = nettide_command(), folder / "traffic.parquet", folder / "model"
    options = ["--horizon", str(HORIZON), "--epochs", "1", "--set", f"windows_per_epoch={given.windows}"]
    how: dict[str, Any] = {"threads": given.threads, "passive": given.passive}
    fit = run([nettide, "fit", file, "--model", given.model, *options, "--out", kept], **how)
    forecast = run([nettide, "forecast", kept, file, "--out", folder / "forecast.parquet"], **how)
    return {
        "seconds": {"nettide fit": fit.seconds, "nettide forecast": forecast.seconds},
        "peak_mb": {"nettide fit": fit.peak_mb, "nettide forecast": forecast.peak_mb},
        "file_mb": file.stat().st_size / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=SERIES)
    parser.add_argument("--windows", type=int, default=WINDOWS, help="training windows, seen once")
    parser.add_argument("--model", default="lstm")
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
        work(given.folder, model=given.model, windows=given.windows)
        return
    name = "fleet"
    if given.quick:
        given.series, given.windows, given.command, name = 100, 2560, True, "fleet_quick"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # each phase in a process of its own: this one stays small, for the peaks of its children begin at its size
        own: list[str | Path] = [sys.executable, __file__, "--folder", folder, "--series", str(given.series)]
        busy = os.getloadavg()
        run([*own, "--phase", "make", *(["--command"] if given.command else [])], threads=given.threads)
        phase = ["--phase", "work", "--model", given.model, "--windows", str(given.windows)]
        run([*own, *phase], threads=given.threads, passive=given.passive)
        result: dict[str, Any] = json.loads((folder / "result.json").read_text())
        commands = by_command(folder, given) if given.command else {}
    seconds, peak = result["seconds"]["fit"] + result["seconds"]["forecast"], result["peak_mb"]["forecast"]
    rows = [
        {"phase": phase, "seconds": f"{took:.1f}", "peak MB so far": f"{result['peak_mb'].get(key, 0) or '':.5}"}
        for phase, took, key in (
            ("import", result["seconds"]["import"], ""),
            ("load", result["seconds"]["load"], "loaded"),
            (f"fit, one epoch of {result['windows']:,} windows", result["seconds"]["fit"], "fitted"),
            (f"forecast {result['forecast_shape']}", result["seconds"]["forecast"], "forecast"),
        )
    ]
    rows += [
        {"phase": name, "seconds": f"{took:.1f}", "peak MB so far": f"{commands['peak_mb'][name]:.0f}"}
        for name, took in commands.get("seconds", {}).items()
    ]
    print(f"{given.series:,} series x {WEEKS} weeks hourly, {given.model}, {given.threads} threads\n")
    print(markdown(rows))
    holds = seconds < MOST_SECONDS and peak < MOST_MB
    said = f"fit and forecast: {seconds:.1f} s and {peak:,.0f} MB: {'holds' if holds else 'MISSES'}"
    print(f"{said} (under {MOST_SECONDS:.0f} s and {MOST_MB:,.0f} MB)")
    keep(
        name,
        {
            "series": given.series,
            "threads": given.threads,
            "passive": given.passive,
            "busy_before": busy,
            "versions": versions("nettide", "torch", "numpy"),
            **result,
            "by_command": commands,
            "verdict": [said],
        },
    )


if __name__ == "__main__":
    main()
