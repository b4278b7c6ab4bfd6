"""The thread of a worker that looks for anomalies: it takes longer than a forecast, which must not wait for it."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from nettide.insight.anomalies import score_points
from nettide.insight.anomalies_types import Anomalies, AnomalyConfig
from nettide.panel import Panel
from nettide.service.problems import overloaded
from nettide.service.served import FittedServed, PretrainedServed

_MOST_WAITING = 8


class Judge:
    """Judges panels one by one."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judge")
        self._waiting: set[Future[Anomalies]] = set()

    def judge(
        self,
        model: PretrainedServed | FittedServed,
        panel: Panel,
        *,
        points: int,
        config: AnomalyConfig,
        seconds: float,
    ) -> Anomalies:
        """Judge the last points of a panel.

        Args:
            model: that forecasts what is expected.
            panel: the history, and the points at its end.
            points: how many.
            config: what counts as an anomaly.
            seconds: how long the answer may take.

        Raises:
            NettideError: the panel cannot be judged.
            ProblemError: 503, if too many wait already or the time is over.
        """

        def work() -> Anomalies:
            return score_points(model.another(panel), panel, new_steps=points, config=config)

        self._waiting = {one for one in self._waiting if not one.done()}
        if len(self._waiting) >= _MOST_WAITING:
            raise overloaded("too many requests wait to be judged; try again")
        future = self._thread.submit(work)
        self._waiting.add(future)
        try:
            return future.result(timeout=seconds)
        except TimeoutError:
            future.cancel()
            raise overloaded(f"judging took longer than {seconds:g} s; send less history, or fewer series") from None
