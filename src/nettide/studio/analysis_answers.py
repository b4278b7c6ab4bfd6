"""Answers that take a while: worked out in a thread that goes on whatever page is shown, and kept for long after."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore, Event, Lock, Thread
from typing import Generic, TypeVar

import streamlit as st

from nettide.errors import NettideError
from nettide.studio.session import workspace
from nettide.studio.words import plain, seconds_text

_MOST_ANSWERS, _MOST_JOBS = 32, 200
_AT_ONCE = 2
_PATIENCE_SECONDS, _REFRESH_SECONDS, _LOOK_SECONDS = 0.8, 0.5, 0.1
Answer = TypeVar("Answer")


class _Stopped(Exception):  # noqa: N818  # no error: it ends a thread that was asked to end
    pass


class Job:
    """One question that is worked out in a thread.

    Args:
        key: all that its answer depends on.
        work: gives the answer; it tells where it is through the job that it is given.
        waiting: what is said before it tells anything.
        keep: takes the answer.
    """

    def __init__(
        self, key: tuple[str, ...], work: Callable[[Job], object], *, waiting: str, keep: Callable[[object], None]
    ) -> None:
        self.key, self.error = key, ""
        self._work, self._keep = work, keep
        self._said, self._share, self._begun = waiting, 0.0, time.monotonic()
        self._stop, self._ended = Event(), Event()
        self._thread = Thread(target=self._run, name=f"answer {key[0]}")

    @property
    def going(self) -> bool:
        """Whether an answer may still come."""
        return not self._ended.is_set() and not self._stop.is_set()

    @property
    def said(self) -> str:
        """Where it is, and for how long it has been going."""
        return f"{self._said} ({seconds_text(time.monotonic() - self._begun)})"

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self._share

    def start(self) -> None:
        """Begin, and give it a moment: what is quick is then done when the page is drawn."""
        self._thread.start()
        self._ended.wait(_PATIENCE_SECONDS)

    def stop(self) -> None:
        """Forget it; its thread ends when it tells something the next time."""
        self._stop.set()

    def tell(self, said: str, share: float = 0.0) -> None:
        """Say where it is; called by the work, which ends here if nobody wants the answer any more.

        Args:
            said: a few words.
            share: of the work that is done, 0 to 1.
        """
        if self._stop.is_set():
            raise _Stopped
        self._said, self._share = said, min(1.0, max(0.0, share))

    def _run(self) -> None:
        try:
            while not _TURNS.acquire(timeout=_LOOK_SECONDS):
                self.tell("Waiting for its turn: others are worked out")
            try:
                self.tell(self._said)
                answer = self._work(self)
                self.tell(self._said, 1.0)
            finally:
                _TURNS.release()
            self._keep(answer)
        except _Stopped:
            pass
        except NettideError as error:
            self.error = str(error)
        except MemoryError:
            self.error = "this needs more memory than there is; ask it of fewer series or fewer windows"
        finally:
            self._ended.set()


@dataclass(frozen=True, slots=True)
class Asked(Generic[Answer]):
    """What there is on a question.

    Args:
        answer: None where there is none, or not yet.
        going: whether one of this section is being worked out.
    """

    answer: Answer | None
    going: bool


class Answers:
    """The last answers; those that were not looked at for longest go first.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int = _MOST_ANSWERS) -> None:
        self._most, self._lock = most, Lock()
        self._kept: OrderedDict[tuple[str, ...], object] = OrderedDict()

    def find(self, key: tuple[str, ...]) -> object | None:
        """Give an answer; None where it is not known."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: tuple[str, ...], answer: object) -> None:
        """Keep an answer."""
        with self._lock:
            self._kept[key] = answer
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


class Jobs:
    """The last job of each section of each session."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_place: OrderedDict[tuple[str, str], Job] = OrderedDict()

    def find(self, place: tuple[str, str]) -> Job | None:
        """Give the last job of a place; None where there was none."""
        return self._by_place.get(place)

    def put(self, place: tuple[str, str], job: Job) -> None:
        """Take a job; the one before it is not wanted any more."""
        with self._lock:
            if (before := self._by_place.pop(place, None)) is not None:
                before.stop()
            self._by_place[place] = job
            ended = [one for one, known in self._by_place.items() if not known.going]
            for one in ended[: max(0, len(self._by_place) - _MOST_JOBS)]:
                del self._by_place[one]

    def stop_all(self) -> None:
        """Let all end, so that the process can."""
        with self._lock:
            for one in self._by_place.values():
                one.stop()


_TURNS = BoundedSemaphore(_AT_ONCE)
JOBS = Jobs()
"""Those of this process."""


def answered(
    kind: type[Answer],
    key: tuple[str, ...],
    *,
    asked: bool,
    work: Callable[[Job], Answer],
    waiting: str,
) -> Asked[Answer]:
    """Give an answer that is known; begin to work it out where it was asked for, and show how far that is.

    A section works on one question at a time: another one takes its place.

    Args:
        kind: its class.
        key: all that it depends on.
        asked: whether the button was pressed.
        work: gives it, in a thread: it must not call Streamlit; its errors are passed on here.
        waiting: what is said before it tells anything.

    Raises:
        NettideError: what the work ended with.
    """
    place, whole = (str(workspace().folder), kind.__name__), (kind.__name__, *key)
    answers, job = _answers(), JOBS.find(place)
    already = job is not None and job.going and job.key == whole
    if asked and not already and answers.find(whole) is None:
        job = Job(whole, work, waiting=waiting, keep=lambda answer: answers.keep(whole, answer))
        JOBS.put(place, job)
        job.start()
    going = job is not None and job.going
    known = answers.find(whole)  # after that look: an answer is kept before its job ends
    if isinstance(known, kind):
        return Asked(known, going=False)
    if job is not None and going:
        st.fragment(_progress, run_every=_REFRESH_SECONDS)(place, own=job.key == whole)
    elif job is not None and job.key == whole and job.error:
        raise NettideError(job.error)
    return Asked(None, going=going)


def _progress(place: tuple[str, str], *, own: bool) -> None:
    """Show how far a job is, again and again until it ends; the page is then drawn with what came of it."""
    job = JOBS.find(place)
    if job is None or not job.going:
        st.rerun()
    first, second = st.columns([5, 1], vertical_alignment="center")
    first.progress(job.share, text=plain(job.said if own else f"With other choices than these: {job.said}"))
    second.button(
        "Stop", key=f"answer.stop.{place[1]}", icon=":material/stop:", width="stretch", on_click=job.stop,
        help="Ends it; nothing of it is kept. It goes on while you look at other pages.",
    )  # fmt: skip


@st.cache_resource(show_spinner=False)
def _answers() -> Answers:
    return Answers()
