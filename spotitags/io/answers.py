"""Schemas of the answers of services: nothing of an answer is used or cached before it fits one."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from spotitags.errors.secrets import mask
from spotitags.io.text import single_line

MAX_JSON: Final = 8_000_000
"""Bytes of an answer in JSON; the longest known one, a page of a playlist, has half a million."""
_MAX_TEXT: Final = 2000  # characters; the longest known name of a release has about 1,000

Text = Annotated[str, StringConstraints(strict=True, max_length=_MAX_TEXT), AfterValidator(mask)]
"""Text from a service, in which a key that the service may repeat is masked."""
Name = Annotated[Text, Field(min_length=1)]
"""Text that is not empty."""
Count = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
"""A number of things."""


class Answer(BaseModel):
    """Part of an answer: types are not converted, other fields are ignored, errors show no values."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True
    )


def parse_json(body: bytes) -> Any:  # noqa: ANN401
    """Parse JSON as RFC 8259 has it: UTF-8, no NaN, no lone surrogates, at most 200 levels deep.

    Raises:
        ValueError: It is no such JSON, or a number has thousands of digits.
    """
    return from_json(body, allow_inf_nan=False)


def as_list(value: object) -> list[Any]:
    """Return a list of an answer; other things can be iterated over, too.

    Raises:
        TypeError: It is something else.
    """
    if isinstance(value, list):
        return value
    raise TypeError("something else in place of a list")


def text_of(record: dict[str, Any], field: str) -> str:
    """Return a text of an answer before it is compared; empty for null, or if it is not there.

    Raises:
        TypeError: It is something else, which would only differ in a comparison.
    """
    value = record.get(field)
    if value is None or isinstance(value, str):
        return value or ""
    raise TypeError(f"{field}: something else in place of a text")


def flaw(error: Exception) -> str:
    """Describe on one line how an answer differs from its schema, without values of the answer."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        return single_line(f"{place}: {first['msg']}" if place else first["msg"])
    if isinstance(error, KeyError):
        return f"no field {single_line(str(error))}"
    return single_line(str(error))
