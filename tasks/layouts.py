"""Path templates: which files a layout means in a language, and which languages lie in a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from tasks.declaration import Layout, Split, Task
from tasks.errors import UserError
from tasks.languages import ISO3, iso3

_CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]+)?")


def paths(task: Task, layout: Layout, language: str) -> tuple[str, ...]:
    """The layout's files in a language, the gold file last; relative to a data folder."""
    templates = (*layout.files, layout.gold) if layout.gold else layout.files
    return tuple(named(task, template, language) for template in templates)


def named(task: Task, template: str, language: str) -> str:
    """A template in a language.

    Raises:
        UserError: the language is no code, and could lead to another folder.
    """
    if not _CODE.fullmatch(language):
        raise UserError(f"{language!r} is no language code, such as de or sr-Latn", where=f"task {task.name}")
    code = task.codes.get(language, iso3(language))
    return template.replace("{language}", language).replace("{iso3}", code)


def names_language(layout: Layout) -> bool:
    """Whether the files' names tell the language; others hold the declared languages alone."""
    return any("{" in template for template in layout.files)


def may_hold(split: Split, layout: Layout, language: str) -> bool:
    """Whether a layout can hold a language at all."""
    return names_language(layout) or language in split.languages


def languages_in(task: Task, layout: Layout, folder: Path) -> Iterator[str]:
    """Languages for which a file meets the layout's first template."""
    template = layout.files[0]
    for path in folder.glob(re.sub(r"\{\w+\}", "*", template)):
        told = _told(task, template, path.relative_to(folder).as_posix())
        yield from (language for code, language in told if _CODE.fullmatch(code))


def languages_of(task: Task, layout: Layout, file: str) -> Iterator[str]:
    """Languages for which a path is, or ends in, one of the layout's; none that nobody has heard of."""
    for template in layout.files:
        length = len(PurePosixPath(template).parts)
        end = PurePosixPath(*PurePosixPath(file).parts[-length:]).as_posix()
        told = _told(task, template, end)
        yield from (language for _, language in told if language in ISO3 or language in task.languages)


def fits(task: Task, path: str) -> bool:
    """Whether a path below a data folder is one of the task's files, in whatever language."""
    layouts = (layout for split in task.splits.values() for layout in split.layouts)
    templates = (template for layout in layouts for template in (*layout.files, layout.gold) if template)
    return any(matches(template, path) for template in templates)


def matches(template: str, path: str) -> bool:
    """Whether a path is a template's in some language."""
    return _pattern(template).fullmatch(path) is not None


def _told(task: Task, template: str, path: str) -> Iterator[tuple[str, str]]:
    """What a path says in the places where the template has the language, and which language that is."""
    back = {code: language for language, code in {**ISO3, **task.codes}.items()}
    match = _pattern(template).fullmatch(path)
    for name, code in (match.groupdict() if match else {}).items():
        yield code, back.get(code, code) if name == "iso3" else code


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """A regular expression with one group a placeholder; later places repeat the first, `*` is anything in a name."""
    pattern = re.escape(template).replace(r"\*", "[^/]*")
    for name in ("language", "iso3"):
        pattern = pattern.replace(rf"\{{{name}\}}", f"(?P<{name}>[^/]+)", 1)
        pattern = pattern.replace(rf"\{{{name}\}}", f"(?P={name})")
    return re.compile(pattern)
