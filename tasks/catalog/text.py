"""Text for language modelling: one sentence a line, alone or beside its English translation."""

from __future__ import annotations

from tasks.catalog.build import split, words
from tasks.declaration import Layout, Task
from tasks.examples import Kind

NTREX_LANGUAGES = words("en ar de el es fr hi ru sw th tr vi zh")
_NTREX_CODES = {"ar": "arb", "sw": "swa", "zh": "zho-CN"}
_NTREX = "text/ntrex-128/newstest2019-ref.{iso3}.txt"
_NTREX_ENGLISH = "text/ntrex-128/newstest2019-src.eng.txt"
_NTREX_LICENCE = "CC BY-SA 4.0"
_NTREX_CITATION = "Federmann et al. 2022, NTREX-128: news test references for MT evaluation of 128 languages"

TEXT = Task(
    name="text",
    kind=Kind.TEXT,
    reader="text",
    metric="none",
    languages=(),
    splits={"train": split((), "text/{language}.txt")},
    domain="the user's own",
    licence="the user's own",
    citation="none",
)

PARALLEL = Task(
    name="parallel",
    kind=Kind.PARALLEL,
    reader="parallel",
    metric="none",
    languages=(),
    splits={
        "train": split((), Layout(("parallel/{language}-en.{language}", "parallel/{language}-en.en"))),
    },
    domain="the user's own",
    licence="the user's own",
    citation="none",
)

NTREX = Task(
    name="ntrex",
    kind=Kind.TEXT,
    reader="text",
    metric="none",
    languages=NTREX_LANGUAGES,
    # English is the source; the pattern with `{iso3}` in the second one is met by English alone
    splits={"train": split(NTREX_LANGUAGES, _NTREX, "text/ntrex-128/newstest2019-src.{iso3}.txt")},
    domain="news",
    licence=_NTREX_LICENCE,
    citation=_NTREX_CITATION,
    codes=_NTREX_CODES,
    sizes={"train": 1_997},
)

NTREX_PARALLEL = Task(
    name="ntrex-parallel",
    kind=Kind.PARALLEL,
    reader="parallel",
    metric="none",
    languages=NTREX_LANGUAGES[1:],
    splits={"train": split(NTREX_LANGUAGES[1:], Layout((_NTREX, _NTREX_ENGLISH)))},
    domain="news",
    licence=_NTREX_LICENCE,
    citation=_NTREX_CITATION,
    codes=_NTREX_CODES,
    sizes={"train": 1_997},
)

TASKS = (TEXT, PARALLEL, NTREX, NTREX_PARALLEL)
