"""Which files a world has, how many examples each, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import TypeVar

from tasks.toy import further, layouts
from tasks.toy.choices import alternatives, endings, explanations
from tasks.toy.concepts import DOMAINS
from tasks.toy.grammar import Entry, Sentence
from tasks.toy.inference import inferences
from tasks.toy.languages import LANGUAGES
from tasks.toy.questions import QUESTIONS, Paragraph, paragraphs
from tasks.toy.realise import Speaker
from tasks.toy.tagging import entity_sentences, part_of_speech_sentences
from tasks.toy.texts import corpus, different
from tasks.toy.world import Split, Stream, World

T = TypeVar("T")
File = tuple[str, str]  # path below the folder, content

SIZES: Mapping[str, int] = {
    "text": 6000,
    "parallel": 5000,
    "snli_train": 6000,
    "snli_dev": 300,
    "xnli_train": 3000,
    "xnli_dev": 300,
    "xnli_test": 300,
    "hellaswag_train": 1500,
    "hellaswag_dev": 300,
    "cosmosqa_train": 1500,
    "cosmosqa_dev": 300,
    "xcopa_train": 400,
    "xcopa_dev": 200,
    "xcopa_test": 300,
    "squad_train": 1500,
    "squad_dev": 200,
    "xquad": 240,
    "tydiqa_train": 300,
    "tydiqa_dev": 240,
    "udpos_train": 800,
    "udpos_dev": 200,
    "udpos_test": 200,
    "panx_train": 800,
    "panx_dev": 200,
    "panx_test": 200,
    "tatoeba": 300,
    "bucc_dev": 150,
    "bucc_test": 300,
    "further_train": 200,
    "further_dev": 60,
    "further_test": 100,
}
"""Examples at size 1, per language: lines of text (in the richest one), pairs, questions, tagged sentences.

