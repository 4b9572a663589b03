"""What a well-typed space may still have wrong: names that nobody declared, and settings that do not fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from search_spaces.document import Document, Keys, dotted
from search_spaces.settings import DataSettings, SuiteSettings
from tasks import catalog
from tasks.declaration import Task
from tasks.errors import UserError, nearest
from tasks.examples import Kind
from tasks.languages import ISO3
from tasks.suites import Suite
from tasks.zero_shot import check_training_file
from trainers.recipe import Recipe, Target

NAMED_SUITES = ("xtreme", "xtreme-r")
_PRIVATE_USE = re.compile(r"q[a-t][a-z]")  # ISO 639-2: reserved for local use; the toy world's languages
_TEXTS = (Kind.TEXT, Kind.PARALLEL)
_WEIGHTS_TOLERANCE = 0.02  # weights that a person has rounded to 2 digits


def task(name: str, document: Document, keys: Keys) -> Task:
    """The task of a name that stands at `keys`."""
    try:
        found = catalog.get(name)
    except UserError as error:
        raise document.error(f"{dotted(keys)}: {error}", keys) from error
    if found.name != name:  # one spelling a task: results are kept and found by it
        raise document.error(f"{dotted(keys)}: write it as {found.name!r}", keys)
    return found


def check_data(data: DataSettings, document: Document) -> None:
    """`files` names declared tasks and splits, and nothing to train on that is in another language."""
    for name, splits in data.files.items():
        named = task(name, document, ("data", "files", name))
        for split, files in splits.items():
            keys = ("data", "files", name, split)
            if split not in named.splits:
                raise document.error(f"{dotted(keys)}: {name} has no such split, {nearest(split, named.splits)}", keys)
            for index, file in enumerate(files if split == "train" else ()):
                try:
                    check_training_file(named, file)
                except UserError as error:
                    raise document.error(f"data.{error}", (*keys, index)) from error


def check_suite(suite: SuiteSettings, document: Document) -> None:
    """A user's suite has a name of its own and tasks that can be scored, each once, in languages that exist."""
    if suite.name in NAMED_SUITES:
        what = f"suite.name: write `suite: {suite.name}` for the published suite, or give yours a name of its own"
        raise document.error(what, ("suite", "name"))
    for index, name in enumerate(suite.tasks):
        keys: Keys = ("suite", "tasks", index)
        declared = task(name, document, keys)
        if declared.kind in _TEXTS or declared.selection is None:
            raise document.error(f"suite.tasks: {name} has no examples to rank recipes on; leave it out", keys)
        if name in suite.tasks[:index]:
            raise document.error(f"suite.tasks: {name} stands twice", keys)
        if not suite.languages.get(name, declared.languages):
            raise document.error(f"suite.languages: {name} declares no languages; name them", keys)
    for name, languages in suite.languages.items():
        keys = ("suite", "languages", name)
        task(name, document, keys)
        if name not in suite.tasks:
            raise document.error(f"{dotted(keys)}: no task of the suite, {nearest(name, suite.tasks)}", keys)
        for index, language in enumerate(languages):
            if language not in ISO3 and not _PRIVATE_USE.fullmatch(language):
                what = f"unknown language {language!r} of {name}, {nearest(language, ISO3)}"
                raise document.error(what, (*keys, index))


def check_rungs(rungs: Sequence[Sequence[str]], suite: Suite, document: Document) -> None:
    """Every task of the suite stands in exactly one rung, and the first rung has a task of each group."""
    seen: set[str] = set()
    for number, rung in enumerate(rungs):
        for index, name in enumerate(rung):
            keys = ("rungs", number, index)
            if name not in suite.tasks:
                raise document.error(f"rungs: {name!r} is no task of the suite, {nearest(name, suite.tasks)}", keys)
            if name in seen:
                raise document.error(f"rungs: {name} stands twice; each task belongs to one rung", keys)
            seen.add(name)
    missing = [name for name in suite.tasks if name not in seen]
    if missing:
        raise document.error(f"rungs: {', '.join(missing)} stands in no rung; add it to one", ("rungs",))
    groups = {name: catalog.get(name).group for name in suite.tasks}
    first = {groups[name] for name in rungs[0]}
    for name, group in groups.items():
        if group is not None and group not in first:
            what = f"rungs: the first rung has no {group.value} task; trials are compared on it: add one, e.g. {name}"
            raise document.error(what, ("rungs", 0))


def check_english(first: Sequence[str], suite: Suite, document: Document) -> None:
    """Under `selection: english` the first rung, on which trials are compared, has a task in English."""
    if any("en" in suite.languages_of(name) for name in first):
        return
    what = "search.selection: english, but no task of the first rung is scored in English"
    raise document.error(f"{what}; add one, or write `all`", ("search", "selection"))


