"""The recurrent cells in NumPy, from the equations of their papers, in float64 and one step at a time.

``m`` is the input size and ``n`` the state size; the weights carry the names and the order of gates of PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from nettide.arrays import Floats

Weights = Mapping[str, Floats]
"""``weight_ih_l0`` (gate * n, m), ``weight_hh_l0`` (gate * n, n), ``bias_ih_l0`` and ``bias_hh_l0`` (gate * n,), ..."""


def sigmoid(values: Floats) -> Floats:
    return 1 / (1 + np.exp(-values))


def elman(inputs: Floats, weights: Weights, layer: int) -> Floats:
    """h(t) = tanh(W x(t) + b + U h(t-1) + c).

    Source: Elman, Finding structure in time, Cognitive Science 14 (1990).
    """
    w, u, b, c = _of(weights, layer)
    state, states = np.zeros(u.shape[1]), []
    for x in inputs:
        state = np.tanh(w @ x + b + u @ state + c)
        states.append(state)
    return np.array(states)


def lstm(inputs: Floats, weights: Weights, layer: int) -> Floats:
    """i, f, o = sigmoid(...), g = tanh(...); s(t) = f s(t-1) + i g; h(t) = o tanh(s(t)).

    Source: Hochreiter and Schmidhuber, Long short-term memory, Neural Computation 9 (1997), with the forget gate
    of Gers, Schmidhuber and Cummins, Learning to forget, Neural Computation 12 (2000).
    """
    w, u, b, c = _of(weights, layer)
    size = u.shape[1]
    state, cell, states = np.zeros(size), np.zeros(size), []
    for x in inputs:
        i, f, g, o = np.split(w @ x + b + u @ state + c, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        state = sigmoid(o) * np.tanh(cell)
        states.append(state)
    return np.array(states)


def gru(inputs: Floats, weights: Weights, layer: int) -> Floats:
    """r, z = sigmoid(...); p = tanh(W x(t) + b + r (U h(t-1) + c)); h(t) = z h(t-1) + (1 - z) p.

    Source: Cho et al., Learning phrase representations, EMNLP 2014. There the reset gate stands inside the
    product, U (r h(t-1)); PyTorch and cuDNN apply it to the product, which needs the second bias c.
    """
    w, u, b, c = _of(weights, layer)
    state, states = np.zeros(u.shape[1]), []
    for x in inputs:
        (xr, xz, xp), (hr, hz, hp) = np.split(w @ x + b, 3), np.split(u @ state + c, 3)
        r, z = sigmoid(xr + hr), sigmoid(xz + hz)
        state = z * state + (1 - z) * np.tanh(xp + r * hp)
        states.append(state)
    return np.array(states)


CELLS: dict[str, Callable[[Floats, Weights, int], Floats]] = {"rnn": elman, "lstm": lstm, "gru": gru}
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def run(cell: str, inputs: Floats, weights: Weights, *, layers: int) -> Floats:
    """Give the states of the last layer, shape (batch, time, n), for inputs of shape (batch, time, m)."""
    found = []
    for sequence in inputs:
        states = sequence
        for layer in range(layers):
            states = CELLS[cell](states, weights, layer)
        found.append(states)
    return np.array(found)


def _of(weights: Weights, layer: int) -> tuple[Floats, Floats, Floats, Floats]:
    w, u, b, c = (weights[f"{name}_l{layer}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    return w, u, b, c
