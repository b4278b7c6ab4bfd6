"""What the page of a search is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TrialState = Literal["complete", "pruned", "failed", "unfinished"]
"""Scored to the end; ended early because others did better; gave no score; killed or stopped, so that it counts not."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of options that was tried.

    Args:
        number: from 0, in the order in which they began.
        state: how it ended.
        options: option -> text, as ``--set`` reads it.
        score: relWQL, or relMAE of a point model, on the validation part; None without one.
        seconds: wall time.
        defaults: whether it is the model as it comes.
        reason: why it failed; empty otherwise.
    """

    number: int
    state: TrialState
    options: Mapping[str, str]
    score: float | None
    seconds: float
    defaults: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TuningContent:
    """Everything the page of a search shows. All texts are plain: they are escaped where they are written.

    Args:
        title: usually the name of the data.
        model: whose options were tried.
        score_name: relWQL or relMAE.
        headline: the outcome in a sentence.
        remarks: further sentences.
        trials: in the order in which they began.
        best: number of the best trial.
        importance: option -> its share in what made the better trials better; empty where there are too few.
        facts: name -> value, of the data and the search.
        command: how to fit the best.
        again: how to repeat the search.
        versions: name -> version of what took part.
        made: when the page was made.
    """

    title: str
    model: str
    score_name: str
    headline: str
    remarks: tuple[str, ...]
    trials: tuple[Trial, ...]
    best: int
    importance: Mapping[str, float]
    facts: Mapping[str, str]
    command: str = ""
    again: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    made: str = ""
