"""The pretrained network: a gated recurrence over days, the newest steps beside it, and a head for any target step.

It is a stack of equal networks (members): each weight has a first dimension for them, so that several seeds train
and forecast in one batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from nettide.forecast import LEVELS
from nettide.models.dropout import Dropout
from nettide.models.features import RECENT_FEATURES, recent_errors
from nettide.models.pretrained.histories import (
    DAYS,
    FINE,
    HISTORY_ANCHORS,
    KNOWN_COUNT,
    META_FEATURES,
    PLACE_FEATURES,
    SLOTS,
    History,
)
from nettide.models.scaling import Scale, window_scale
from nettide.prepare.calendar import CALENDAR_FEATURES

_COMPANIONS = 16
_LEVELS_OF_LATE = 5
_MIDDLE = LEVELS.index(0.5)
_FIRST_GATES = {"last": -1.0, "mean": -2.0, "similar": 2.0, "weeks": 2.0, "week": 1.0, "days": 1.0}


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """Size of the network.

    Args:
        hidden: of the recurrent state, and of what is made of the newest steps.
        head: of the head.
        members: networks that stand side by side.
        dropout: share dropped before and in the head.
    """

    hidden: int
    head: int
    members: int = 1
    dropout: float = 0.05


class MemberLinear(nn.Module):
    """A linear layer for each member: (member, row, input) to (member, row, output)."""

    def __init__(self, members: int, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(members, 1, outputs).uniform_(-bound, bound)) if bias else None

    def forward(self, rows: Tensor) -> Tensor:
        """Give shape (member, row, output)."""
        found: Tensor = (
            torch.bmm(rows, self.weight) if self.bias is None else torch.baddbmm(self.bias, rows, self.weight)
        )
        return found


class MemberGRU(nn.Module):
    """A gated recurrent unit for each member; gives the final state.

    Source: Cho et al., EMNLP 2014, in the form of cuDNN and ``torch.nn.GRU`` (the reset gate after the product).
    """

    def __init__(self, members: int, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.from_input = MemberLinear(members, inputs, 3 * hidden)
        self.from_state = MemberLinear(members, hidden, 3 * hidden)

    def forward(self, steps: Tensor) -> Tensor:
        """Walk steps of shape (member, batch, time, input) and give the last state, (member, batch, hidden)."""
        members, batch, time, inputs = steps.shape
        gates = self.from_input(steps.reshape(members, batch * time, inputs)).view(members, batch, time, -1)
        state = gates.new_zeros(members, batch, self.hidden)
        for step in gates.unbind(2):
            reset_in, keep_in, new_in = step.chunk(3, dim=-1)
            reset, keep, new = self.from_state(state).chunk(3, dim=-1)
            candidate = torch.tanh(new_in + torch.sigmoid(reset_in + reset) * new)
            state = torch.lerp(candidate, state, torch.sigmoid(keep_in + keep))
        final: Tensor = state
        return final


class MultiscaleNetwork(nn.Module):
    """Quantiles of any target steps from a history.

    Args:
        shape: its size.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        members, hidden = shape.members, shape.hidden
        anchors, outputs = len(HISTORY_ANCHORS), len(LEVELS)
        self.days = MemberGRU(members, 2 * SLOTS + KNOWN_COUNT, hidden)
        self.fine = MemberLinear(members, 8 * FINE, hidden)
        self.companions = MemberLinear(members, 2 * SLOTS, _COMPANIONS)
        features = 2 * hidden + _COMPANIONS + RECENT_FEATURES + _LEVELS_OF_LATE + META_FEATURES
        self.from_state = MemberLinear(members, features, shape.head)
        self.from_known = MemberLinear(members, KNOWN_COUNT + 2 * anchors + PLACE_FEATURES, shape.head, bias=False)
        self.deeper = MemberLinear(members, shape.head, shape.head)
        self.out = MemberLinear(members, shape.head, anchors + outputs)
        self.drop = Dropout(shape.dropout)
        with torch.no_grad():
            for layer in (self.deeper, self.out):  # training begins at a fixed mix of anchors
                layer.weight.zero_()
                assert layer.bias is not None
                layer.bias.zero_()
            assert self.out.bias is not None
            # a kind of occasion that training never shows then has exactly no effect
            occasions = slice(len(CALENDAR_FEATURES), KNOWN_COUNT)
            self.from_known.weight[:, occasions] = 0.0
            self.days.from_input.weight[:, 2 * SLOTS :][:, occasions] = 0.0
            for name, gate in _FIRST_GATES.items():
                self.out.bias[..., HISTORY_ANCHORS.index(name)] = gate

    def multiplications(self, horizon: int) -> int:
        """Give about how many multiplications a history takes."""
        each = {name: layer.weight.numel() for name, layer in self.named_modules() if isinstance(layer, MemberLinear)}
        ahead = sum(each[name] for name in ("from_known", "deeper", "out"))
        walked = sum(count for name, count in each.items() if name.startswith("days."))
        return DAYS * walked + horizon * ahead + each["fine"] + each["from_state"]

    def forward(self, history: History) -> tuple[Tensor, Scale]:
        """Forecast, in scaled space.

        Returns:
            Ascending quantiles, shape (member, batch, horizon, level), and the scale that maps them back, of the
            same for all members.
        """
        scale = history_scale(history)
        coarse = scale.apply(history.coarse)
        batch, horizon = history.anchors.shape[:2]
        days = torch.cat([_with_known(coarse.view(batch, DAYS, SLOTS)), history.past_known], dim=-1)
        fine = scale.apply(history.fine)
        errors = [fine - scale.apply(lag) for lag in (history.fine_week, history.fine_day, history.fine_similar)]
        newest = torch.cat([_with_known(part) for part in (fine, *errors)], dim=-1)
        late = torch.stack(
            [
                *(error.abs().nanmean(1) for error in errors),
                fine.diff(dim=1).abs().nanmean(1),
                fine[:, -4:].nanmean(1),
            ],
            dim=-1,
        )
        recent = torch.cat([recent_errors(scale.apply(history.recent)), torch.nan_to_num(late), history.meta], dim=-1)
        told = torch.cat(
            [
                self.drop(torch.cat([self.days(self._each(days)), functional.gelu(self.fine(self._each(newest)))], -1)),
                functional.gelu(self.companions(self._each(_with_known(history.companions)))),
                self._each(recent),
            ],
            dim=-1,
        )
        anchors = scale.apply(history.anchors)
        unknown = torch.isnan(anchors)
        anchors = torch.where(unknown, 0.0, anchors)
        known = [history.next_known, anchors, unknown.to(anchors.dtype), history.place.expand(batch, -1, -1)]
        ahead = torch.cat(known, dim=-1).reshape(batch * horizon, -1)
        mixed = self.from_state(told)[:, :, None] + self.from_known(self._each(ahead)).view(
            self.shape.members, batch, horizon, -1
        )
        mixed = functional.gelu(mixed).flatten(1, 2)  # (member, batch * horizon, head)
        mixed = mixed + functional.gelu(self.deeper(mixed))
        out = self.out(self.drop(mixed)).view(self.shape.members, batch, horizon, -1)
        gates, values = out.split([anchors.shape[-1], len(LEVELS)], dim=-1)
        gates = gates.masked_fill(unknown, -1e4).movedim(-1, 0).contiguous()
        middle = values[..., _MIDDLE] + (torch.softmax(gates, dim=0).movedim(0, -1) * anchors).sum(-1)
        widths = functional.softplus(values - 1.5)
        below = widths[..., :_MIDDLE].flip(-1).cumsum(-1).flip(-1)
        above = widths[..., _MIDDLE + 1 :].cumsum(-1)
        middle = middle[..., None]
        return torch.cat([middle - below, middle, middle + above], dim=-1), scale

    def _each(self, rows: Tensor) -> Tensor:
        """Show the same to every member."""
        return rows.expand(self.shape.members, *rows.shape)


def history_scale(history: History) -> Scale:
    """Give the location and scale of each history, from its last week."""
    fallback = torch.nan_to_num(history.last)
    return window_scale(history.coarse, fallback, scaling="robust", transform="asinh")


def _with_known(values: Tensor) -> Tensor:
    """Give values with 0 where unknown, and beside them whether each is known."""
    return torch.cat([torch.nan_to_num(values), (~torch.isnan(values)).to(values.dtype)], dim=-1)
