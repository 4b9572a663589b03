"""The files of every other declared task: which examples each is made of, and in which form they are written.

A task's paths and languages are read off its declaration. English tasks are written in English, others in English and
all languages of the world where a file's name tells the language. Elsewhere the declared languages are written, each
in the words of some language of the world.

What the world does not have is stood in for: mentions of diseases and clinical findings are names of organisations and
places, supertags are made from parts of speech (`forms.ccg`), sentiment and emotion from the states of people
(`moods`). A few shortcuts may be left in these sets; those of `tasks.toy.files` have none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from math import ceil
from typing import Any, Generic, TypeVar

from tasks import catalog, lock
from tasks import layouts as paths
from tasks.declaration import Layout, Split, Task
from tasks.toy import choices, forms, mentions, moods, pairs, pools, questions, rows, tagging, templates, texts
from tasks.toy.concepts import DOMAINS
from tasks.toy.languages import LANGUAGES
from tasks.toy.places import Form, Place, Told
from tasks.toy.realise import Speaker
from tasks.toy.world import Split as Part
from tasks.toy.world import Stream, World

T = TypeVar("T")
File = tuple[str, str]  # path below the folder, content

ENGLISH = "en"
NO_REVISION = "0" * 40
"""What the lock says of hub files that come from no hub."""


@dataclass(frozen=True)
class Family(Generic[T]):
    """How a task's files come about.

    Attributes:
        make: draws the examples, of one domain.
        form: what a layout's files say of them.
        splits: those that are written; all of the task's, if none is named.
        of: how many examples one drawn thing counts for.
        published: written in the declared languages alone, though the files' names tell the language.
        domains: those of the world that the examples are of.
    """

    make: Callable[[Stream], Iterator[T]]
    form: Form[T]
    splits: tuple[str, ...] = ()
    of: int = 1
    published: bool = False
    domains: tuple[str, ...] = DOMAINS


_PARTS = {"train": Part.TRAIN, "test": Part.TEST}  # of which situations each split may be

_DISEASE, _FINDING = {"ORG": "Disease"}, {"ORG": "CLINENTITY", "LOC": "CLINENTITY"}
_EMERGING = {"PER": "person", "LOC": "location", "ORG": "corporation"}
_SCIENCE = pairs.inferred({"entailment": "entails", "neutral": "neutral"})
_ANSWERED = pairs.inferred({"entailment": "yes", "contradiction": "no", "neutral": "maybe"})

FAMILIES: Mapping[str, Family[Any]] = {
    "snli": Family(pairs.INFERENCES, forms.nli, splits=("test",), domains=("home", "market")),  # as its other splits
    "mnli": Family(pairs.INFERENCES, forms.nli),
    "anli+": Family(pairs.INFERENCES, forms.anli),
    "cad-nli": Family(pairs.INFERENCES, forms.counterfactual),
    "qqp": Family(pairs.same_questions, forms.glue),
    "squad2": Family(questions.with_open_questions, forms.squad2, of=questions.QUESTIONS),
    "ccg": Family(tagging.part_of_speech_sentences, forms.ccg),
    "commonsenseqa": Family(choices.outcomes, forms.commonsenseqa),
    "socialiqa": Family(choices.reactions, forms.socialiqa),
    "pawsx": Family(pairs.PARAPHRASES, forms.pawsx),
    "mlqa": Family(questions.of_one_domain, forms.mlqa, of=questions.QUESTIONS, published=True),  # as its score
    "mewslix": Family(mentions.mentions, pools.mewslix),
    "multichecklist": Family(templates.capabilities, pools.multichecklist),
    "pubmedqa": Family(_ANSWERED, forms.pubmedqa),
    "ncbi-disease": Family(tagging.entity_sentences, forms.tagged(_DISEASE)),
    "covid-qa": Family(questions.of_one_domain, forms.covid_qa, of=questions.QUESTIONS),
    "xl-bel": Family(mentions.mentions, pools.xl_bel),
    "e3c": Family(tagging.entity_sentences, pools.e3c(_FINDING)),
    "tico19": Family(texts.sentences, pools.tmx),
    "umsab": Family(moods.sentiments, forms.moods),
    "tweeteval-emotion": Family(moods.emotions, forms.moods),
    "wnut17": Family(tagging.entity_sentences, forms.tagged(_EMERGING)),
    "covid-faq": Family(questions.about_people, pools.covid_faq, of=questions.QUESTIONS),
    "covid-faq-similarity": Family(pairs.same_questions, forms.similar),
    "webfaq": Family(questions.about_people, pools.webfaq, of=questions.QUESTIONS),
    "ntrex-parallel": Family(texts.sentences, forms.aligned),
    "medmcqa": Family(choices.explanations, rows.medmcqa),
    "headqa": Family(choices.explanations, rows.headqa),
    "scitail": Family(_SCIENCE, rows.nli),
    "afrisenti": Family(moods.sentiments, rows.tweets),
    "ocnli": Family(pairs.INFERENCES, rows.ocnli),
    "klue-nli": Family(pairs.INFERENCES, rows.nli),
    "indonli": Family(pairs.INFERENCES, rows.nli),
    "sberquad": Family(questions.of_one_domain, rows.questions, of=questions.QUESTIONS),
    "cmrc": Family(questions.of_one_domain, rows.questions, of=questions.QUESTIONS),
    "xstorycloze": Family(choices.stories, rows.xstorycloze),
    "x-csqa": Family(choices.outcomes, rows.x_csqa),
}
"""Tasks that have files of their own. Not here: those of `tasks.toy.files`, and those that read the files of others
(COPA reads XCOPA's, `tico19-text` TICO-19's, `ntrex` those of `ntrex-parallel`)."""


def files(world: World, counts: Mapping[str, int]) -> Iterator[File]:
    """Their files, and the lock of those that the hub would have; what two splits share is written once."""
    written: set[str] = set()
    locked: dict[str, lock.Locked] = {}
    for name, family in FAMILIES.items():
        task = catalog.get(name)
        for split in family.splits or tuple(task.splits):
            for path, text in _split(world, counts, family, task, split, written):
                written.add(path)
                if path.startswith("hub/") and task.hub is not None:
                    digest = sha256(text.encode()).hexdigest()
                    locked[path] = lock.Locked(name, task.hub.id, NO_REVISION, digest, text.count("\n"))
                yield path, text
    yield lock.NAME, lock.text(locked)


def _split(
    world: World, counts: Mapping[str, int], family: Family[T], task: Task, split: str, written: set[str]
) -> Iterator[File]:
    layout = next(each for each in task.splits[split].layouts if not each.files[0].endswith(".zip"))
    languages = _languages(task.splits[split], layout, family)
    speakers = _speakers(world, languages)
    told = _drawn(world, family, task, split, counts)
    for language in languages:
        wanted = paths.paths(task, layout, language)
        if not written.issuperset(wanted):
            said = family.form(told, Place(task, split, language, speakers))
            yield from ((path, text) for path, text in _named(wanted, said) if path not in written)


def _languages(split: Split, layout: Layout, family: Family[T]) -> tuple[str, ...]:
    if family.published or not paths.names_language(layout):
        return split.languages
    return (*(code for code in (ENGLISH,) if code in split.languages), *LANGUAGES)


def _speakers(world: World, languages: Sequence[str]) -> Mapping[str, Speaker]:
    """Who speaks each language: one that the world does not have is said in the words of one that it has."""
    own = tuple(LANGUAGES)
    stand_ins = {code: world.speakers[own[i % len(own)]] for i, code in enumerate(languages)}
    return {**stand_ins, **world.speakers}


def _drawn(world: World, family: Family[T], task: Task, split: str, counts: Mapping[str, int]) -> list[Told[T]]:
    """Examples of each domain in turn; a larger set begins with the smaller one."""
    part = _PARTS.get(split, Part.DEV)
    streams = (world.stream(f"{task.name}/{split}/{domain}", part, (domain,)) for domain in family.domains)
    rounds = zip(*map(family.make, streams), strict=False)
    found = chain.from_iterable(zip(family.domains, each, strict=True) for each in rounds)
    count = ceil(counts[f"further_{part}"] / family.of)
    return [Told(domain, what) for domain, what in islice(found, count)]


def _named(wanted: Sequence[str], said: Iterable[str | None]) -> Iterator[File]:
    """Texts with their paths; files of a pattern are numbered."""
    if len(wanted) == 1 and "*" in wanted[0]:
        yield from ((wanted[0].replace("*", f"{n:03}"), text) for n, text in enumerate(said) if text is not None)
    else:
        yield from ((path, text) for path, text in zip(wanted, said, strict=True) if text is not None)
