"""schemathesis, all phases and all checks, against a server that runs: does the service do what its OpenAPI says?

    python benchmarks/serve_schema.py --examples 100

Left out are only requests that break a rule which JSON Schema cannot say (tests/service/worded_rules.py).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from measuring import keep, markdown, versions

TESTS = Path(__file__).parents[1] / "tests" / "service"
sys.path.insert(0, str(TESTS))

from made_service import Server, served  # noqa: E402 its folder is known only now

PHASES = "examples,coverage,fuzzing,stateful"


@dataclass(frozen=True, slots=True)
class Ran:
    """What schemathesis found.

    Args:
        cases: requests that it made up and sent.
        failures: unique ones.
        server_errors: answers with 5xx among all that the service counted.
        requests: that the service answered, those of schemathesis's probes too.
        text: what it said.
    """

    cases: int
    failures: int
    server_errors: int
    requests: int
    text: str


def run_schemathesis(server: Server, *, examples: int, phases: str = PHASES, seed: int = 1) -> Ran:
    """Run schemathesis against a server."""
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{server.url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {server.token}", "--checks", "all", "--phases", phases]
    command += ["--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure", "--no-color"]
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "SCHEMATHESIS_HOOKS": "worded_rules"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=folder)
    told = re.search(r"([\d,]+) generated", done.stdout)
    found = re.search(r"([\d,]+) unique failures?", done.stdout)
    if told is None or (done.returncode != 0) != (found is not None):
        raise SystemExit(f"schemathesis did not run to its end:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    counts = [
        (re.findall(r'status="(\d+)"', line)[0], float(line.split()[-1]))
        for line in server.ask("/metrics")[1].splitlines()
        if line.startswith("nettide_requests_total{")
    ]
    return Ran(
        int(told[1].replace(",", "")),
        0 if found is None else int(found[1].replace(",", "")),
        int(sum(count for status, count in counts if status.startswith("5"))),
        int(sum(count for _, count in counts)),
        done.stdout,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=100, help="of each operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="see that it runs: 3 examples")
    asked = parser.parse_args()
    examples, name = (3, "serve_schema_quick") if asked.quick else (asked.examples, "serve_schema")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), "--workers", "1", "--job-workers", "0") as server,
    ):
        ran = run_schemathesis(server, examples=examples, seed=asked.seed)
    row = {name: value for name, value in asdict(ran).items() if name != "text"}
    print(markdown([row]))
    if ran.failures or ran.server_errors:
        print(ran.text, file=sys.stderr)
        sys.exit(1)
    keep(name, {"rows": [row], "seed": asked.seed, "versions": versions("nettide", "schemathesis")})


if __name__ == "__main__":
    main()
