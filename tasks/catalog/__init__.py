"""All declared tasks, by name. A new task is one more declaration in one of the family files.

Users' own tasks (`search_spaces.own_tasks`) join them in a process that has read their declarations.
"""

from __future__ import annotations

from tasks import references
from tasks.catalog import biomedical, faq, hub_only, intermediate, social, text, xtreme, xtreme_r
from tasks.catalog.hub import with_hub
from tasks.declaration import Task
from tasks.errors import UserError, nearest

FAMILIES = (intermediate, xtreme, xtreme_r, biomedical, social, faq, hub_only, text)

_TASKS: dict[str, Task] = {task.name: with_hub(task) for family in FAMILIES for task in family.TASKS}
_OWN: dict[str, Task] = {}


def get(name: str) -> Task:
    """The declaration of a task, or of a part of it (`tasks.references`).

    Raises:
        UserError: an unknown name, with the nearest known one; a malformed reference.
    """
    base, query = references.split(name)
    known = _TASKS | _OWN
    if base not in known:
        raise UserError(f"unknown task {base!r}, {nearest(base, known)}")
    return known[base] if query is None else references.narrowed(known[base], query)


def declare(task: Task) -> None:
    """Make a user's own task known by its name, for as long as the process lives.

    Raises:
        UserError: the name is taken by a shipped task, or by another declaration.
    """
    if task.name in _TASKS:
        raise UserError("the name of a shipped task; give yours another one", where=f"task {task.name}")
    if _OWN.setdefault(task.name, task) != task:
        raise UserError("declared twice, and differently", where=f"task {task.name}")


def is_own(name: str) -> bool:
    """Whether a task, or what it is a part of, is a user's own."""
    return references.split(name)[0] in _OWN


def all_tasks() -> tuple[Task, ...]:
    """Every shipped task, in the order of the family files."""
    return tuple(_TASKS.values())
