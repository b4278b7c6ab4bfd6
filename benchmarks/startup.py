"""How long ``nettide --help`` takes, and ``nettide check`` on a file of 700,000 rows."""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median

from measuring import data_folder, keep, markdown, nettide_command, run, versions

_FILE = "cesnet_ip_hourly.parquet"
_GOALS = {"nettide --help": 0.3, f"nettide check {_FILE}": 3.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the real data; NETTIDE_DATA or ../shared/data if absent")
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--quick", action="store_true", help="three runs")
    given = parser.parse_args()
    runs = 3 if given.quick else given.runs
    nettide, file = nettide_command(), data_folder(given.data) / _FILE
    commands = {
        "nettide --help": [nettide, "--help"],
        f"nettide check {_FILE}": [nettide, "check", file, "--missing", "zero"],
    }
    rows, kept = [], {}
    for name, command in commands.items():
        run(command)  # the first one fills the file cache
        done = [run(command) for _ in range(runs)]
        seconds = sorted(one.seconds for one in done)
        goal = _GOALS[name]
        rows.append(
            {
                "command": name,
                "median s": f"{median(seconds):.3f}",
                "least ... most": f"{seconds[0]:.3f} ... {seconds[-1]:.3f}",
                "peak MB": f"{max(one.peak_mb for one in done):.0f}",
                "goal": f"under {goal} s: {'holds' if median(seconds) < goal else 'MISSES'}",
            }
        )
        kept[name] = seconds
    print(markdown(rows))
    keep(
        "startup_quick" if given.quick else "startup",
        {"seconds": kept, "versions": versions("nettide"), "summary": rows},
    )


if __name__ == "__main__":
    main()
