"""From plain content to typed models: a pydantic error becomes one line with place, mistake and remedy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from search_spaces.document import Document, Keys, dotted
from tasks.errors import UserError, nearest

Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], content: Any, document: Document, at: Keys = ()) -> Model:
    """The model of what stands at `at` in a document.

    Types are checked strictly, as in JSON: `"32"` is no number and `1.0` no whole number; a list becomes a tuple.

    Raises:
        UserError: with file, line and key of the first mistake.
    """
    try:
        return model.model_validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        raise _user_error(model, error, document, at) from error


def _user_error(model: type[BaseModel], error: ValidationError, document: Document, at: Keys) -> UserError:
    details = error.errors(include_url=False)
    places = [_place(at, detail, document) for detail in details]
    # A value that fits no member of a union has one error a member: the deepest of them knows best what was meant.
    index = max(range(len(details)), key=lambda i: (places[i][: len(places[0])] == places[0], len(places[i]), -i))
    detail, keys = details[index], places[index]
    if detail["type"] == "extra_forbidden":
        word = str(detail["loc"][-1])
        known = nearest(word, _fields(model, detail["loc"][:-1]))
        place = f" in {dotted(keys[:-1])}" if keys[:-1] else ""
        return document.error(f"unknown key {word!r}{place}, {known}", keys)
    if detail["type"] == "missing":
        key = str(detail["loc"][-1])
        return document.error(f"{dotted(keys) or 'the file'} lacks the key {key!r}", keys)
    same = [d for d, place in zip(details, places, strict=True) if place == keys]
    wanted = " or ".join(dict.fromkeys(_message(d) for d in same))
    return document.error(f"{dotted(keys) or 'the file'}: {wanted}", keys)


def _place(at: Keys, detail: ErrorDetails, document: Document) -> Keys:
    """The keys of an error that stand in the document; pydantic adds the names of union members and validators."""
    keys = (*at, *detail["loc"])
    found: Keys = at
    for key in keys[len(at) :]:
        if (*found, key) in document.lines:
            found = (*found, key)
    return found


def _message(detail: ErrorDetails) -> str:
    text = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if detail["type"] == "value_error":
        return text
    given = detail["input"]
    shown = f", not {json.dumps(given, ensure_ascii=False)}" if isinstance(given, str | int | float | None) else ""
    return text.replace("Input should be", "it should be") + shown


def _fields(model: type[BaseModel], keys: Iterable[str | int]) -> Iterator[str]:
    """The fields of the models at some place inside of a model."""
    here = {model}
    for key in keys:
        fields = (outer.model_fields[str(key)] for outer in here if key in outer.model_fields)
        here = {inner for field in fields for inner in _models(field.annotation)} or here
    return (field.alias or name for found in here for name, field in found.model_fields.items())


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation mentions, inside of unions and containers too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
