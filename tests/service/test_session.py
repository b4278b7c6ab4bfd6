"""The session of docs/service.md, run as it stands there: start, key, forecasts, batch, job, metrics, SIGTERM."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from nettide.settings import known_settings

PAGE = Path(__file__).parents[2] / "docs" / "service.md"


def blocks(mark: str) -> list[str]:
    return re.findall(rf"<!-- {mark} -->\n```sh\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_session_of_the_documentation_runs(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NETTIDE_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment["NETTIDE_SERVICE__WORKERS"] = "1"
    [start], [key] = blocks("start"), blocks("key")
    with (tmp_path / "serve.log").open("wb") as log:
        command = ["bash", "-c", "exec " + start.replace("8080", port)]
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=log)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "serve.log").read_text()
                time.sleep(0.1)
        parts = [part.replace("8080", port) for part in blocks("session")]
        assert len(parts) >= 6
        script = "\necho; echo ======\n".join([key, *parts])
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        _, following, forecast, _, anomalies, job, metrics = ran.stdout.split("======\n")
        assert json.loads(following)["value"] > 0
        assert len(json.loads(forecast)["series"][0]["quantiles"]["0.9"]) == 24
        batch = json.loads((tmp_path / "forecasts.json").read_text())
        assert len(batch["series"]) == 500
        assert json.loads(anomalies)["series"][0]["points"][-1]["value"] == 30
        assert any(line.startswith("model,") for line in job.splitlines())
        assert 'nettide_forecasts_total{model="base"} 502.0' in metrics
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=60) == 0


def test_the_documentation_names_every_setting_with_what_is_usual() -> None:
    text = PAGE.read_text()
    for name, usual, about in known_settings():
        assert f"| `{name}` | {usual} | {about} |" in text, name