`further_…` are those of each task of `tasks.toy.further`.
"""

FURTHER = "further_"
EVERY = ("en", *LANGUAGES)


def files(world: World, counts: Mapping[str, int]) -> Iterator[File]:
    """Every file of a world, one after the other; without counts of the further tasks, theirs are left out."""
    yield from main_files(world, counts)
    if any(name.startswith(FURTHER) for name in counts):
        yield from further.files(world, counts)


def main_files(world: World, counts: Mapping[str, int]) -> Iterator[File]:
    """Those of the tasks on which the world is tried out, whose labels nothing trivial tells."""
    writer = _Files(world, counts)
    for part in (writer.texts, writer.mining, writer.inference, writer.choices, writer.questions, writer.tagging):
        yield from part()


@dataclass(frozen=True)
class _Files:
    world: World
    counts: Mapping[str, int]

    def texts(self) -> Iterator[File]:
        """Monolingual text, parallel text, and Tatoeba's pairs."""
        for code in EVERY:
            said = self._some(corpus, f"text/{code}", Split.TRAIN, self._share("text", code))
            yield f"text/{code}.txt", self._lines(said, code)
        for code in LANGUAGES:
            both = self._some(corpus, f"parallel/{code}", Split.TRAIN, self._share("parallel", code))
            yield f"parallel/{code}-en.{code}", self._lines(both, code)
            yield f"parallel/{code}-en.en", self._lines(both, "en")
        pairs = self._some(different, "tatoeba", Split.TEST, self.counts["tatoeba"])
        for code in LANGUAGES:
            yield f"tatoeba/tatoeba.{code}-eng.{code}", self._lines(pairs, code)
            yield f"tatoeba/tatoeba.{code}-eng.eng", self._lines(pairs, "en")

    def mining(self) -> Iterator[File]:
        """BUCC: of the sentences of each side a half are translations of the other side's."""
        for split in (Split.DEV, Split.TEST):
            pairs = self.counts[f"bucc_{split}"]
            said = self._some(different, "bucc", split, 3 * pairs)
            for code in LANGUAGES:
                foreign = self._side(code, said[: 2 * pairs])
                english = self._side("en", [*said[:pairs], *said[2 * pairs :]])
                for language, side in ((code, foreign), ("en", english)):
                    rows = sorted((number, text) for number, text in side.values())
                    yield f"bucc2018/{code}-en.{split}.{language}", layouts.lines(f"{n}\t{text}" for n, text in rows)
                gold = layouts.lines(f"{foreign[i][0]}\t{english[i][0]}" for i in range(pairs))
                yield f"bucc2018/{code}-en.dev.gold" if split is Split.DEV else f"gold/bucc2018/test-{code}.tsv", gold

    def _side(self, code: str, said: Sequence[Sentence | Entry]) -> dict[int, tuple[str, str]]:
        """Place in `said` → id and text; ids are numbers in the order of the texts, so that they tell nothing."""
        texts = [self.world.speakers[code].text(sentence) for sentence in said]
        order = sorted(range(len(texts)), key=texts.__getitem__)
        return {place: (f"{code}-{number:09d}", texts[place]) for number, place in enumerate(order, start=1)}

    def inference(self) -> Iterator[File]:
        """SNLI of two domains in English, XNLI of all."""
        for split in (Split.TRAIN, Split.DEV):
            pairs = self._set(inferences, "snli", split, ("home", "market"))
            yield f"snli/snli_1.0_{split}.jsonl", layouts.snli(pairs, self.english)
        yield "xnli/train-en.tsv", layouts.xnli(self._set(inferences, "xnli", Split.TRAIN), self.english)
        dev, test = (self._set(inferences, "xnli", split) for split in (Split.DEV, Split.TEST))
        for code, speaker in self.world.speakers.items():
            yield f"xnli/dev-{code}.tsv", layouts.xnli(dev, speaker)
            yield f"xnli/test-{code}.tsv", layouts.xnli(test, speaker, labelled=False)
            yield f"gold/xnli/test-{code}.tsv", layouts.lines(pair.label for pair in test)

    def choices(self) -> Iterator[File]:
        """HellaSwag and Cosmos QA of two domains each in English, COPA and XCOPA of all."""
        for split, hellaswag, cosmosqa in ((Split.TRAIN, "train", "train"), (Split.DEV, "val", "valid")):
            endless = self._set(endings, "hellaswag", split, ("home", "clinic"))
            yield f"hellaswag/hellaswag_{hellaswag}.jsonl", layouts.hellaswag(endless, self.english, hellaswag)
            endless = self._set(explanations, "cosmosqa", split, ("market", "clinic"))
            yield f"cosmosqa/{cosmosqa}.csv", layouts.cosmosqa(endless, self.english, cosmosqa)
        yield "xcopa/train-en.jsonl", layouts.xcopa(self._set(alternatives, "xcopa", Split.TRAIN), self.english)
        dev, test = (self._set(alternatives, "xcopa", split) for split in (Split.DEV, Split.TEST))
        for code, speaker in self.world.speakers.items():
            yield f"xcopa/val-{code}.jsonl", layouts.xcopa(dev, speaker)
            yield f"xcopa/test-{code}.jsonl", layouts.xcopa(test, speaker, labelled=False)
            yield f"gold/xcopa/test-{code}.jsonl", layouts.jsonl({"label": choice.label} for choice in test)

    def questions(self) -> Iterator[File]:
        """SQuAD in English, XQuAD and TyDiQA."""
        for split in (Split.TRAIN, Split.DEV):
            asked = self._paragraphs("squad", split, f"squad_{split}")
            yield f"squad/{split}-v1.1.json", layouts.squad(asked, self.english, f"squad-{split}")
        parallel = self._paragraphs("xquad", Split.TEST, "xquad")
        for code, speaker in self.world.speakers.items():
            yield f"xquad/xquad.{code}.json", layouts.squad(parallel, speaker, "xquad")
            yield f"lareqa/xquad-r/{code}.json", layouts.lareqa(parallel, speaker, "xquad")
        for split, codes in ((Split.TRAIN, ("en",)), (Split.DEV, EVERY)):
            folder = f"tydiqa/tydiqa-goldp-v1.1-{split}"
            for code in codes:  # TyDiQA is not parallel: each language has its own
                asked = self._paragraphs(f"tydiqa/{code}", split, f"tydiqa_{split}")
                yield (
                    f"{folder}/tydiqa.goldp.{code}.{split}.json",
                    layouts.tydiqa(asked, self.world.speakers[code], split),
                )

    def tagging(self) -> Iterator[File]:
        """UDPOS and PANX."""
        makers = (
            ("udpos", part_of_speech_sentences, layouts.part_of_speech),
            ("panx", entity_sentences, layouts.entity),
        )
        for task, make, tag in makers:
            train, dev, test = (self._set(make, task, split) for split in Split)
            yield f"{task}/train-en.tsv", layouts.columns(train, self.english, layouts.form, tag)
            for code, speaker in self.world.speakers.items():
                yield f"{task}/dev-{code}.tsv", layouts.columns(dev, speaker, layouts.form, tag)
                yield f"{task}/test-{code}.tsv", layouts.columns(test, speaker, layouts.form)
                yield f"gold/{task}/test-{code}.tsv", layouts.columns(test, speaker, tag)

    @property
    def english(self) -> Speaker:
        return self.world.speakers["en"]

    def _share(self, name: str, code: str) -> int:
        return max(1, round(LANGUAGES.get(code, 1.0) * self.counts[name]))

    def _lines(self, said: Sequence[Sentence | Entry], code: str) -> str:
        return layouts.lines(self.world.speakers[code].text(sentence) for sentence in said)

    def _set(
        self, make: Callable[[Stream], Iterator[T]], task: str, split: Split, domains: Sequence[str] = DOMAINS
    ) -> list[T]:
        return self._some(make, task, split, self.counts[f"{task}_{split}"], domains)

    def _paragraphs(self, name: str, split: Split, count: str) -> list[Paragraph]:
        return self._some(paragraphs, name, split, ceil(self.counts[count] / QUESTIONS))

    def _some(
        self,
        make: Callable[[Stream], Iterator[T]],
        name: str,
        split: Split,
        count: int,
        domains: Sequence[str] = DOMAINS,
    ) -> list[T]:
        return list(islice(make(self.world.stream(name, split, domains)), count))
