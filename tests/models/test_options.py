"""Options: texts and values become the fields of a config, and each bad one is named."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

from nettide.errors import OptionError
from nettide.models.options import build_config, option_names
from nettide.models.recurrent import RecurrentConfig


@dataclass(frozen=True, slots=True)
class Everything:
    """A config with a field of each type."""

    whole: int = 1
    number: float = 1.0
    switch: bool = False
    name: str = ""
    choice: Literal["one", "two", "none"] = "one"
    sizes: tuple[int, ...] = (1,)
    perhaps: int | None = 5
    perhaps_choice: Literal["one", "none"] | None = "one"
    perhaps_sizes: tuple[int, ...] | None = None


def built(**values: Any) -> Everything:
    return build_config(Everything, values, what="model 'x'")


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("whole", "12", 12),
        ("whole", " -3 ", -3),
        ("whole", 12.0, 12),
        ("whole", np.int64(7), 7),
        ("number", "2", 2.0),
        ("number", "1e-3", 0.001),
        ("number", 3, 3.0),
        ("number", np.float32(0.5), 0.5),
        ("switch", "true", True),
        ("switch", "On", True),
        ("switch", "no", False),
        ("switch", True, True),
        ("switch", 0, False),
        ("name", "anything", "anything"),
        ("choice", "two", "two"),
        ("choice", "none", "none"),
        ("sizes", "128,256,128", (128, 256, 128)),
        ("sizes", "128-256-128", (128, 256, 128)),
        ("sizes", "8", (8,)),
        ("sizes", [8, 5], (8, 5)),
        ("sizes", ("8", "5"), (8, 5)),
        ("perhaps", "none", None),
        ("perhaps", None, None),
        ("perhaps", "3", 3),
        ("perhaps_choice", None, None),
        ("perhaps_sizes", "none", None),
        ("perhaps_sizes", "4,4", (4, 4)),
    ],
)
def test_texts_and_values_become_what_the_field_holds(name: str, given: Any, expected: Any) -> None:
    found = getattr(built(**{name: given}), name)
    assert found == expected
    assert type(found) is type(expected)


def test_none_is_kept_where_it_is_itself_a_choice() -> None:
    assert built(perhaps_choice="none").perhaps_choice == "none"


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("whole", "2.5", "option whole=2.5: is not a whole number"),
        ("whole", 2.5, "option whole=2.5: is not a whole number"),
        ("whole", np.float32(2.5), "option whole=2.5: is not a whole number"),
        ("whole", "many", "option whole=many: is not a whole number"),
        ("whole", "", "option whole=: is not a whole number"),
        ("whole", True, "option whole=True: is not a whole number"),
        ("whole", None, "option whole=None: is not a whole number"),
        ("whole", [3], r"option whole=\[3\]: is not a whole number"),
        ("whole", math.inf, "option whole=inf: is not a whole number"),
        ("whole", math.nan, "option whole=nan: is not a whole number"),
        ("number", "fast", "option number=fast: is not a number"),
        ("number", None, "option number=None: is not a number"),
        ("number", True, "option number=True: is not a number"),
        ("number", "nan", "option number=nan: is not finite"),
        ("number", "inf", "option number=inf: is not finite"),
        ("switch", "perhaps", "option switch=perhaps: write true or false"),
        ("switch", None, "option switch=None: write true or false"),
        ("choice", "three", "option choice=three: known: one, two, none"),
        ("choice", None, "option choice=None: known: one, two, none"),
        ("sizes", "8,five", "option sizes=8,five: is not a whole number"),
        ("sizes", "", "option sizes=: is not a whole number"),
        ("sizes", 8, "option sizes=8: is not a list of numbers; write them as 128,256,128"),
        ("perhaps", "some", "option perhaps=some: is not a whole number"),
        ("perhaps_choice", "two", "option perhaps_choice=two: known: one, none"),
    ],
)
def test_a_bad_value_is_named_with_its_remedy(name: str, given: Any, said: str) -> None:
    with pytest.raises(OptionError, match=rf"^model 'x': {said}$"):
        built(**{name: given})


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(
        OptionError, match=r"^model 'x': unknown option 'numbr'; did you mean 'number'\? known: choice, "
    ):
        built(numbr=1)


def test_option_names_are_the_fields_in_their_order() -> None:
    assert option_names(Everything)[:3] == ("whole", "number", "switch")


def test_every_field_of_the_recurrent_config_survives_being_written_as_text_or_value() -> None:
    config = RecurrentConfig(
        horizon=24, context=48, filters=(4, 5), kernels=(3, 2), transform="none", epochs=3, patch=6
    )
    values = dataclasses.asdict(config)
    texts = {name: ",".join(map(str, value)) if isinstance(value, tuple) else str(value).lower()
             for name, value in values.items()}  # fmt: skip
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    for given in (values, texts, listed):
        assert build_config(RecurrentConfig, given, what="model") == config


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("horizon", 1, 336),
        ("context", 1, 100_000),
        ("seed", 0, 2**32 - 1),
        ("hidden", 1, 4096),
        ("layers", 1, 16),
        ("patch", 1, 100_000),
        ("epochs", 1, 1_000_000),
        ("batch_size", 1, 1_000_000),
        ("windows_per_epoch", 1, 10**9),
        ("warmup", 0, 10**9),
        ("patience", 0, 10**9),
        ("average", 1, 10**9),
        ("dropout", 0.0, 0.95),
        ("learning_rate", 1e-12, 100.0),
        ("weight_decay", 0.0, 100.0),
        ("clip", 1e-12, 1e12),
        ("validation_share", 0.0, 0.9),
    ],
)
def test_numbers_of_the_recurrent_config_have_a_range(name: str, least: float, most: float) -> None:
    for inside in (least, most):
        assert getattr(RecurrentConfig(**{"horizon": 1, name: inside}), name) == inside
    for outside in (least - 1, most * 1.01 + 1, math.nan):
        with pytest.raises(OptionError, match=rf"^{name} \S+ is outside "):
            RecurrentConfig(**{"horizon": 1, name: outside})


def test_filters_and_kernels_go_together() -> None:
    for filters, kernels in (((8, 8), (3,)), ((), ()), ((8,), (0,)), ((0,), (3,))):
        with pytest.raises(OptionError, match=r"^filters \(.*\) and kernels \(.*\) must be as many, each at least 1$"):
            RecurrentConfig(horizon=1, filters=filters, kernels=kernels)


def test_a_patch_divides_the_context() -> None:
    RecurrentConfig(horizon=1, context=24, patch=24)
    with pytest.raises(OptionError, match=r"^patch 7 does not divide context 24; choose a divisor$"):
        RecurrentConfig(horizon=1, context=24, patch=7)
