"""`crosslift explain`: why two stages or two trials are not the same."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tasks.errors import UserError
from tune_jobs.commands.options import DEFAULT_STORE, JsonOption, StoreOption
from tune_jobs.commands.screen import print_json, print_table

Thing = Annotated[str, typer.Argument(help="A stage: the beginning of its id. Or a trial, as SWEEP/NUMBER.")]


def explain_command(
    first: Thing, second: Thing, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False
) -> None:
    """Print in which settings two made stages, or the recipes of two trials, differ, down to the stages they read."""
    from trainers.recipe import Recipe
    from trainers.store import open_objects
    from trainers.store.manifest import Commit
    from trainers.store.stages import StageStore
    from tune_jobs.results.explain import recipes_differ, stages_differ
    from tune_jobs.results.results import open_results
    from tune_jobs.results.stages import stage

    opened = StageStore(open_objects(store))

    def found(name: str) -> Recipe | Commit:
        sweep, slash, number = name.partition("/")
        if slash:
            trials = open_results(store, sweep).history.trials
            if not number.isdecimal() or int(number) >= len(trials):
                raise UserError(f"there is no trial {number!r}; there are {len(trials)}, from 0 on", where=name)
            return trials[int(number)].sampled.recipe
        commit = stage(opened, name).commit
        if commit is None:
            raise UserError("the stage is not made, and what is not made is not described", where=name)
        return commit

    match found(first), found(second):
        case Recipe() as one, Recipe() as other:
            differences = recipes_differ(one, other)
        case Commit() as one, Commit() as other:
            differences = stages_differ(opened, one, other)
        case _:
            raise UserError("a stage and a trial cannot be compared; name two of a kind", where=f"{first}, {second}")
    if as_json:
        print_json([asdict(difference) for difference in differences])
    elif differences:
        rows = [(d.where, str(d.first), str(d.second)) for d in differences]
        print_table(("setting", first, second), rows)
    else:
        typer.echo("they are the same")
