"""How many threads a network runs on: one, where waking others costs more than their help is worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

_WORTH = 5_000_000
"""Multiplications a window. On two idle cores a second thread made 1.6 times the speed of the published
convolutions (45 million), nothing at hidden 256 (2.6 million), and 0.6 at the defaults (0.3 million); where other
work held a core, waiting threads made training many times slower."""


def is_small(multiplications: int) -> bool:
    """Say whether a network of so many multiplications a window runs its operations on one thread."""
    return multiplications <= _WORTH


@contextmanager
def threads_for(multiplications: int) -> Iterator[None]:
    """Let PyTorch use one thread during the block, or all that it may where a window takes much work.

    Args:
        multiplications: of one window through the network, about.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if is_small(multiplications) else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
