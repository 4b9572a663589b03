"""Cluster settings: how many lanes of what size, what an hour costs, and what a sweep may use.

None of it is in a space's identity: it may change from one command to the next. A file holds what is the same for all
sweeps of a cluster, options say it for one command and win::

    lanes: 4
    workers: 8
    prices: {gpu_hour: 2.5, core_hour: 0.05, head_hour: 0.4}
    budget: {hours: 24, gpu_hours: 500, core_hours: 4000, money: 1000}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from search_spaces.document import read
from search_spaces.validation import validate
from tasks.errors import UserError, nearest
from tune_jobs.sweeps.budget import Budget, Caps, Prices, Section, Usage

Count = Annotated[int, Field(ge=1)]


class _File(Section):
    """What the file may say."""

    lanes: Count | None = None
    workers: Count = 1
    prices: Prices = Field(default_factory=Prices)
    budget: Caps = Field(default_factory=Caps)


@dataclass(frozen=True)
class ClusterSettings:
    """File and options in one. `lanes`: at most; None: as many as there is room for. `workers`: of each."""

    lanes: int | None
    workers: int
    budget: Budget

    def price(self) -> Callable[[Usage], float] | None:
        """What is planned for one lane costs on so many; None: nothing has a price."""
        if self.budget.prices == Prices():
            return None
        return lambda usage: self.budget.prices.of(replace(usage, hours=usage.hours / (self.lanes or 1)))

    def words(self) -> dict[str, Any]:
        """As options of a command elsewhere, where the file is not."""
        caps = {name.replace("_", "-"): cap for name, cap in self.budget.caps.model_dump().items()}
        prices = {name: price for name, price in self.budget.prices.model_dump().items() if price}
        said = ",".join(f"{name}={price!r}" for name, price in prices.items())
        return {"lanes": self.lanes, "workers": self.workers, **caps, "prices": said or None}


def cluster_settings(
    file: Path | None,
    *,
    lanes: int | None = None,
    workers: int | None = None,
    prices: str | None = None,
    caps: Mapping[str, float | None] | None = None,
) -> ClusterSettings:
    """What the file says, and where an option is given, what that says.

    Args:
        file: YAML; None: there is none.
        lanes: the option; None: not given. So are the others.
        workers: of each lane.
        prices: `gpu_hour=2.5,core_hour=0.05`; any that is not named is as in the file.
        caps: by the fields of `Caps`.

    Raises:
        UserError: the file cannot be read, or something in it or in `prices` is wrong: with line and key.
    """
    said = _File()
    if file is not None:
        document = read(file)
        said = validate(_File, document.content, document)
    return ClusterSettings(
        lanes=said.lanes if lanes is None else lanes,
        workers=said.workers if workers is None else workers,
        budget=Budget(_capped(said.budget, caps or {}), _priced(said.prices, prices)),
    )


def _capped(caps: Caps, options: Mapping[str, float | None]) -> Caps:
    given = {name: cap for name, cap in options.items() if cap is not None}
    try:
        return Caps.model_validate(caps.model_dump() | given)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        raise UserError(f"a number above 0, not {first['input']!r}", where=option) from error


def _priced(prices: Prices, option: str | None) -> Prices:
    content: dict[str, Any] = prices.model_dump()
    for part in option.split(",") if option else ():
        name, _, price = (word.strip() for word in part.partition("="))
        if name not in content:
            raise UserError(f"no price {name!r}, {nearest(name, content)}; write gpu_hour=2.5", where="--prices")
        content[name] = price
    try:
        return Prices.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        what = f"{first['loc'][0]} is a number from 0 on, not {first['input']!r}"
        raise UserError(what, where="--prices") from error
