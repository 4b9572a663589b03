"""The stages that a store has: made, at work or left behind, and what their logs say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks.errors import UserError
from trainers.store.manifest import Commit
from trainers.store.stages import StageStore
from trainers.store.survey import Survey

SHORT = 12  # characters of an id that people are shown


@dataclass(frozen=True)
class StageRow:
    """One stage.

    Attributes:
        id: the stage's.
        commit: what it made, None where it is at work or was left behind.
        attempts: how often it was begun.
        step: how far the progress is saved, None where there is none (or the stage is made).
        silent: seconds since anything of it was written, by the store's clock.
    """

    id: str
    commit: Commit | None
    attempts: int
    step: int | None
    silent: float

    @property
    def kind(self) -> str | None:
        """The stage's kind, known where it is made."""
        return str(self.commit.spec["kind"]) if self.commit else None

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        facts = dict(self.commit.facts) if self.commit else None
        return {
            "id": self.id,
            "made": self.commit is not None,
            "kind": self.kind,
            "attempts": self.attempts,
            "saved_step": self.step,
            "silent_seconds": round(self.silent, 1),
            "facts": facts,
        }


def stages(store: StageStore, prefix: str = "") -> Iterator[StageRow]:
    """All stages whose ids begin with `prefix`, sorted by id, from one listing."""
    now = store.objects.now()
    for survey in Survey.all(store.objects, prefix):
        commit = survey.commit()
        saved = None if commit else survey.progress()
        written = max(info.modified for info in survey.found.values())
        begun = len(survey.numbers("BEGIN"))
        yield StageRow(survey.stage, commit, begun, saved.step if saved else None, now - written)


def stage(store: StageStore, prefix: str) -> StageRow:
    """The one stage whose id begins so.

    Raises:
        UserError: there is none, or several.
    """
    found = list(stages(store, prefix))
    if len(found) != 1:
        how = "no stage's id begins" if not found else f"the ids of {len(found)} stages begin"
        raise UserError(f"{how} with {prefix!r}; `crosslift stages` lists them", where=store.objects.name)
    return found[0]
