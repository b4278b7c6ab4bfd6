"""What the server loads while the browser still loads the frame, so that no page change waits for it.

Streamlit collects garbage after each run of the script, before it sends the last elements. With PyTorch and Plotly
loaded that walks a quarter of a million objects that are never garbage: 0.15 s at each page change, more than most
pages themselves take. Frozen objects are not walked.
"""

from __future__ import annotations

import gc
from importlib import import_module
from threading import Thread

import numpy as np

_LOADED = (
    "nettide.models.pretrained.model",
    "nettide.models.recurrent",
    "nettide.studio.analysis_errors",
    "nettide.studio.analysis_view",
    "nettide.studio.data_view",
    "nettide.studio.forecast_view",
    "nettide.studio.model_view",
    "nettide.studio.training_view",
)


def warm_up() -> None:
    """Load what pages need, and let the garbage collector pass over it from now on."""
    for name in _LOADED:
        import_module(name)
    from nettide.studio.charts import Line, time_figure

    some = np.arange(3)
    time_figure([Line("", some, some.astype(np.float64))], unit="", name="", zone="UTC")  # Plotly loads more for it
    gc.collect()
    gc.freeze()


def warm_up_aside() -> Thread:
    """Do so in a thread of its own; it is waited for at the end of the process, as half an import cannot be left."""
    thread = Thread(target=warm_up, name="warm-up")
    thread.start()
    return thread
