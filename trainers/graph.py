"""From a recipe and a suite to the stages that train and score it.

`base → intermediate → target (one per training set) → score (one per task and language)`. Equal inputs give equal
ids, so XQuAD and MLQA share one SQuAD stage and two recipes share whatever they have in common. Tasks whose pool is
searched without training have no target stage: they score the encoder of the intermediate phase (or the base).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tasks import catalog
from tasks.data import Absent, DataFolders, Dataset
from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Kind
from tasks.pairs import learnable
from tasks.suites import Suite
from trainers.base import BaseModels, Found, Origins
from trainers.estimates import mixture_shares, pretraining_shares, scoring_tokens, training_tokens
from trainers.pieces import dev_data, draw_probabilities, schedule, shape, text, training_data
from trainers.recipe import Base, Intermediate, Numerics, Optimisation, Recipe, Scratch
from trainers.stages import (
    LAST,
    STAGE_PREFIX,
    AnyStageSpec,
    Ingredient,
    IntermediateSpec,
    PretrainSpec,
    Schedule,
    ScoreSpec,
    Stage,
    TargetSpec,
    TokenizerSpec,
)
from trainers.supply import ScorePart, Supply


@dataclass(frozen=True)
class Graph:
    """The stages of one recipe.

    `stages` is in dependency order; `cells` maps (task, language) to its score stage; `rungs` lists the score stages of
    each rung, cheap tasks first; `absent` names what the suite asks for and the data does not have; `predicted` are
    those of the cells that have no gold: their stages predict, and there is no score. `base` is the base
    model; None: from scratch.
    """

    recipe: Recipe
    stages: dict[str, Stage]
    cells: dict[tuple[str, str], str]
    rungs: tuple[tuple[str, ...], ...]
    absent: tuple[Absent, ...]
    encoder: str  # origin of the encoder that target phases start from
    predicted: frozenset[tuple[str, str]] = frozenset()
    base: Found | None = None

    @property
    def roots(self) -> tuple[str, ...]:
        """What must stay in the store for it: the ids of its stages, and the name of its base model."""
        return (*self.stages, *([self.base.model.root] if self.base is not None else []))

    @property
    def scored(self) -> dict[tuple[str, str], str]:
        """The cells that have a score."""
        return {cell: stage for cell, stage in self.cells.items() if cell not in self.predicted}

    def rung(self, number: int) -> tuple[str, ...]:
        """Ids of a rung's score stages."""
        return self.rungs[number]


def expand(
    recipe: Recipe,
    suite: Suite,
    data: DataFolders,
    *,
    rungs: Sequence[Sequence[str]] | None = None,
    part: ScorePart = "selection",
    unlabelled: bool = False,
    models: BaseModels | None = None,
) -> Graph:
    """The stage graph of a recipe on a suite.

    Args:
        recipe: what to train.
        suite: which tasks and languages to score.
        data: where the files are; they are read, since ids are made of their content.
        rungs: groups of the suite's tasks, cheap ones first; one rung of all tasks by default.
        part: which cells to score: `selection` (sweeps) or `report` (`final` alone).
        unlabelled: whether to predict report splits that have no gold, too.
        models: finds base models; by default in folders and at the hub alone.

    Raises:
        UserError: training data is missing or has the wrong kind, or there is no such base model.
    """
    supply = Supply(data, unlabelled)
    builder = _Builder(supply, recipe, models or BaseModels())
    origins = builder.base(recipe.base)
    encoder = origins.encoder
    if recipe.intermediate is not None:
        encoder = builder.intermediate(recipe.intermediate, origins)
    groups = [tuple(suite.tasks)] if rungs is None else [tuple(group) for group in rungs]
    scores = tuple(
        tuple(s for name in group for s in builder.score_task(name, suite, origins.tokenizer, encoder, part))
        for group in groups
    )
    predicted = frozenset(supply.predicted)
    return Graph(recipe, builder.stages, builder.cells, scores, tuple(supply.absent), encoder, predicted, builder.found)


