"""What a plan would train, before time is spent on it."""

from __future__ import annotations

from nettide.backtest.origin import first_test_step
from nettide.models.outline import Outline, Outlined
from nettide.panel import Panel
from nettide.tasks.choice import make_chosen
from nettide.tasks.plan import Plan


def architecture(plan: Plan, panel: Panel) -> Outline | None:
    """Give the parts of the network of a plan and the windows before the test part; None for models without them.

    Raises:
        NettideError: the plan cannot be carried out on this panel.
    """
    model = make_chosen(plan.choice(), plan.models)[plan.model]
    if not isinstance(model, Outlined):
        return None
    return model.outline(panel.until(first_test_step(panel, test_fraction=plan.test_fraction)))
