from __future__ import annotations

import subprocess
import sys


def test_what_is_loaded_beforehand_is_no_longer_walked_by_the_garbage_collector() -> None:
    script = (
        "import gc, sys; from nettide.studio.warm_up import warm_up; warm_up(); gc.collect(); "
        "print(gc.get_freeze_count() > 100_000, len(gc.get_objects()) < 20_000, "
        "{'torch', 'plotly.graph_objs', 'nettide.studio.model_view'} <= sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True"], done.stderr