@dataclass
class _Builder:
    """Adds stages in dependency order; equal stages are added once."""

    supply: Supply
    recipe: Recipe
    models: BaseModels
    stages: dict[str, Stage] = field(default_factory=dict)
    cells: dict[tuple[str, str], str] = field(default_factory=dict)
    found: Found | None = None  # the base model

    def add(
        self,
        spec: AnyStageSpec,
        label: str,
        sources: Sequence[Dataset],
        tokens: int,
        numerics: Numerics | None = None,
    ) -> str:
        """Add a stage, which runs with the recipe's numerics by default; returns its origin."""
        where = {dataset.fingerprint: self.supply.located(dataset) for dataset in sources}
        base = self.found.model if self.found is not None else None
        stage = Stage(spec, label, where, base, tokens, shape(numerics or self.recipe.numerics))
        self.stages.setdefault(stage.id, stage)
        return STAGE_PREFIX + stage.id

    # ---- base -----------------------------------------------------------------------------------------------------

    def base(self, base: Base) -> Origins:
        """The origins of encoder and tokenizer; a scratch base adds its two stages."""
        if base.scratch is None:
            self.found = self.models.find(base.model, base.revision)
            return self.found.origins
        return self.scratch(base.scratch)

    def scratch(self, scratch: Scratch) -> Origins:
        languages = scratch.languages or self.supply.folders.languages(scratch.text, "train")
        mono = [self.supply.must(scratch.text, "train", language) for language in languages]
        foreign = [language for language in languages if language != "en"]
        pairs = (
            [self.supply.must(scratch.parallel, "train", language) for language in foreign] if scratch.parallel else []
        )
        texts = tuple(text(dataset) for dataset in mono)
        threads = scratch.threads or self.recipe.numerics.threads
        numerics = self.recipe.numerics.model_copy(update={"threads": threads})
        tokenizer = self.add(TokenizerSpec(text=texts, vocabulary=scratch.vocabulary), "tokenizer", mono, 0, numerics)
        spec = PretrainSpec(
            tokenizer=tokenizer,
            text=texts,
            parallel=tuple(text(dataset) for dataset in pairs),
            hidden=scratch.hidden,
            layers=scratch.layers,
            heads=scratch.heads,
            positions=scratch.positions,
            mask=scratch.mask,
            parallel_share=scratch.parallel_share if pairs else 0.0,
            smoothing=scratch.smoothing,
            shift=scratch.shift,
            schedule=Schedule(
                lr=scratch.lr,
                batch=scratch.batch,
                steps=max(scratch.steps, 0),
                warmup=scratch.warmup,
                weight_decay=scratch.weight_decay,
                clip=1.0,
                dropout=scratch.dropout,
                max_length=scratch.max_length,
                stride=0,
            ),
            seed=scratch.seed,
            numerics=numerics,
        )
        tokens = training_tokens(mono + pairs, pretraining_shares(spec), spec.schedule)
        return Origins(encoder=self.add(spec, "pretrain", mono + pairs, tokens, numerics), tokenizer=tokenizer)

    # ---- intermediate ---------------------------------------------------------------------------------------------

    def intermediate(self, phase: Intermediate, origins: Origins) -> str:
        names = sorted(name for name, weight in phase.tasks.items() if weight > 0)
        if not names:
            raise UserError(
                "an intermediate phase needs a task with a weight above 0", where="recipe.intermediate.tasks"
            )
        best = phase.optimisation.keep == "best"
        subsets = {name: self.supply.subset(name, phase) for name in names}
        shares = draw_probabilities(phase.tasks, {name: count for name, (_, count) in subsets.items()}, phase)
        parts: list[tuple[Ingredient, Dataset, Dataset | None]] = []
        for name, (dataset, count) in subsets.items():
            ingredient = Ingredient(data=training_data(catalog.get(name), dataset, count), weight=shares[name])
            parts.append((ingredient, dataset, self.supply.dev(name) if best else None))
        parts.sort(key=lambda item: (item[0].data.fingerprint, item[0].data.labels))
        ingredients = tuple(part[0] for part in parts)
        if len({i.data.fingerprint for i in ingredients}) < len(ingredients):
            raise UserError(f"two of {', '.join(names)} are the same data; name one", where="recipe.intermediate.tasks")
        dev = tuple(dev_data(catalog.get(d.source.task), d) for _, _, d in parts if d is not None)
        texts = self.supply.mlm_texts(phase)
        spec = IntermediateSpec(
            tokenizer=origins.tokenizer,
            encoder=origins.encoder,
            mixture=ingredients,
            mlm_share=phase.mlm_share,
            mlm_text=tuple(text(dataset) for dataset in texts),
            schedule=schedule(
                phase.optimisation, [i.data.examples for i in ingredients], [i.data.kind for i in ingredients]
            ),
            keep=phase.optimisation.keep,
            dev=dev,
            seed=self.recipe.seed,
            numerics=self.recipe.numerics,
        )
        datasets = [dataset for _, dataset, _ in parts]
        tokens = training_tokens([*datasets, *texts], mixture_shares(spec), spec.schedule)
        return self.add(spec, "intermediate " + "+".join(names), [*datasets, *_present(parts), *texts], tokens)

    # ---- targets and scores ---------------------------------------------------------------------------------------

    def score_task(self, name: str, suite: Suite, tokenizer: str, encoder: str, part: ScorePart) -> list[str]:
        """The score stages of one task, with the target stage that they need."""
        task = catalog.get(name)
        evaluated = [d for language in suite.languages_of(name) if (d := self.supply.evaluation(task, language, part))]
        if not evaluated:
            return []
        trained = self.recipe.target.trained_on(task)
        key = name if task.kind.searched else trained[-1]  # SQuAD as a ranking task has other settings than SQuAD
        settings = self.settings(key)
        model = encoder
        if task.dual:
            model = self.target(trained[-1], settings, tokenizer, model, task)
        elif not task.kind.searched:
            for train in trained:
                goes_on = model != encoder
                if train != trained[-1]:
                    self.supply.first(train, name)
                model = self.target(train, self.settings(train), tokenizer, model, catalog.get(train), head=goes_on)
        return [self.score(task, dataset, tokenizer, model, settings, part) for dataset in evaluated]

    def settings(self, key: str) -> Optimisation:
        """Those of training on a task's set, or of a ranking task."""
        return self.recipe.target.per_task.get(key, self.recipe.target.optimisation)

    def target(
        self, name: str, settings: Optimisation, tokenizer: str, encoder: str, task: Task, *, head: bool = False
    ) -> str:
        """Training on the set of one task as another one: itself, or one that ranks; with the encoder's head or not."""
        dataset = self.supply.training(name)
        known = sum(map(learnable, dataset.examples)) if task.dual else len(dataset)  # a pair a query
        count = min(known, self.recipe.target.limit.get(name, known))
        dev = self.supply.dev(name) if settings.keep == "best" else None
        spec = TargetSpec(
            tokenizer=tokenizer,
            encoder=encoder,
            train=training_data(task, dataset, count),
            schedule=schedule(settings, [count], [task.kind]),
            keep=settings.keep,
            dev=dev_data(task, dev) if dev else None,
            pooling=self.recipe.retrieval.pooling if task.dual else None,
            head=head,
            seed=self.recipe.seed,
            numerics=self.recipe.numerics,
        )
        sources = [dataset, dev] if dev else [dataset]
        return self.add(spec, f"target {task.name}", sources, training_tokens([dataset], [1.0], spec.schedule))

    def score(
        self, task: Task, dataset: Dataset, tokenizer: str, model: str, settings: Optimisation, part: ScorePart
    ) -> str:
        retrieval = self.recipe.retrieval if task.kind.searched else None
        language = dataset.source.language
        dev = self.supply.threshold(task, language) if part == "report" else None
        spec = ScoreSpec(
            tokenizer=tokenizer,
            model=model,
            data=training_data(task, dataset, len(dataset)),
            language=language,
            metric=task.metric,
            part=part,
            max_length=settings.max_length,
            stride=settings.stride if task.kind is Kind.SPAN else 0,
            layer=(LAST if task.dual else retrieval.layer) if retrieval else None,
            pooling=retrieval.pooling if retrieval else None,
            normalised=task.normalised or task.dual,  # a dual encoder has learned from cosines
            dev=training_data(task, dev, len(dev)) if dev else None,
            numerics=self.recipe.numerics,
        )
        sources = [dataset, dev] if dev else [dataset]
        tokens = sum(map(scoring_tokens, sources))
        origin = self.add(spec, f"score {task.name} {language}", sources, tokens)
        stage = origin.removeprefix(STAGE_PREFIX)
        self.cells[task.name, language] = stage
        return stage


def _present(parts: Sequence[tuple[Ingredient, Dataset, Dataset | None]]) -> list[Dataset]:
    return [dev for _, _, dev in parts if dev is not None]
