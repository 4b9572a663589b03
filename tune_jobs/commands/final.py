"""`crosslift final`: train the winner and its baseline with fresh seeds, and score the report splits."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tune_jobs.commands.options import (
    DEFAULT_MICRO_TOKENS,
    DEFAULT_SAVE_EVERY,
    DEFAULT_STORE,
    AddressOption,
    DataOption,
    JsonOption,
    LanesOption,
    MicroTokensOption,
    SaveEveryOption,
    StoreOption,
    WorkersOption,
    everywhere,
)
from tune_jobs.commands.screen import number, print_json, print_table

if TYPE_CHECKING:
    from tune_jobs.results.final import Final, Line, Make


def final_command(
    recipe: Annotated[Path, typer.Argument(metavar="BEST.YAML", help="What `crosslift best` printed.")],
    seeds: Annotated[int, typer.Option(min=1, help='Training seeds; three at least before "better".')] = 3,
    store: StoreOption = DEFAULT_STORE,
    data: DataOption = Path(),
    address: AddressOption = None,
    lanes: LanesOption = None,
    workers: WorkersOption = None,
    submission: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where test predictions go, in XTREME's layout. Default: NAME-submission."),
    ] = None,
    micro_tokens: MicroTokensOption = DEFAULT_MICRO_TOKENS,
    save_every: SaveEveryOption = DEFAULT_SAVE_EVERY,
    as_json: JsonOption = False,
) -> None:
    """Train a recipe and its baseline with fresh seeds and print scores and lift, language by language."""
    from search_spaces.recipes import load_recipe
    from trainers.store import open_objects
    from trainers.store.stages import StageStore
    from tune_jobs.commands.live import live
    from tune_jobs.data_sources import open_data
    from tune_jobs.results.final import final

    file = load_recipe(recipe)
    stages = StageStore(open_objects(store))
    with live(store) as screen:
        if address is None:
            from tune_jobs.lanes.serial import make
            from tune_jobs.lanes.serial_lane import serial_lane

            lane = serial_lane(stages, micro_tokens, save_every)
            known = f"the final run of {file.name}"
            maker: Make = partial(make, store=stages, lane=lane, on_event=screen, name=known)
        else:
            from tune_jobs.lanes.fleet import Limits
            from tune_jobs.on_ray.driver import RaySettings
            from tune_jobs.on_ray.stages import make_on_ray

            limits = Limits(lanes, grows=lanes is not None)
            settings = RaySettings(address, limits, workers or 1, micro_tokens, save_every)
            name = f"{file.name}+final"  # no sweep has such a name
            maker = partial(make_on_ray, location=everywhere(store), name=name, settings=settings, on_event=screen)
        folder = submission or Path(f"{file.name}-submission")
        found = final(file, open_data(file.data, data), stages, maker, seeds=seeds, submission=folder)
    if as_json:
        print_json(found.to_json())
    else:
        show(found)


def show(found: Final) -> None:
    """Print a final run for people."""
    columns = ("task", "language", "examples", "recipe", "baseline", "lift")
    for part, name in found.names.items():
        rows = [_cells(line, name) for line in found.lines if line.part == part]
        print_table(columns, rows, right=("examples", "recipe", "baseline"), title=f"{found.name}: {part}")
        typer.echo("")
    seeds = ", ".join(str(seed) for seed in found.seeds)
    typer.echo(f"means over training seeds {seeds}; lift over the same target settings without intermediate task,")
    typer.echo("paired by example and seed, with a 95 % interval; `selection` is what the recipe was chosen on")
    typer.echo(f"look {found.looks} at the test sets for {found.name}; predictions, and gold to score them by:")
    typer.echo(f"  {found.submission}")
    for task, cells in groupby(found.predicted, lambda cell: cell[0]):
        languages = ", ".join(language for _, language in cells)
        typer.echo(f"predicted, not scored, as there are no labels: {task} {languages}")
    for note in found.notes:
        typer.echo(note)
    for absent in found.absent:
        typer.echo(f"absent: {absent}")


def _cells(line: Line, name: str) -> tuple[str, ...]:
    task = line.task or name
    language = line.language or ("all" if line.task else "")
    return task, language, str(line.examples), number(line.score), number(line.baseline), str(line.lift)
