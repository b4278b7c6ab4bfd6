"""The values that requests are made of: what the OpenAPI document says of each is what is checked, and no less."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from typing_extensions import TypeAliasType

from nettide.models import MODELS

MOST_ID = 200
MOST_VALUE = 1e30
"""No measured traffic reaches it, and networks cannot compute with more."""
NAME_PATTERN = "^[a-z0-9][a-z0-9._-]{0,63}$"
STEP_PATTERN = (
    "^(([1-9][0-9]{0,6})?s|([1-9][0-9]{0,4})?(min|m)|([1-9][0-9]{0,2})?h"
    "|([1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-6])?d|([1-9]|[1-4][0-9]|5[0-2])?w)$"
)
_DAY = (
    "((19[7-9][0-9]|20[0-9]{2})-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))|(19(7[26]|8[048]|9[26])|20([02468][048]|[13579][26]))-02-29)"
)
_SIXTY = "[0-5][0-9]"
_CLOCK = "([01][0-9]|2[0-3])"
DAY_PATTERN = f"^{_DAY}$"
TIME_PATTERN = f"^{_DAY}([T ]{_CLOCK}:{_SIXTY}(:{_SIXTY})?(Z|[+-]{_CLOCK}:{_SIXTY})?)?$"
COUNTRY_PATTERN = "^(none|[A-Za-z]{2}(-[A-Za-z0-9]{1,8})?)$"


def _must_match(pattern: str, remedy: str) -> Callable[[str], str]:
    """Give a check of a text that says what to write instead, which a pattern does not."""
    whole = re.compile(pattern.removeprefix("^").removesuffix("$"))

    def check(text: str) -> str:
        if not whole.fullmatch(text):
            raise ValueError(f"{text[:80]!r} {remedy}")
        return text

    return check


def _zones() -> dict[str, Any]:
    """Give the schema of time zones: those that exist wherever this runs."""
    return {"enum": resources.files("tzdata").joinpath("zones").read_text("utf-8").split()}


def _whole(value: object) -> object:
    """Take 1.0 for 1, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Horizon = Annotated[int, Field(ge=1, le=336), BeforeValidator(_whole)]
Points = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(_whole)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1), BeforeValidator(_whole)]
Epochs = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(_whole)]
Value = Annotated[
    float | None,
    Field(allow_inf_nan=False, json_schema_extra={"minimum": 0, "exclusiveMaximum": MOST_VALUE}),
]
Values = Annotated[list[Value], Field(min_length=1)]
KnownValues = Annotated[list[Value], Field(min_length=1, json_schema_extra={"contains": {"type": "number"}})]
OtherValue = Annotated[
    float | None,
    Field(
        allow_inf_nan=False,
        json_schema_extra={"exclusiveMinimum": -MOST_VALUE, "exclusiveMaximum": MOST_VALUE},
    ),
]
ModelName = Annotated[str, Field(pattern=NAME_PATTERN)]
ModelKind = Annotated[str, Field(max_length=64, json_schema_extra={"enum": sorted(MODELS)})]
Step = Annotated[
    str,
    AfterValidator(_must_match(STEP_PATTERN, "is no step; write for example 30s, 5min, 1h, 1d or 1w, up to a year")),
    Field(examples=["1h", "5min"], json_schema_extra={"pattern": STEP_PATTERN}),
]
Time = Annotated[
    str,
    AfterValidator(
        _must_match(
            TIME_PATTERN, "is no time that exists between 1970 and 2099; write for example 2026-03-01T00:00:00Z"
        )
    ),
    Field(examples=["2026-03-01T00:00:00Z"], json_schema_extra={"pattern": TIME_PATTERN}),
]
Day = Annotated[
    str,
    AfterValidator(
        _must_match(DAY_PATTERN, "is no day that exists between 1970 and 2099; write for example 2026-12-25")
    ),
    Field(examples=["2026-12-25"], json_schema_extra={"pattern": DAY_PATTERN}),
]
Country = Annotated[
    str,
    AfterValidator(_must_match(COUNTRY_PATTERN, "is no code of a country; write for example CZ, DE-BY or none")),
    Field(examples=["CZ", "DE-BY"], json_schema_extra={"pattern": COUNTRY_PATTERN}),
]
Unit = Annotated[str, Field(max_length=32, examples=["bit/s"])]
Zone = TypeAliasType(
    "Zone", Annotated[str, Field(max_length=64, examples=["Europe/Prague"], json_schema_extra=_zones())]
)
Level = Annotated[float, Field(gt=0, lt=1)]
Id = Annotated[str, Field(pattern="^[0-9a-f]{20}$")]
SeriesId = Annotated[str, Field(min_length=1, max_length=MOST_ID)]
