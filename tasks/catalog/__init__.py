"""All declared tasks, by name. A new task is one more declaration in one of the family files."""

from __future__ import annotations

from tasks.catalog import domains, intermediate, text, xtreme, xtreme_r
from tasks.declaration import Task
from tasks.errors import UserError, nearest

_TASKS: dict[str, Task] = {
    task.name: task for family in (intermediate, xtreme, xtreme_r, domains, text) for task in family.TASKS
}


def get(name: str) -> Task:
    """The declaration of a task; an unknown name is a `UserError` with the nearest known one."""
    if name not in _TASKS:
        raise UserError(f"unknown task {name!r}, {nearest(name, _TASKS)}")
    return _TASKS[name]


def all_tasks() -> tuple[Task, ...]:
    """Every declared task, in the order of the family files."""
    return tuple(_TASKS.values())
