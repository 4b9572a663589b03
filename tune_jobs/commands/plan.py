"""`crosslift plan`: what a sweep would cost, before spending."""

from __future__ import annotations

from pathlib import Path

import typer

from tune_jobs.commands.options import (
    DEFAULT_STORE,
    DataOption,
    JsonOption,
    PricesOption,
    SettingsOption,
    SpaceArgument,
    StoreOption,
)
from tune_jobs.commands.screen import print_json, print_table
from tune_jobs.results.plan import Estimate, Plan, Stages, plan


def plan_command(
    space: SpaceArgument,
    store: StoreOption = DEFAULT_STORE,
    data: DataOption = Path(),
    prices: PricesOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count stages, tokens, gigabytes, hours and money of a sweep; nothing is trained."""
    from search_spaces.space import load
    from trainers.store import open_objects
    from trainers.store.stages import StageStore
    from tune_jobs.cluster_settings import cluster_settings
    from tune_jobs.data_sources import expander

    wanted = cluster_settings(settings, prices=prices)
    loaded = load(space)
    objects = open_objects(store)
    made = plan(loaded, expander(loaded, data, objects), StageStore(objects).commits(), wanted.price())
    if as_json:
        print_json(made.to_json())
    else:
        show(made, priced=wanted.price() is not None)


def show(made: Plan, *, priced: bool = False) -> None:
    """Print a plan for people; `priced`: hours have prices."""
    low, high = made.low, made.high
    rows = [(kind, *_counts(low.stages.get(kind), high.stages.get(kind))) for kind in high.stages]
    columns = ("stages", "asked for", "distinct", "stored", "to run")
    print_table(columns, rows, right=columns[1:], title=f"{made.space}: {_span(low.recipes, high.recipes)} recipes")
    typer.echo(f"tokens to read: {_span(_millions(low), _millions(high))} million (about)")
    typer.echo(f"storage: {_span(f'{low.gigabytes:.2f}', f'{high.gigabytes:.2f}')} GB")
    typer.echo(f"hours on one lane: {_span(_amount(low.hours), _amount(high.hours))}")
    for what, of in (("GPU-hours", "gpu_hours"), ("core-hours", "core_hours")):
        if getattr(high.usage, of, None):
            typer.echo(f"{what}: {_span(*(_amount(getattr(e.usage, of, None)) for e in (low, high)))}")
    if priced:
        typer.echo(f"money: {_span(_amount(low.money), _amount(high.money))}")
    how = "exact" if made.exact else "a range over simulated draws"
    typer.echo(f"the stages are {how}, if no trial is pruned")
    for warning in made.warnings:
        typer.echo(f"warning: {warning}")
    for absent in made.absent:
        typer.echo(f"absent: {absent}")


def _counts(low: Stages | None, high: Stages | None) -> tuple[str, ...]:
    none = Stages(0, 0, 0, 0)
    a, b = low or none, high or none
    pairs = ((a.asked, b.asked), (a.distinct, b.distinct), (a.stored, b.stored), (a.to_run, b.to_run))
    return tuple(_span(x, y) for x, y in pairs)


def _millions(estimate: Estimate) -> str:
    return f"{estimate.tokens / 1e6:.1f}"


def _amount(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _span(low: object, high: object) -> str:
    return str(low) if low == high else f"{low} to {high}"
