"""Precision of a network's encoder: whether bfloat16 is faster here, by a few timed batches in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

import torch
from torch import nn

from nettide.models.contract import Checkpoint

Precision = Literal["float32", "bfloat16"]
PrecisionChoice = Literal["float32", "bfloat16", "auto"]

_PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
_WORTH = 1.15
_LEAST_ROUNDS, _MOST_ROUNDS, _MOST_SECONDS = 3, 7, 5.0
_NATIVE = ("amx_bf16", "avx512_bf16", "avx10_2", "bf16", "sve_bf16")  # instructions of x86 and of ARM


@dataclass(frozen=True, slots=True)
class Probe:
    """What timed batches said.

    Args:
        precision: the faster one; float32 unless bfloat16 gains enough.
        text: a sentence with the figures.
    """

    precision: Precision
    text: str


def has_bfloat16() -> bool:
    """Say whether this processor multiplies bfloat16 by instructions of its own; others only imitate it."""
    if not hasattr(torch.cpu, "get_capabilities"):  # before PyTorch 2.10
        asked = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
        return asked is not None and bool(asked())
    found = torch.cpu.get_capabilities()
    return any(found.get(name, False) for name in _NATIVE)


def settled(network: nn.Module, run: Callable[[Precision], None], checkpoint: Checkpoint | None) -> Probe:
    """Choose the precision of a training; one that was killed goes on in that it began with.

    The network stays as it was, and so do the random numbers to come.

    Args:
        network: what is trained.
        run: computes the gradients of one batch in a precision.
        checkpoint: what a killed training has left, if any.
    """
    kept = checkpoint.load() if checkpoint is not None else None
    before = kept.document.get("fingerprint", {}).get("precision") if kept is not None else None
    for precision in _PRECISIONS:
        if before == precision:
            return Probe(precision, f"precision {precision}: as the training began with")
    untouched = {name: value.clone() for name, value in network.state_dict().items()}  # batch norm counts along
    network.train()
    with torch.random.fork_rng(devices=[]):
        probe = probed(run, native=has_bfloat16())
    network.zero_grad(set_to_none=True)
    network.load_state_dict(untouched)
    return probe


def probed(run: Callable[[Precision], None], *, native: bool, clock: Callable[[], float] = time.perf_counter) -> Probe:
    """Time a batch in both precisions in turn, so that other work on the machine slows both alike.

    bfloat16 is taken where it is at least 1.15 times as fast, by medians. A clock decides, so that the same seed may
    give other weights elsewhere, or on another day; whoever keeps the outcome can repeat the training by it.

    Args:
        run: trains one batch in a precision.
        native: whether the processor has instructions for bfloat16; where not, nothing is timed.
        clock: seconds from any origin.
    """
    if not native:
        return Probe("float32", "precision float32: this processor has no instructions for bfloat16")
    seconds: dict[Precision, list[float]] = {precision: [] for precision in _PRECISIONS}
    began = clock()
    for turn in range(_MOST_ROUNDS + 1):
        for precision, found in seconds.items():
            before = clock()
            run(precision)
            if turn:  # the first round prepares kernels and memory
                found.append(clock() - before)
        if turn >= _LEAST_ROUNDS and clock() - began > _MOST_SECONDS:
            break
    ratio = median(seconds["float32"]) / max(median(seconds["bfloat16"]), 1e-9)
    chosen: Precision = "bfloat16" if ratio >= _WORTH else "float32"
    return Probe(chosen, f"precision {chosen}: a batch in bfloat16 is {ratio:.2f} times as fast as in float32")
