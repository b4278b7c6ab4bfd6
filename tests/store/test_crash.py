"""A kill at any instant of saving leaves the old model or the new, whole."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from records import assert_whole, record
from surroundings import Child

from nettide.store.models import load_model, save_model

AT_EACH_CALL = """
# Forks a process for each line, which saves and is killed before its n-th call that changes the disk.
import os, signal, sys
from pathlib import Path
from records import record
from nettide.store.models import save_model

def count(name):
    real = getattr(os, name)
    def counted(*arguments, **options):
        global calls
        calls += 1
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    setattr(os, name, counted)

for line in sys.stdin:
    fill, last = line.split()
    pid = os.fork()
    if pid == 0:
        calls, last = 0, int(last)
        for name in ("open", "fsync", "replace", "rename", "unlink", "close", "fchmod", "mkdir", "rmdir", "ftruncate"):
            count(name)
        save_model(Path(sys.argv[1]), record(float(fill)), overwrite=True)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    print("killed" if os.WIFSIGNALED(status) else "ended", flush=True)
"""

AT_RANDOM = """
# Forks a process for each line, which saves over and over until it is killed.
import os, sys
from pathlib import Path
from records import record
from nettide.store.models import save_model
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        fill = float(line)
        while True:
            fill += 1
            save_model(Path(sys.argv[1]), record(fill, size=20_000), overwrite=True)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""

MANY = """
import sys
from pathlib import Path
from records import record
from nettide.store.models import save_model
folder, saved = Path(sys.argv[1]), 0
print("ready", flush=True)
while not (folder.parent / "enough").exists():
    saved += 1
    save_model(folder, record(float(saved), size=2), overwrite=True)
print(saved, flush=True)
sys.stdin.readline()
"""


def test_a_reader_finds_whole_models_while_another_process_replaces_them(tmp_path: Path, child: type[Child]) -> None:
    folder = tmp_path / "m"
    save_model(folder, record(0.0, size=2), overwrite=False)
    writer = child(MANY, folder)
    assert writer.hear() == "ready"
    for _ in range(1000):
        assert_whole(load_model(folder))
    (tmp_path / "enough").touch()
    assert int(writer.hear()) >= 10


def test_a_save_killed_at_any_call_leaves_one_of_both_models(tmp_path: Path, child: type[Child]) -> None:
    folder, saver = tmp_path / "m", child(AT_EACH_CALL, tmp_path / "m")
    save_model(folder, record(0.0), overwrite=False)
    kills, old, new = 0, 0, 0
    for last in range(1, 60):
        before = load_model(folder).state.document["fill"]
        outcome = saver.ask(f"{last} {last}")
        found = load_model(folder)
        assert_whole(found)
        assert found.state.document["fill"] in (before, float(last))
        if outcome == "ended":
            break
        kills += 1
        old, new = old + (found.state.document["fill"] == before), new + (found.state.document["fill"] == last)
    assert outcome == "ended"
    assert kills >= 10
    assert min(old, new) >= 2, "the kills fall on both sides of the rename"
    save_model(folder, record(99.0), overwrite=True)
    assert len(list(folder.iterdir())) == 2, "what killed saves left is removed by the next one"


def test_a_first_save_killed_at_any_call_leaves_no_model_or_a_whole_one(tmp_path: Path, child: type[Child]) -> None:
    saver = child(AT_EACH_CALL, tmp_path / "m")
    for last in range(1, 60):
        outcome = saver.ask(f"{last} {last}")
        if (tmp_path / "m" / "model.json").exists():
            assert_whole(load_model(tmp_path / "m"))
            for path in (tmp_path / "m").iterdir():
                path.unlink()
        if outcome == "ended":
            break
    assert outcome == "ended"


def test_saves_killed_at_40_random_moments_leave_whole_models(tmp_path: Path, child: type[Child]) -> None:
    folder, saver, generator = tmp_path / "m", child(AT_RANDOM, tmp_path / "m"), random.Random(0)
    save_model(folder, record(0.0, size=20_000), overwrite=False)
    newest, progress = 0.0, 0
    for _ in range(40):
        pid = int(saver.ask(str(newest)))
        time.sleep(generator.uniform(0.0, 0.06))
        os.kill(pid, signal.SIGKILL)
        assert saver.hear() == "gone"
        found = load_model(folder)
        assert_whole(found)
        assert found.state.document["fill"] >= newest, "a model that was saved is never lost"
        progress += found.state.document["fill"] > newest
        newest = found.state.document["fill"]
    assert progress >= 10
