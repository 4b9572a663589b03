"""Where a sweep's trials are shown besides: W&B or MLflow. No part of a sweep's identity, and nothing reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal
from urllib.parse import urlsplit

from tasks.errors import UserError

FORMS = "wandb:PROJECT, wandb:ENTITY/PROJECT or mlflow:URI"


@dataclass(frozen=True)
class Tracker:
    """One of them. `where`: a project of W&B, or the URI of an MLflow tracking server or database."""

    kind: Literal["wandb", "mlflow"]
    where: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.where}"

    @property
    def option(self) -> str:
        """As it is given."""
        return f"--track {self}"

    def check(self) -> None:
        """Raises UserError if the package that it needs is not installed here."""
        if find_spec(self.kind) is None:
            raise UserError(
                f"{self.kind} is not installed here; `pip install 'crosslift[{self.kind}]'`", where=self.option
            )


def trackers(texts: Sequence[str]) -> tuple[Tracker, ...]:
    """Read `--track`.

    Raises:
        UserError: it is of none of the forms, or holds a password, which would stand in jobs and process lists.
    """
    return tuple(dict.fromkeys(map(_tracker, texts)))


def _tracker(text: str) -> Tracker:
    kind, _, where = text.partition(":")
    if not where:
        raise UserError(f"give {FORMS}", where=f"--track {text}")
    if kind == "wandb" and all(where.split("/")) and where.count("/") <= 1:
        return Tracker("wandb", where)
    if kind == "mlflow":
        if "@" in urlsplit(where).netloc:
            raise UserError(
                "an address with a password would stand in the job's description; leave it out and set "
                "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD where the sweep runs",
                where="--track mlflow",
            )
        return Tracker("mlflow", where)
    raise UserError(f"give {FORMS}", where=f"--track {text}")
