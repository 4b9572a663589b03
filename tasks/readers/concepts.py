"""XL-BEL: biomedical mentions in their sentences, to be linked to concepts of UMLS."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Passage
from tasks.readers.source import lines_of

_CONCEPTS = re.compile(r"[A-Z]{0,2}\d+(\|[A-Z]{0,2}\d+)*", re.ASCII)
"""CUIs; ten lines of the published files have other numbers, such as CL378222."""

_MARKS = ("<tgt>", "</tgt>")


def read_xl_bel(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Passage]:
    """Mentions of the first file, and as candidates the concepts of the other files, by their CUIs.

    The files hold mentions, and no names of concepts (the publishers' dictionary is licensed). So a concept is called
    what the other languages' files call it: its most frequent mention in the English file, else in the first other one
    that has it, by name. No name comes from the mention's own file, where it would often be the mention itself.
    A mention of several concepts (`C0000001|C0000002`) is one candidate; right are those that share a concept with the
    query. Mentions whose concepts no other file names are left out.
    """
    first, *rest = files
    others = sorted((path for path in rest if path.name != first.name), key=lambda p: (p.name[:3] != "en_", p.name))
    if not others:
        what = "concepts are named as in the other languages' files: put one beside this file"
        raise UserError(what, where=str(first))
    names = _names(others)
    meant: dict[str, list[str]] = defaultdict(list)
    for key in names:
        for concept in key.split("|"):
            meant[concept].append(key)
    for number, (key, mention, sentence) in enumerate(_rows(first)):
        relevant = tuple(dict.fromkeys(found for concept in key.split("|") for found in meant.get(concept, ())))
        if relevant:
            yield Passage(f"{language}-{number}", mention, sentence, False, relevant, key)
    for key, name in names.items():
        yield Passage(key, name, "", True, None, key)


def _names(paths: Sequence[Path]) -> Mapping[str, str]:
    """Concepts → their most frequent mention in the first file that has them; the first of equally frequent ones."""
    names: dict[str, str] = {}
    for path in paths:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for key, mention, _ in _rows(path):
            counts[key][mention] += 1
        for key, mentions in counts.items():
            names.setdefault(key, mentions.most_common(1)[0][0])
    return names


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    """Concepts, mention, and the sentence without the marks around the mention."""
    for number, line in enumerate(lines_of(path), start=1):
        where = f"{path}:{number}"
        columns = [column.strip() for column in line.split("||", 2)]
        if len(columns) != 3 or not columns[1]:
            raise UserError("CUI||mention||sentence is wanted", where=where)
        key, mention, sentence = columns
        if not _CONCEPTS.fullmatch(key):
            raise UserError(f"{key!r} is no CUI, nor several with '|' between them", where=where)
        if [sentence.count(mark) for mark in _MARKS] != [1, 1]:
            raise UserError("the sentence must hold one <tgt>mention</tgt>", where=where)
        before, rest = sentence.split(_MARKS[0])
        yield key, mention, before + rest.replace(_MARKS[1], "")
