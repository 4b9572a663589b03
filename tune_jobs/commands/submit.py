"""`crosslift submit`: a sweep or a final run as a job of a cluster; the same command continues, extends or attaches."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasks.errors import UserError
from tune_jobs.commands.job import follow
from tune_jobs.commands.options import (
    DEFAULT_MICRO_TOKENS,
    DEFAULT_SAVE_EVERY,
    DEFAULT_STORE,
    ClusterOption,
    CoreHoursOption,
    DashboardOption,
    DataOption,
    GpuHoursOption,
    HoursOption,
    JsonOption,
    LanesOption,
    MicroTokensOption,
    MoneyOption,
    PricesOption,
    SaveEveryOption,
    SeedOption,
    SettingsOption,
    StoreOption,
    TrackOption,
    TrialsOption,
    WorkersOption,
)
from tune_jobs.commands.screen import print_json

if TYPE_CHECKING:
    from tune_jobs.submission import Submission


def submit_command(
    space: Annotated[
        str | None, typer.Argument(metavar="SPACE", help="A YAML file, or the name of a shipped space.")
    ] = None,
    final: Annotated[
        Path | None, typer.Option("--final", metavar="BEST.YAML", help="A final run of this recipe, and no sweep.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Training seeds of the final run.")] = 3,
    cluster: ClusterOption = None,
    address: DashboardOption = None,
    store: StoreOption = DEFAULT_STORE,
    data: DataOption = Path(),
    lanes: LanesOption = None,
    workers: WorkersOption = None,
    trials: TrialsOption = None,
    seed: SeedOption = None,
    hours: HoursOption = None,
    gpu_hours: GpuHoursOption = None,
    core_hours: CoreHoursOption = None,
    money: MoneyOption = None,
    prices: PricesOption = None,
    settings: SettingsOption = None,
    track: TrackOption = None,
    micro_tokens: MicroTokensOption = DEFAULT_MICRO_TOKENS,
    save_every: SaveEveryOption = DEFAULT_SAVE_EVERY,
    watch: Annotated[bool, typer.Option("--watch", help="Follow the job to its end, with its exit code.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a sweep on a cluster: where a job of it runs already, that one; else on from what the store has."""
    from tune_jobs.cluster_settings import cluster_settings
    from tune_jobs.on_ray.jobs import Jobs, send
    from tune_jobs.on_ray.tunnel import dashboard
    from tune_jobs.submission import checked_data, checked_store, drivers, words
    from tune_jobs.tracking import trackers

    shown = tuple(map(str, trackers(track or ())))
    caps = {"hours": hours, "gpu_hours": gpu_hours, "core_hours": core_hours, "money": money}
    wanted = cluster_settings(settings, lanes=lanes, workers=workers, prices=prices, caps=caps)
    size = {"lanes": wanted.lanes, "workers": wanted.workers}
    common = {
        "data": checked_data(data),
        "micro-tokens": micro_tokens,
        "save-every": save_every,
    }
    where = checked_store(store)
    if (space is None) == (final is None):
        raise UserError("give a space, or a recipe with --final: one of the two")
    if final is not None:
        if any(cap is not None for cap in caps.values()):
            raise UserError("a final run has no budget: it trains one recipe", where="--final")
        if shown:
            raise UserError("a final run has no trials to show", where=f"--track {shown[0]}")
        submission = _final(final, where, data, words({**size, **common, "seeds": seeds}))
    else:
        submission = _sweep(
            str(space), where, data, words({**wanted.words(), **common, "trials": trials, "seed": seed, "track": shown})
        )
    with dashboard(address, cluster) as url:
        jobs = Jobs(url)
        job, new = send(jobs, submission, drivers(submission))
        if as_json:
            print_json(asdict(job) | {"new": new})
        else:
            typer.echo(f"{job.id}: {'sent' if new else f'is there already, {job.state}'}")
            typer.echo(f"  crosslift watch {job.name}, logs, stop; leaderboard {job.name} --store {where}")
        if watch:
            follow(jobs, job)


def _sweep(space: str, store: str, data: Path, options: tuple[str, ...]) -> Submission:
    from search_spaces.space import document_of, from_document
    from tune_jobs.submission import Submission, text_of

    document = document_of(space)
    loaded = from_document(document)
    return Submission("sweep", loaded.name, store, text_of(document, data), options)


def _final(recipe: Path, store: str, data: Path, options: tuple[str, ...]) -> Submission:
    from search_spaces.document import read
    from search_spaces.recipes import from_document
    from tune_jobs.submission import Submission, text_of

    document = read(recipe)
    loaded = from_document(document)
    return Submission("final", loaded.name, store, text_of(document, data), options)
