"""Stage identity: frozen specs, their canonical JSON, and the sha256 of it.

A spec holds exactly what changes a stage's result. Field types decide how a value is written (an int field writes `1`,
a float field `1.0`), −0.0 is 0.0, and a value that JSON cannot hold exactly is an error: nothing is ever hashed through
`str()`. A field that a later version adds carries `Later(original_default)`: at that value it is left out of the hash,
for ever, whatever the default becomes.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict


class Spec(BaseModel):
    """Base of everything that is hashed: immutable, closed, and strict about types."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


@dataclass(frozen=True)
class Later:
    """Marks a field added after the first release: `default` is what every earlier spec meant."""

    default: Any


def round3(value: float) -> float:
    """Round to 3 significant digits; −0.0 becomes 0.0. `0.000123456` → `0.000123`."""
    return float(f"{value:.3g}") + 0.0


Rounded = Annotated[float, AfterValidator(round3)]
"""A float that is rounded to 3 significant digits before it is used or hashed, so that neighbours share stages."""


def canonical(value: Any) -> Any:
    """The JSON-able form of a spec or of a value in it, with `Later` fields at their original default left out."""
    if isinstance(value, Spec):
        return {
            name: canonical(getattr(value, name))
            for name, field in type(value).model_fields.items()
            if not any(isinstance(m, Later) and m.default == getattr(value, name) for m in field.metadata)
        }
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError(f"cannot hash a mapping with keys that are not strings: {value!r}")
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [canonical(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"cannot hash {value!r}: not a finite number")
        return value + 0.0
    if isinstance(value, Enum):
        return canonical(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"cannot hash a {type(value).__name__}: {value!r}")


def canonical_json(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no blanks, UTF-8, floats in Python's shortest form that reads back the same."""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest(value: Any) -> str:
    """sha256 (64 hex digits) of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