def check_names(recipe: Mapping[str, Any], suite: Suite, document: Document) -> None:
    """The tasks that a recipe names exist and are good for what they are named for.

    Args:
        recipe: a well-typed recipe section with values in place of its axes, otherwise as written.
        suite: whose tasks `target` may speak of.
        document: where the section comes from.
    """
    for name, keys in _named(recipe, "intermediate", "tasks") + _named(recipe, "intermediate", "fraction"):
        declared = task(name, document, keys)
        if declared.kind in _TEXTS or declared.kind.searched or "train" not in declared.splits:
            raise document.error(f"{dotted(keys)}: {name} has no training set; it cannot be an intermediate task", keys)
    weights = (recipe.get("intermediate") or {}).get("tasks", {})
    total = sum(weights.values())
    if weights and abs(total - 1) > _WEIGHTS_TOLERANCE:
        keys = ("recipe", "intermediate", "tasks")
        raise document.error(f"{dotted(keys)}: the weights sum to {total:g}; they are probabilities and sum to 1", keys)
    target = Target.model_validate({field: _value(recipe, ("target", field)) or {} for field in ("train_on", "before")})
    asked = [*(("train_on", *named) for named in target.train_on.items())]
    asked += [("before", name, other) for name, other in target.before.items() if other is not None]
    for field, name, other in asked:
        keys = ("recipe", "target", field, name)
        if name not in suite.tasks:
            raise document.error(f"{dotted(keys)}: no task of the suite, {nearest(name, suite.tasks)}", keys)
        ours, theirs = catalog.get(name), task(other, document, keys)
        if theirs.kind is not ours.kind:
            raise document.error(f"{dotted(keys)}: {other} is no {ours.kind.value} task", keys)
        if field == "before" and ours.kind.searched:
            raise document.error(f"{dotted(keys)}: {name} has no head that could learn from it first", keys)
        last = catalog.get(target.trained_on(ours)[-1])
        if field == "before" and theirs.labels != last.labels:
            what = f"{other} has other labels than {last.name}, or in another order, and the head is the same"
            raise document.error(f"{dotted(keys)}: {what}", keys)
        if set(theirs.labels) != set(ours.labels):
            what = f"{other} has other labels than {name}, {nearest(other, _trainers_of(ours))}"
            raise document.error(f"{dotted(keys)}: {what}", keys)
    if unknown := [name for name in target.before if name not in suite.tasks]:
        keys = ("recipe", "target", "before", unknown[0])
        raise document.error(f"{dotted(keys)}: no task of the suite, {nearest(unknown[0], suite.tasks)}", keys)
    trained = {task.name: target.trained_on(task) for task in map(catalog.get, suite.tasks)}
    # where a pool is searched, settings are the task's own: SQuAD's are those of answering its questions
    settled = {s for name, sets in trained.items() for s in ((name,) if catalog.get(name).kind.searched else sets)}
    for field, known in (("per_task", settled), ("limit", {s for sets in trained.values() for s in sets})):
        for name, keys in _named(recipe, "target", field):
            task(name, document, keys)
            if name not in known:
                raise document.error(f"{dotted(keys)}: no task of the suite trains on it, {nearest(name, known)}", keys)
    for keys, kind in _TEXT_KEYS:
        name = _value(recipe, keys)
        if isinstance(name, str) and task(name, document, ("recipe", *keys)).kind is not kind:
            what = f"recipe.{dotted(keys)}: {name} holds no {kind.value}, {nearest(name, _of_kind(kind))}"
            raise document.error(what, ("recipe", *keys))


_TEXT_KEYS: tuple[tuple[Keys, Kind], ...] = (
    (("base", "scratch", "text"), Kind.TEXT),
    (("base", "scratch", "parallel"), Kind.PARALLEL),
    (("intermediate", "mlm_text"), Kind.TEXT),
)


def misfit(recipe: Recipe, suite: Suite) -> tuple[str, Keys] | None:
    """The first setting of a recipe that does not fit the others: what is wrong, and the key to mend."""
    return next(_misfits(recipe, suite), None)


def _misfits(recipe: Recipe, suite: Suite) -> Iterator[tuple[str, Keys]]:
    phase = recipe.intermediate
    if phase is not None and phase.mlm_share > 0 and phase.mlm_text is None:
        yield "language modelling needs a text; name its task with `mlm_text`", ("intermediate", "mlm_share")
    scratch = recipe.base.scratch
    if scratch is None:
        return
    if scratch.hidden % scratch.heads:
        yield f"{scratch.hidden} is no multiple of `heads: {scratch.heads}`; make it one", ("base", "scratch", "hidden")
    retrieved = any(task.kind.searched and not task.dual for task in map(catalog.get, suite.tasks))
    if retrieved and recipe.retrieval.layer > scratch.layers:
        what = f"the encoder has {scratch.layers} layers, not {recipe.retrieval.layer}; write 0..{scratch.layers}"
        yield what, ("retrieval", "layer")
    if scratch.shift and scratch.max_length + scratch.shift > scratch.positions:
        room = max(scratch.positions - scratch.max_length, 0)
        what = f"rows of {scratch.max_length} tokens fit into `positions: {scratch.positions}` up to a shift of {room}"
        yield f"{what}, not {scratch.shift}", ("base", "scratch", "shift")
    lengths: dict[Keys, int] = {("base", "scratch", "max_length"): scratch.max_length}
    if phase is not None:
        lengths["intermediate", "optimisation", "max_length"] = phase.optimisation.max_length
    lengths["target", "optimisation", "max_length"] = recipe.target.optimisation.max_length
    for name, settings in recipe.target.per_task.items():
        lengths["target", "per_task", name, "max_length"] = settings.max_length
    for keys, length in lengths.items():
        if length > scratch.positions:
            yield f"the encoder has `positions: {scratch.positions}`; write at most that, not {length}", keys


def _named(recipe: Mapping[str, Any], section: str, field: str) -> list[tuple[str, Keys]]:
    names = _value(recipe, (section, field))
    return [(name, ("recipe", section, field, name)) for name in names] if isinstance(names, dict) else []


def _value(recipe: Any, keys: Keys) -> Any:
    for key in keys:
        recipe = recipe.get(key) if isinstance(recipe, Mapping) else None
    return recipe


def _of_kind(kind: Kind) -> list[str]:
    return [declared.name for declared in catalog.all_tasks() if declared.kind is kind]


def _trainers_of(scored: Task) -> list[str]:
    """The tasks whose training set can train the head of a task."""
    same = [other for other in catalog.all_tasks() if other.kind is scored.kind and "train" in other.splits]
    return [other.name for other in same if set(other.labels) == set(scored.labels)]
