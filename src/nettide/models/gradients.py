"""Gradients of a batch: of its two halves in two threads where a second core is free, and the same bits where not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nettide.models.dropout import drawing_from

LossOf = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Window numbers, int64, shape (batch,) -> summed loss and number of known targets, both scalar."""

_LEAST_WINDOWS = 64
"""A smaller batch stays whole: its halves would keep two cores less busy than starting them takes."""


@dataclass(frozen=True, slots=True)
class _Share:
    loss: float
    known: int
    gradients: tuple[Tensor | None, ...]


class BatchGradients:
    """Leaves the gradients of the mean loss of a batch in a network.

    A network that can be halved is shown each half of a batch by itself, with random numbers of its own, and both
    gradients are added: always, so that the outcome does not depend on how many cores there are. PyTorch's own
    threads share single operations, which are too small here to gain from it.

    Args:
        network: whose weights get gradients.
        loss_of: gives the loss of windows by number; it is called from two threads at once.
        halved: whether to go by halves; not for a network with batch norm, which must see whole batches.
        threads: 2 or more lets both halves run at once.
    """

    def __init__(self, network: nn.Module, loss_of: LossOf, *, halved: bool, threads: int) -> None:
        self._loss_of, self._halved = loss_of, halved
        self._weights = tuple(one for one in network.parameters() if one.requires_grad)
        self._generators = (torch.Generator(), torch.Generator())
        self._threads = threads
        self._aside: ThreadPoolExecutor | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep a second thread during the block, if one is of use."""
        if not self._halved or self._threads < 2:
            yield
            return
        with ThreadPoolExecutor(1, thread_name_prefix="gradients", initializer=_prepare_thread) as aside:
            self._aside = aside
            try:
                yield
            finally:
                self._aside = None

    def seed(self, number: int) -> None:
        """Begin the random numbers of both halves anew."""
        for place, generator in enumerate(self._generators):
            generator.manual_seed(2 * number + place)

    def __call__(self, numbers: Tensor) -> tuple[float, int]:
        """Give the summed loss of windows and the number of known targets; no gradients where that is zero."""
        for weight in self._weights:  # so that two sets of them never stand side by side
            weight.grad = None
        if not self._halved or len(numbers) < _LEAST_WINDOWS:
            shares = [self._share(numbers, None)]
        else:
            first, second = torch.tensor_split(numbers, 2)
            if self._aside is None:
                shares = [self._share(first, self._generators[0]), self._share(second, self._generators[1])]
            else:
                later = self._aside.submit(self._share, second, self._generators[1])
                shares = [self._share(first, self._generators[0]), later.result()]
        known = sum(one.known for one in shares)
        for weight, parts in zip(self._weights, zip(*(one.gradients for one in shares), strict=True), strict=True):
            weight.grad = _mean(parts, known, like=weight) if known else None
        return sum(one.loss for one in shares), known

    def _share(self, numbers: Tensor, generator: torch.Generator | None) -> _Share:
        with nullcontext() if generator is None else drawing_from(generator):
            summed, known = self._loss_of(numbers)
        gradients = torch.autograd.grad(summed, self._weights, allow_unused=True)
        return _Share(float(summed.detach()), int(known), gradients)


def _mean(parts: tuple[Tensor | None, ...], known: int, *, like: Tensor) -> Tensor | None:
    """Give the mean gradient in the layout of its weight, which fused optimizers take for granted."""
    some = [one for one in parts if one is not None]
    if not some:
        return None
    mean = sum(some[1:], start=some[0]) / known
    return mean if mean.stride() == like.stride() else torch.empty_like(like).copy_(mean)


def _prepare_thread() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
