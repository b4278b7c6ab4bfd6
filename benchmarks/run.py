"""Run all benchmarks that can run here, one after the other; the entry of ``make bench``."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from measuring import SKIPPED

BENCHMARKS = {
    "startup": ["startup"],
    "fleet": ["fleet"],
    "fleet-auto": ["fleet", "--model", "auto"],
    "fleet-growth": ["fleet", "--growth"],
    "institution": ["institution"],
    "splits": ["splits"],
    "stress": ["stress"],
    "anomalies": ["anomalies"],
    "capacity": ["capacity"],
    "billing": ["billing"],
    "kill_writes": ["kill_writes"],
    "kill_server": ["kill_writes", "--server"],
    "serve_schema": ["serve_schema"],
    "serve_nonsense": ["serve_nonsense"],
    "serve_load": ["serve_load"],
    "studio": ["studio"],
    "training_speed": ["training_speed"],
    "ablations": ["ablations"],
    "accuracy": ["accuracy"],
    "leave-one-out": ["accuracy", "--leave-one-out"],
}
"""Name -> script and options; those that take hours come last."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which; all if absent: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="see that everything runs; the figures mean nothing")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(f"unknown benchmark {unknown[0]!r}; known: {', '.join(BENCHMARKS)}")
    ended: dict[str, str] = {}
    for name in given.names or BENCHMARKS:
        print(f"\n## {name}\n", flush=True)
        started = time.perf_counter()
        script, *options = BENCHMARKS[name]
        command = [sys.executable, Path(__file__).with_name(f"{script}.py"), *options]
        command += ["--quick"] if given.quick else []
        process = subprocess.run(command, check=False)
        seconds = time.perf_counter() - started
        if process.returncode == SKIPPED:
            ended[name] = "skipped for the reason above"
        elif process.returncode:
            ended[name] = f"FAILED with status {process.returncode}"
        else:
            ended[name] = f"done in {seconds:.0f} s"
    print("\n## all\n")
    for name, how in ended.items():
        print(f"{name:16} {how}")
    if any(how.startswith("FAILED") for how in ended.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
