"""A fitted mixture, and how it is stored and checked when it is read again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np

from nettide.arrays import Floats, Weights
from nettide.errors import DamagedError, OptionError, UnknownModelError
from nettide.models.auto.carry import Carry
from nettide.models.auto.choosing import Chosen
from nettide.models.auto.config import AutoConfig
from nettide.models.auto.kept import joined_states, parted_models
from nettide.models.auto.weighing import Verdict
from nettide.models.contract import State
from nettide.models.fitted import Fitted
from nettide.models.options import build_config, option_names

_BEFORE_CARRY = {"carry": False}  # what is not told in a mixture that was stored before there was the option


@dataclass(frozen=True, slots=True, eq=False)
class FittedMixture:
    """What ``auto`` found, and of what data.

    Args:
        chosen: members and weights.
        fitted: what a panel must share with the history.
        ids: of the series it was fitted on, which have weights of their own.
        knowledge: what each member knows of days off, shape (member,).
        clock: measured length of a day of the history over its nominal length.
        until: epoch second at which the history ended.
    """

    chosen: Chosen
    fitted: Fitted
    ids: tuple[str, ...]
    knowledge: Floats
    clock: float
    until: int

    def state(self, config: AutoConfig) -> State:
        """Give members and weights, beside the options of the fit."""
        chosen, verdict = self.chosen, self.chosen.verdict
        joined = joined_states(chosen.members)
        document = {
            "config": asdict(config),
            "fitted": self.fitted.to_document(),
            "members": dict(joined.document),
            "ids": list(self.ids),
            "notes": dict(chosen.notes),
            "knowledge": self.knowledge.tolist(),
            "clock": self.clock,
            "until": self.until,
            "carry": chosen.carry.pooled,
            "verdict": None if verdict is None else {"members": list(verdict.members), "ids": list(verdict.ids)},
        }
        own: dict[str, Weights] = {"weights": chosen.weights, "pooled": chosen.pooled, "carry": chosen.carry.own}
        if verdict is not None:
            own |= {"errors": verdict.errors.astype(np.float32), "losses": verdict.losses.astype(np.float32)}
        return State(document, {**joined.tensors, **own})

    @classmethod
    def restored(cls, state: State) -> tuple[AutoConfig, Self]:
        """Make a mixture and its options of what ``state`` gave.

        Raises:
            DamagedError: a part is missing or does not fit the others.
        """
        document, tensors = state.document, state.tensors
        try:
            told = _BEFORE_CARRY | document["config"]
            options = {name: told[name] for name in option_names(AutoConfig)}
            config = build_config(AutoConfig, options, what="stored model")
            verdict = None
            if (judged := document["verdict"]) is not None:
                errors, losses = (np.array(tensors[name], dtype=np.float64) for name in ("errors", "losses"))
                verdict = Verdict(tuple(judged["members"]), tuple(judged["ids"]), errors, losses)
            weights = np.array(tensors["weights"], dtype=np.float64)
            carry = Carry.none(weights.shape[-1])
            if "carry" in document or "carry" in tensors:
                carry = Carry(np.array(tensors["carry"], dtype=np.float64), float(document["carry"]))
            chosen = Chosen(
                members=parted_models(document["members"], tensors),
                pooled=np.array(tensors["pooled"], dtype=np.float64),
                weights=weights,
                carry=carry,
                notes=dict(document["notes"]),
                verdict=verdict,
            )
            found = cls(
                chosen=chosen,
                fitted=Fitted.from_document(document["fitted"]),
                ids=tuple(document["ids"]),
                knowledge=np.array(document["knowledge"], dtype=np.float64),
                clock=float(document["clock"]),
                until=int(document["until"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OptionError, UnknownModelError) as error:
            raise DamagedError(f"the stored mixture does not fit its description: {error}") from None
        found._check()
        return config, found

    def _check(self) -> None:
        chosen, verdict = self.chosen, self.chosen.verdict
        shape = (len(chosen.members), len(self.ids))
        fits = chosen.weights.shape == shape and chosen.pooled.shape == shape[:1] and len(self.knowledge) == shape[0]
        if not (fits and chosen.members):
            raise DamagedError(f"the stored mixture has weights of shape {chosen.weights.shape}, expected {shape}")
        if chosen.carry.own.shape != shape[1:] or not np.isfinite([*chosen.carry.own, chosen.carry.pooled]).all():
            raise DamagedError("the stored mixture does not say of each series what of its misses is carried over")
        if not (np.isfinite(chosen.weights).all() and np.isfinite(chosen.pooled).all()):
            raise DamagedError("the stored mixture has weights that are no numbers; fit it again")
        if verdict is not None:
            expected = (len(verdict.members) + 1, len(verdict.ids), *verdict.errors.shape[2:3])
            if not verdict.errors.shape == verdict.losses.shape == expected:
                raise DamagedError("the stored mixture has a verdict that does not fit its members and series")
