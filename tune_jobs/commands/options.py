"""The options that several commands share: one spelling, one help text, one default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_STORE = "crosslift-store"
DEFAULT_MICRO_TOKENS = 16384  # these two are `trainers.session.Settings`' own, which takes seconds to import
DEFAULT_SAVE_EVERY = 60.0

SpaceArgument = Annotated[str, typer.Argument(metavar="SPACE", help="A YAML file, or the name of a shipped space.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME|SPACE", help="A sweep's name, or the space it came from.")]
StoreOption = Annotated[
    str,
    typer.Option("--store", metavar="DIR|s3://…", envvar="CROSSLIFT_STORE", help="Where stages and results live."),
]
DataOption = Annotated[
    Path,
    typer.Option(
        "--data", metavar="DIR|s3://…", envvar="CROSSLIFT_DATA", help="The folder that a space's folders are in."
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address", metavar="ADDRESS", help="A running Ray cluster (`auto`: the one found here); else Ray starts here."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
MicroTokensOption = Annotated[
    int,
    typer.Option(
        "--micro-tokens",
        metavar="TOKENS",
        min=1,
        help="Padded tokens in memory at once; batches above it are accumulated. No recipe changes with it.",
    ),
]
SaveEveryOption = Annotated[
    float,
    typer.Option(
        "--save-every",
        metavar="SECONDS",
        min=0,
        help="Between saves of a stage's progress: what a kill loses at most; 0: after every step.",
    ),
]
LanesOption = Annotated[
    int | None, typer.Option("--lanes", min=1, help="Lanes at most; else as many as there is room for.")
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Workers a lane; each stage runs on all of them. Default: 1.")
]
SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="CLUSTER-SETTINGS.YAML",
        envvar="CROSSLIFT_SETTINGS",
        help="What a cluster's commands have in common: lanes, workers, prices, budget. Options win.",
    ),
]
HoursOption = Annotated[
    float | None,
    typer.Option("--hours", metavar="HOURS", help="Budget: hours that the sweep is driven in all."),
]
GpuHoursOption = Annotated[
    float | None,
    typer.Option("--gpu-hours", metavar="HOURS", help="Budget: of lanes at work, times their GPUs."),
]
CoreHoursOption = Annotated[
    float | None,
    typer.Option("--core-hours", metavar="HOURS", help="Budget: of lanes at work, times their cores."),
]
MoneyOption = Annotated[
    float | None, typer.Option("--money", metavar="SUM", help="Budget: what that costs, by the prices.")
]
PricesOption = Annotated[
    str | None,
    typer.Option(
        "--prices", metavar="gpu_hour=2.5,…", help="Of a gpu_hour, a core_hour, and a head_hour of the driver."
    ),
]
TrackOption = Annotated[
    list[str] | None,
    typer.Option(
        "--track", metavar="wandb:PROJECT|mlflow:URI", help="Show trials there, too; may be given several times."
    ),
]
TrialsOption = Annotated[int | None, typer.Option("--trials", min=1, help="Recipes to try; more than before extends.")]
SeedOption = Annotated[int | None, typer.Option("--seed", min=0, help="The search's seed, in place of the space's.")]
ClusterOption = Annotated[
    Path | None,
    typer.Option(
        "--cluster",
        metavar="CLUSTER.YAML",
        envvar="CROSSLIFT_CLUSTER",
        help="The file of `ray up`: a tunnel to its head is opened for this command.",
    ),
]
DashboardOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="URL",
        help="The dashboard, reached without a tunnel. Default: RAY_API_SERVER_ADDRESS, or port 8265 here.",
    ),
]
JobArgument = Annotated[str, typer.Argument(metavar="NAME|JOB", help="A sweep's name, or the id of one of its jobs.")]


def everywhere(store: str) -> str:
    """A store as processes reach it that work in other folders."""
    return store if "://" in store else str(Path(store).expanduser().absolute())
