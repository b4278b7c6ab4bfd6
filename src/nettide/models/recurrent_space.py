"""What ``nettide tune`` tries of a recurrent forecaster.

Scaling, transform and loss are not among it: the validation losses of networks that differ in them cannot be compared,
so a poor one could not be ended early. Fix another one with ``--set`` and compare two searches.
"""

from __future__ import annotations

from nettide.models.recurrent_config import RecurrentConfig, resolve
from nettide.models.search_space import Choices, Range, Real, SearchSpace, Value, value_text
from nettide.panel import Panel

RECURRENT_SPACE: dict[str, Range] = {
    "hidden": Choices((32, 64, 128, 256)),
    "layers": Choices((1, 2)),
    "dropout": Real(0.0, 0.4),
    "learning_rate": Real(3e-4, 1e-2, log=True),
    "weight_decay": Real(1e-6, 1e-2, log=True),
    "batch_size": Choices((64, 128, 256, 512)),
}
"""For each of the networks."""

CONVOLUTION_SPACE: dict[str, Range] = {
    "filters": Choices(("32,64,32", "64,128,64", "128,256,128")),
    "kernels": Choices(("8,5,3", "5,3,3", "3,3,3")),
}
"""For those with a convolutional branch."""

CHANNEL_SPACE: dict[str, Range] = {"channels": Choices(("target", "all"))}
"""Where the data has more than the target."""

_LEAST_PATCHES = 4


def recurrent_space(config: RecurrentConfig, panel: Panel) -> SearchSpace:
    """Give what to try: the spaces above, and half or twice the context where history allows."""
    own = resolve(config, panel)
    contexts = _contexts(own, panel)
    ranges: dict[str, Range] = {
        **({"context": Choices(contexts)} if len(contexts) > 1 else {}),
        **RECURRENT_SPACE,
        **(CONVOLUTION_SPACE if config.convolution else {}),
        **(CHANNEL_SPACE if len(panel.channels) > 1 else {}),
    }
    defaults: dict[str, Value] = {}
    for name in ranges:
        value = getattr(own, name)
        defaults[name] = value_text(value) if isinstance(value, tuple) else value
    return SearchSpace(ranges, defaults)


def _contexts(own: RecurrentConfig, panel: Panel) -> tuple[int, ...]:
    """Give half, whole and twice the context, in whole patches that leave at least half of the history to learn."""
    assert own.context is not None
    assert own.patch is not None
    patches = own.context // own.patch
    half = max(_LEAST_PATCHES, -(-patches // 2)) * own.patch
    longer = {size for size in (half, 2 * own.context) if size + own.horizon <= panel.steps // 2}
    return tuple(sorted({own.context} | longer))
