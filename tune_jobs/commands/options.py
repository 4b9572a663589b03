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
