"""A worker process: series and a plan on standard input, quantiles on standard output."""

from __future__ import annotations

import io
import json
import os
import signal
import sys

import numpy as np

from nettide.models.statistical.fits import FitPlan
from nettide.models.statistical.runner import Known, fit_all

_LOOK = 16  # fits between two looks at whether the parent still lives


def main() -> None:
    """Answer one question of ``runner`` and end; without an answer where the parent has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent, which ends its workers
    parent = os.getppid()
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no part of the answer
    stream = io.BytesIO(sys.stdin.buffer.read())
    asked = json.loads(stream.readline())
    plan = FitPlan(**{**asked["plan"], "seasons": tuple(asked["plan"]["seasons"])})
    target, rows, cutoffs, shares, groups = (np.load(stream, allow_pickle=False) for _ in range(5))
    known = Known(shares, groups) if len(shares) else None
    parts = []
    for start in range(0, len(rows), _LOOK):
        if os.getppid() != parent:
            return
        part = slice(start, start + _LOOK)
        parts.append(fit_all(target, rows[part], cutoffs[part], plan=plan, context=asked["context"], known=known))
    with answer:
        for one in zip(*parts, strict=True):
            written = io.BytesIO()
            np.save(written, np.concatenate(one), allow_pickle=False)
            answer.write(written.getvalue())


if __name__ == "__main__":
    main()
