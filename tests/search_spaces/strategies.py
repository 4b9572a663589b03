"""Random axes and spaces for property tests, and the smallest space as text."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from search_spaces.axes import Axis, Choice, Integer, LogUniform, Uniform
from search_spaces.document import parse
from search_spaces.simplex import Lattice, Simplex
from search_spaces.space import Space, from_document

TASKS = ("snli", "squad", "hellaswag", "cosmosqa", "mnli")

SPACE = """\
name: tiny
suite: {name: own, tasks: [udpos, xnli], languages: {udpos: [en, qaa], xnli: [en, de]}}
rungs: [[udpos, xnli]]
recipe:
  base:
    model: scratch
    scratch: {steps: 10, layers: 2}
  intermediate:
    tasks: {simplex: {of: [snli, squad, hellaswag], at_most: 2, parts: 4}}
    fraction: {choice: [0.25, 1.0]}
    optimisation: {lr: {log_uniform: [1e-5, 1e-4], points: 3}, batch: 32, epochs: 1}
  target:
    optimisation: {lr: 3e-4, epochs: 2}
    per_task:
      xnli: {epochs: 1}
search: {sampler: random, trials: 5, prune: {keep: 0.5, from: 4}}
"""


def space_of(text: str = SPACE, *changes: tuple[str, str]) -> Space:
    """The space in a text, after some replacements; each must hit."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    return from_document(parse(text, "space.yaml"))


@st.composite
def simplexes(draw: st.DrawFn, max_parts: int = 8, tasks: Sequence[str] = TASKS) -> Simplex:
    of = draw(st.lists(st.sampled_from(tasks), min_size=1, max_size=4, unique=True))
    parts = draw(st.integers(1, max_parts))
    at_most = draw(st.integers(1, min(len(of), parts)))
    return Simplex(simplex=Lattice(of=tuple(of), at_most=at_most, parts=parts))


@st.composite
def intervals(draw: st.DrawFn) -> Axis:
    low = draw(st.floats(1e-6, 1.0))
    high = low * draw(st.floats(1.5, 1e4))
    points = draw(st.none() | st.integers(2, 5))
    if draw(st.booleans()):
        return LogUniform(log_uniform=(low, high), points=points)
    return Uniform(uniform=(-low, high), points=points)


@st.composite
def integers(draw: st.DrawFn) -> Integer:
    low = draw(st.integers(-50, 5000))
    return Integer(integer=(low, low + draw(st.integers(0, 300))), step=draw(st.integers(1, 7)))


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.25, 0.5]) | st.text(max_size=3)
    options = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=2), scalars, max_size=2)
    return Choice(choice=tuple(draw(st.lists(options, min_size=1, max_size=5, unique_by=repr))))


def axes() -> st.SearchStrategy[Axis]:
    return st.one_of(choices(), integers(), intervals(), simplexes())
