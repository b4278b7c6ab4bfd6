"""Tails: how often a distance from the forecast is reached by chance, learned from earlier distances alone.

The largest tenth of the distances is taken as generalised Pareto, whose scale and shape come from probability-weighted
moments and are pulled towards those of a well calibrated band while there is little to learn from.

Source: peaks over threshold for anomalies in streams, Siffer et al., KDD 2017; the moments are those of
Hosking and Wallis, Technometrics 29 (1987).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettide.arrays import Floats, Ints

_SHARE = 0.1
_PRIOR_EDGE, _PRIOR_SCALE, _PRIOR_SHAPE = 1.0, 0.7, 0.2
"""Of a band of 80 % that holds, with somewhat heavier than exponential tails."""
_HALF_TRUSTED_EDGE, _HALF_TRUSTED_SHARE, _HALF_TRUSTED_TAIL = 200.0, 50.0, 20.0
_LEAST_EDGE, _LEAST_SHARE, _LEAST_SCALE, _MOST_SHAPE = 0.2, 0.02, 0.05, 0.8
_LEAST_TAIL = 10
_EXPONENTIAL = 1e-3  # shapes below are taken as zero


@dataclass(frozen=True, slots=True)
class Tails:
    """One tail a series; distances are in half-widths of the forecast's band.

    Args:
        edge: where the tail begins, which is the calibrated edge of the 80 % band, shape (series,).
        share: of the distances beyond it, shape (series,).
        scale: of the tail, shape (series,).
        shape: of the tail, 0 is exponential, shape (series,).
    """

    edge: Floats
    share: Floats
    scale: Floats
    shape: Floats

    @staticmethod
    def prior(count: int) -> Tails:
        """Give the tails of bands that hold, which is what is believed before anything is seen."""
        return Tails(*(np.full(count, one) for one in (_PRIOR_EDGE, _SHARE, _PRIOR_SCALE, _PRIOR_SHAPE)))

    @staticmethod
    def fitted(distances: Floats) -> Tails:
        """Fit the upper tail of each series.

        Args:
            distances: NaN where unknown, shape (series, time).
        """
        count, width = distances.shape
        if not width:
            return Tails.prior(count)
        ordered = np.sort(distances, axis=1)  # NaN last
        known = np.isfinite(ordered).sum(axis=1)
        rows, place = np.arange(count), np.arange(width)[None, :]
        found = ordered[rows, np.maximum(np.floor((1 - _SHARE) * (known - 1)).astype(np.int64), 0)]
        trust = known / (known + _HALF_TRUSTED_EDGE)
        edge = np.maximum(trust * np.where(known > 0, found, 0.0) + (1 - trust) * _PRIOR_EDGE, _LEAST_EDGE)
        beyond = ordered > edge[:, None]
        number = beyond.sum(axis=1)
        share = np.maximum((number + _SHARE * _HALF_TRUSTED_SHARE) / (known + _HALF_TRUSTED_SHARE), _LEAST_SHARE)
        excess = np.where(beyond, ordered - edge[:, None], 0.0)
        rank = place - (known - number)[:, None] + 1
        least = np.maximum(number, 1)
        mean = excess.sum(axis=1) / least
        lower = (excess * (1 - (rank - 0.35) / least[:, None])).sum(axis=1) / least
        with np.errstate(divide="ignore", invalid="ignore"):
            shape = 2 - mean / (mean - 2 * lower)
        enough = (number >= _LEAST_TAIL) & np.isfinite(shape) & (mean > 0)
        trust = np.where(enough, number / (number + _HALF_TRUSTED_TAIL), 0.0)
        shape = np.clip(trust * np.where(enough, shape, 0.0) + (1 - trust) * _PRIOR_SHAPE, 0.0, _MOST_SHAPE)
        scale = trust * mean * (1 - shape) + (1 - trust) * _PRIOR_SCALE  # the mean of the tail is kept
        return Tails(edge, share, np.maximum(scale, _LEAST_SCALE * edge), shape)

    def of(self, rows: Ints) -> Tails:
        """Give the tails of some of the series."""
        return Tails(self.edge[rows], self.share[rows], self.scale[rows], self.shape[rows])

    def chance(self, distances: Floats) -> Floats:
        """Give how probable a distance at least as large is; inside the band that is the share beyond its edge.

        Args:
            distances: shape (series, time), NaN where unknown.
        """
        shape = self.shape[:, None]
        ratio = np.maximum(distances - self.edge[:, None], 0.0) / self.scale[:, None]
        exponential = shape < _EXPONENTIAL
        heavy = (1 + shape * ratio) ** (-1 / np.where(exponential, 1.0, shape))
        return np.asarray(self.share[:, None] * np.where(exponential, np.exp(-ratio), heavy))

    def limit(self, chance: float) -> Floats:
        """Give the distance that is exceeded with this chance, shape (series,); never inside the band."""
        ratio = np.maximum(self.share / chance, 1.0)
        exponential = self.shape < _EXPONENTIAL
        shape = np.where(exponential, 1.0, self.shape)
        return np.asarray(self.edge + self.scale * np.where(exponential, np.log(ratio), (ratio**shape - 1) / shape))
