"""Dropout whose random numbers come from a generator that the thread brings, so that threads stay repeatable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local

import torch
from torch import Tensor, nn


class _Drawn(local):
    generator: torch.Generator | None = None


_DRAWN = _Drawn()


@contextmanager
def drawing_from(generator: torch.Generator) -> Iterator[None]:
    """Let ``Dropout`` draw from this generator in this thread during the block."""
    before = _DRAWN.generator
    _DRAWN.generator = generator
    try:
        yield
    finally:
        _DRAWN.generator = before


class Dropout(nn.Module):
    """Drops each number with a probability and scales the rest up, while it trains.

    Outside of ``drawing_from`` it draws from PyTorch's own generator, which all threads share.

    Source: Srivastava et al., JMLR 15 (2014).

    Args:
        share: probability that a number is dropped, 0 <= share < 1.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, values: Tensor) -> Tensor:
        """Give the values, of any shape, some of them zero."""
        if not self.training or not self.share:
            return values
        kept = torch.empty_like(values).bernoulli_(1 - self.share, generator=_DRAWN.generator)
        return values * kept.div_(1 - self.share)

    def extra_repr(self) -> str:
        """Describe it in a printed network."""
        return f"share={self.share}"
