"""`crosslift sweep`: run a sweep to its end; the same command continues or extends it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from tasks.errors import UserError
from tune_jobs.commands.options import (
    DEFAULT_MICRO_TOKENS,
    DEFAULT_SAVE_EVERY,
    DEFAULT_STORE,
    AddressOption,
    CoreHoursOption,
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
    SpaceArgument,
    StoreOption,
    TrackOption,
    TrialsOption,
    WorkersOption,
    everywhere,
)
from tune_jobs.commands.screen import print_json
from tune_jobs.results.wording import cost
from tune_jobs.sweeps.events import How
from tune_jobs.sweeps.summary import Summary

SAVINGS = ("saved_by_sharing", "saved_by_store", "saved_by_pruning")


def sweep_command(
    space: SpaceArgument,
    serial: Annotated[bool, typer.Option("--serial", help="All in this process, without Ray.")] = False,
    address: AddressOption = None,
    lanes: LanesOption = None,
    workers: WorkersOption = None,
    store: StoreOption = DEFAULT_STORE,
    data: DataOption = Path(),
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
    as_json: JsonOption = False,
) -> None:
    """Search a space: train and score recipes, prune, rank. Nothing that the store has is trained again."""
    from search_spaces.space import load
    from trainers.store import open_objects
    from trainers.store.stages import StageStore
    from tune_jobs.cluster_settings import cluster_settings
    from tune_jobs.commands.leaderboard import show as show_board
    from tune_jobs.commands.live import live
    from tune_jobs.data_sources import expander
    from tune_jobs.results.leaderboard import leaderboard
    from tune_jobs.results.results import open_results
    from tune_jobs.tracking import trackers

    shown = trackers(track or ())
    for tracker in shown:
        tracker.check()
    if shown and serial:
        raise UserError("trials are shown there by Ray Tune; leave out --serial", where=shown[0].option)
    caps = {"hours": hours, "gpu_hours": gpu_hours, "core_hours": core_hours, "money": money}
    wanted = cluster_settings(settings, lanes=lanes, workers=workers, prices=prices, caps=caps)
    loaded = load(space)
    wishes: dict[str, Any] = {"trials": trials, "seed": seed}
    changes = {key: value for key, value in wishes.items() if value is not None}
    loaded = replace(loaded, search=loaded.search.model_copy(update=changes))
    stages = StageStore(open_objects(store))
    with live(store) as screen:
        found = expander(loaded, data, stages.objects)
        if serial:
            from tune_jobs.lanes.serial_lane import serial_lane
            from tune_jobs.sweeps.driver import run_sweep

            lane = serial_lane(stages, micro_tokens, save_every)
            summary = run_sweep(loaded, stages, expand=found, lane=lane, on_event=screen, budget=wanted.budget)
        else:
            from tune_jobs.lanes.fleet import Limits
            from tune_jobs.on_ray.driver import RaySettings, run_sweep_on_ray

            limits = Limits(wanted.lanes, grows=address is not None and wanted.lanes is not None)
            shape = RaySettings(address, limits, wanted.workers, micro_tokens, save_every, wanted.budget, shown)
            summary = run_sweep_on_ray(loaded, everywhere(store), expand=found, settings=shape, on_event=screen)
    if as_json:
        ended = {"trials": {how.value: count for how, count in summary.trials.items()}}
        costs = {name: asdict(getattr(summary, name)) for name in SAVINGS}
        budget = {"budget": {line.what: {"used": line.used, "of": line.cap} for line in summary.budget}}
        print_json(vars(summary) | ended | costs | budget)
    else:
        show(summary)
        show_board(leaderboard(open_results(store, summary.sweep)))
    if not summary.trials.get(How.COMPLETE) and not summary.over:
        why = f"`crosslift leaderboard {summary.sweep} --store {store}` says why each one ended"
        raise UserError(f"no trial completed, so nothing ranks; {why}", where=f"sweep {summary.sweep}")


def show(summary: Summary) -> None:
    """Print what a sweep amounted to."""
    ended = ", ".join(f"{count} {how.value}" for how, count in sorted(summary.trials.items()))
    typer.echo(f"{summary.sweep}: trials: {ended or 'none'}")
    typer.echo(f"stages: {summary.trained} trained, {summary.stored} found in the store, {summary.shared} shared")
    typer.echo(f"saved by sharing between trials: {cost(summary.saved_by_sharing)}")
    typer.echo(f"saved by what the store had: {cost(summary.saved_by_store)}")
    if summary.trials.get(How.PRUNED):
        typer.echo(f"saved by pruning: {cost(summary.saved_by_pruning)}")
    if summary.budget:
        typer.echo(f"used: {', '.join(map(str, summary.budget))}")
    if summary.over:
        options = " and ".join(f"{line.option} above {line.cap:g}" for line in summary.budget if line.over)
        typer.echo(f"the budget is used up, progress is kept; to go on: the same command with {options}")
