"""The networks: a recurrent encoder over patches, a convolutional branch, and a direct quantile head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from nettide.models.dropout import Dropout
from nettide.models.outline import Part

CellName = Literal["rnn", "lstm", "gru"]
_PREFERENCE = 6.0  # of anchors at the beginning: weight ~ error ** -6, so little is left to those that do badly
_WORST = 100.0
_CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@dataclass(frozen=True, slots=True)
class Shape:
    """Shape of a network.

    Args:
        cell: recurrent cell of the encoder.
        step_features: numbers known at each step of the context (scaled target, whether known, other channels).
        calendar_features: numbers of the calendar of a step; 0 leaves the calendar out.
        anchors: anchors of a target step; 0 leaves them out.
        recent_features: numbers that say how well seasonal lags did of late; 0 leaves them out.
        patch: steps of the context that make one step of the recurrence.
        horizon: steps ahead.
        outputs: values a target step: one a quantile level, or one alone.
        middle: which output is the median.
        hidden: size of the recurrent state and of the head.
        layers: recurrent layers.
        dropout: share dropped between layers and in the head.
        filters: channels of the convolution blocks; empty leaves the branch out.
        kernels: their kernel sizes.
        convolve_patches: whether they run over patches, as the recurrence does, or over single steps.
        occasion_features: how many numbers at the end of the calendar are mostly zero. Their weights begin at zero,
            so one that training never shows has no effect later.
    """

    cell: CellName
    step_features: int
    calendar_features: int
    anchors: int
    recent_features: int
    patch: int
    horizon: int
    outputs: int
    middle: int
    hidden: int
    layers: int
    dropout: float
    filters: tuple[int, ...] = ()
    kernels: tuple[int, ...] = ()
    convolve_patches: bool = False
    occasion_features: int = 0


class ConvolutionBranch(nn.Module):
    """Blocks of convolution, batch norm and ReLU, then the mean over time.

    Source: Wang, Yan, Oates, Time series classification from scratch, IJCNN 2017; as a branch beside an
    LSTM: Karim et al., IEEE Access 6 (2018); beside a GRU: Elsayed, Maida, Bayoumi, arXiv:1812.07683.
    """

    def __init__(self, channels: int, filters: tuple[int, ...], kernels: tuple[int, ...]) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for size, kernel in zip(filters, kernels, strict=True):
            if kernel % 2 == 0:  # one more at the end, as padding="same" does, but without its warning
                blocks.append(nn.ConstantPad1d((0, 1), 0.0))
            convolution = nn.Conv1d(channels, size, kernel, padding=(kernel - 1) // 2)
            blocks += [convolution, nn.BatchNorm1d(size), nn.ReLU()]
            channels = size
        self.blocks = nn.Sequential(*blocks)

    def forward(self, steps: Tensor) -> Tensor:
        """Give features of windows, shape (batch, channel, time) -> (batch, filter)."""
        features: Tensor = self.blocks(steps).mean(-1)
        return features


class QuantileHead(nn.Module):
    """From the final state straight to each target step: a gated mix of anchors plus a correction.

    One small perceptron is shared by all target steps; what differs is what it is told of each: its place
    in the horizon, its calendar and its anchors. The quantiles around the median are sums of positive
    widths, so they cannot cross and the median is left as it is.
    """

    def __init__(self, shape: Shape, features: int) -> None:
        super().__init__()
        self.shape = shape
        # the first layer in three parts: the state is the same for all steps, the place for all windows
        self.from_state = nn.Linear(features, shape.hidden)
        self.from_place = nn.Parameter(torch.empty(shape.horizon, shape.hidden).uniform_(-0.1, 0.1))
        known = shape.calendar_features + 2 * shape.anchors
        self.from_known = nn.Linear(known, shape.hidden, bias=False) if known else None
        self.drop = Dropout(shape.dropout)
        self.out = nn.Linear(shape.hidden, shape.anchors + shape.outputs)
        with torch.no_grad():
            if self.from_known is not None:
                end = shape.calendar_features  # after which anchors follow
                self.from_known.weight[:, end - shape.occasion_features : end] = 0.0
            self.out.weight.zero_()  # training begins at the mix of anchors that ``prefer`` sets
            self.out.bias.zero_()

    def prefer(self, errors: Tensor) -> None:
        """Begin with each anchor weighted by how well it does alone: by its inverse error, to a power.

        Args:
            errors: mean absolute error of each anchor on training windows, NaN where never known, shape (anchor,).
        """
        # never nothing: beside an anchor that is always right, the others are the worst
        least = errors.nan_to_num(nan=torch.inf).amin().clamp(min=torch.finfo(errors.dtype).tiny)
        relative = torch.nan_to_num(errors / least, nan=_WORST, posinf=_WORST).clamp(1.0, _WORST)
        with torch.no_grad():
            self.out.bias[: self.shape.anchors] = -_PREFERENCE * relative.log()

    def forward(self, state: Tensor, calendar: Tensor, anchors: Tensor) -> Tensor:
        """Give the outputs of each target step, in scaled space.

        Args:
            state: shape (batch, feature).
            calendar: of the target steps, shape (batch, horizon, calendar).
            anchors: scaled, NaN where unknown, shape (batch, horizon, anchor).

        Returns:
            shape (batch, horizon, output).
        """
        mixed = self.from_state(state)[:, None, :] + self.from_place  # (batch, horizon, hidden)
        unknown = torch.isnan(anchors)
        anchors = torch.where(unknown, 0.0, anchors)
        if self.from_known is not None:
            mixed = mixed + self.from_known(torch.cat([calendar, anchors, unknown.to(anchors.dtype)], dim=-1))
        out = self.out(self.drop(functional.gelu(mixed)))
        gates, values = out.split([self.shape.anchors, self.shape.outputs], dim=-1)
        middle = values[..., self.shape.middle]
        if self.shape.anchors:
            # a large finite penalty, not -inf: a step without any known anchor must stay finite
            # over the first dimension, where softmax is six times faster than over a short last one
            known = gates.masked_fill(unknown, -1e4).movedim(-1, 0).contiguous()  # (anchor, batch, horizon)
            middle = middle + (torch.softmax(known, dim=0).movedim(0, -1) * anchors).sum(-1)
        return self._spread(middle, values)

    def _spread(self, middle: Tensor, values: Tensor) -> Tensor:
        """Give the outputs around their median, ascending."""
        place = self.shape.middle
        widths = functional.softplus(values - 1.5)
        parts = [middle[..., None]]
        if place > 0:
            below = widths[..., :place].flip(-1).cumsum(-1).flip(-1)
            parts.insert(0, middle[..., None] - below)
        if place < self.shape.outputs - 1:
            parts.append(middle[..., None] + widths[..., place + 1 :].cumsum(-1))
        return torch.cat(parts, dim=-1)


class ForecastNetwork(nn.Module):
    """Encoder and head.

    The head reads the **final** state: every target step knows the newest point of the context.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = _CELLS[shape.cell](
            shape.patch * shape.step_features + shape.calendar_features,
            shape.hidden,
            num_layers=shape.layers,
            batch_first=True,
            dropout=shape.dropout if shape.layers > 1 else 0.0,
        )
        with torch.no_grad():
            weights = self.encoder.get_parameter("weight_ih_l0")  # (gate * hidden, patch * step feature + calendar)
            weights[:, weights.shape[1] - shape.occasion_features :] = 0.0
        features = shape.hidden + shape.recent_features
        self.convolution: ConvolutionBranch | None = None
        if shape.filters:
            channels = shape.step_features * (shape.patch if shape.convolve_patches else 1)
            self.convolution = ConvolutionBranch(channels, shape.filters, shape.kernels)
            features += shape.filters[-1]
        self.drop = Dropout(shape.dropout)
        self.head = QuantileHead(shape, features)

    def outline(self) -> tuple[Part, ...]:
        """Describe the encoder, the convolutional branch and the head."""
        shape = self.shape
        cells = f"{shape.cell.upper()}, {shape.layers} x {shape.hidden}, over patches of {shape.patch} steps"
        blocks = ", ".join(
            f"{size} filters of {kernel}" for size, kernel in zip(shape.filters, shape.kernels, strict=True)
        )
        head = f"{shape.hidden} units, {shape.anchors} anchors mixed, {shape.horizon} steps x {shape.outputs} values"
        parts = [("encoder", cells, self.encoder), ("convolution", blocks, self.convolution), ("head", head, self.head)]
        return tuple(
            Part(name, about, sum(weight.numel() for weight in part.parameters()))
            for name, about, part in parts
            if isinstance(part, nn.Module)
        )

    @property
    def can_be_halved(self) -> bool:
        """Whether a batch may be shown by halves.

        Batch norm needs all of it, and dropout within PyTorch's recurrent layers draws numbers that no thread can have
        for itself.
        """
        return not self.shape.filters and (self.shape.layers == 1 or not self.shape.dropout)

    def multiplications(self, context: int) -> int:
        """Give about how many multiplications a window of so many steps takes."""
        patches = context // self.shape.patch

        def weights(part: nn.Module | None) -> int:
            return sum(weight.numel() for weight in part.parameters()) if part else 0

        convolved = weights(self.convolution) * (patches if self.shape.convolve_patches else context)
        ahead = (weights(self.head.from_known) + weights(self.head.out)) * self.shape.horizon
        return weights(self.encoder) * patches + convolved + weights(self.head.from_state) + ahead

    def forward(
        self, steps: Tensor, patch_calendar: Tensor, next_calendar: Tensor, anchors: Tensor, recent: Tensor
    ) -> Tensor:
        """Forecast windows, in scaled space.

        Args:
            steps: what is known at each step of the context, shape (batch, time, feature).
            patch_calendar: calendar of the last step of each patch, shape (batch, patch, calendar).
            next_calendar: shape (batch, horizon, calendar).
            anchors: scaled, NaN where unknown, shape (batch, horizon, anchor).
            recent: shape (batch, recent feature).

        Returns:
            shape (batch, horizon, output).
        """
        batch = len(steps)
        patches = steps.reshape(batch, -1, self.shape.patch * self.shape.step_features)
        states, _ = self.encoder(torch.cat([patches, patch_calendar], dim=-1))  # (batch, patch, hidden)
        features = [states[:, -1]]
        if self.convolution is not None:
            convolved = patches if self.shape.convolve_patches else steps
            features.append(self.convolution(convolved.transpose(1, 2)))
        state = torch.cat([self.drop(torch.cat(features, dim=-1)).float(), recent], dim=-1)
        with torch.autocast("cpu", enabled=False):  # a head in bfloat16 gains no time and rounds the bands
            outputs: Tensor = self.head(state, next_calendar, anchors)
        return outputs
