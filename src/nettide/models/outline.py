"""Outline: what a fit would train on a panel: the parts of the network, and the windows that it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nettide.panel import Panel


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a network.

    Args:
        name: encoder, convolution or head.
        about: its kind and sizes, a few words.
        parameters: trained numbers in it.
    """

    name: str
    about: str
    parameters: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What a fit would train.

    Args:
        parts: of the network, in the order in which data runs through them.
        context: steps of a window.
        training: windows that train.
        validation: windows that choose the epoch; 0 where they would be too few to decide anything.
        epochs: most passes over the training windows.
        batch_size: windows a batch.
        inputs: numbers known at each step of the context.
    """

    parts: tuple[Part, ...]
    context: int
    training: int
    validation: int
    epochs: int
    batch_size: int
    inputs: int

    @property
    def parameters(self) -> int:
        """Trained numbers in all."""
        return sum(one.parameters for one in self.parts)


@runtime_checkable
class Outlined(Protocol):
    """A model that can say what it would train."""

    def outline(self, panel: Panel) -> Outline:
        """Give what ``fit`` would train on a panel; the model stays as it is.

        Raises:
            HistoryError: as ``fit``.
        """
        ...
