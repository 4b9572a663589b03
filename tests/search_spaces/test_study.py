"""The study: equal questions have equal answers, no recipe is tried twice, samplers learn from what they are told."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from random import Random
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.space import Params, Space
from search_spaces.study import Past, State, Study
from tasks.errors import UserError
from tests.search_spaces.strategies import SPACE, space_of
from trainers.identity import digest

SIMPLEX = "simplex: {of: [snli, squad, hellaswag], at_most: 2, parts: 4}"
WIDE = (SIMPLEX, "simplex: {of: [anli+, mnli, qqp, squad2, squad, hellaswag, ccg, cosmosqa], at_most: 3, parts: 6}")
GP = pytest.param("gp", marks=pytest.mark.slow)
SAMPLERS = ["random", "tpe", GP, "cmaes", "optuna.samplers:TPESampler"]
BASELINE = Past({}, State.COMPLETE, 50.0)


def searched(sampler: str, *changes: tuple[str, str], startup: int = 4) -> Space:
    return space_of(SPACE, ("sampler: random", f"sampler: {sampler}, startup: {startup}"), *changes)


def run(space: Space, trials: int, value: Callable[[Params], float]) -> list[Past]:
    study, history = Study(space), [BASELINE]
    while len(history) <= trials:
        point = study.suggest(len(history), history)
        if point is None:
            break
        history.append(Past(point, State.COMPLETE, value(point)))
    return history


def squad_share(point: Params) -> float:
    """A world in which SQuAD helps, a small learning rate too, and the rest does not matter."""
    return float(60 + 20 * point["intermediate.tasks"].get("squad", 0.0) - 1e5 * point["intermediate.optimisation.lr"])


def a_history(space: Space, seed: int) -> list[Past]:
    random, history = Random(seed), [BASELINE]
    for state in (State.COMPLETE, State.PRUNED, State.FAILED, State.PENDING, *[State.COMPLETE] * 4) * 2:
        value = random.choice([random.uniform(0, 100), math.nan, -math.inf])
        known = state in (State.COMPLETE, State.PRUNED)
        history.append(Past(space.draw(random), state, value if known else None, random.randrange(2)))
    return history


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_same_question_has_the_same_answer(sampler: str) -> None:
    space = searched(sampler, WIDE)
    history = a_history(space, 7)
    asked = Study(space)
    answers = [asked.suggest(number, history) for number in (17, 18, 17)]
    assert answers[0] == answers[2] == Study(space).suggest(17, history)
    if sampler != "gp":  # the best point by a Gaussian process is hardly a matter of chance
        assert answers[0] != answers[1]  # another number, another draw
    assert answers[0] is not None
    assert space.canonical(answers[0]) == answers[0]


def test_the_answer_does_not_depend_on_the_process() -> None:
    program = (
        "import json; from tests.search_spaces.test_study import *\n"
        "for s in ('random', 'tpe'): x = searched(s, WIDE); print(json.dumps(Study(x).suggest(9, a_history(x, 3))))"
    )
    printed = set()
    for seed in ("0", "1"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        printed.add(subprocess.run([sys.executable, "-c", program], env=env, check=True, capture_output=True).stdout)
    here = (searched("random", WIDE), searched("tpe", WIDE))
    answers = [json.dumps(Study(space).suggest(9, a_history(space, 3))) for space in here]
    assert {text.decode().splitlines()[-1] for text in printed} == {answers[1]}
    assert {text.decode().splitlines()[0] for text in printed} == {answers[0]}


@pytest.mark.parametrize("sampler", [*SAMPLERS, "grid"])
def test_a_finite_space_is_tried_once_over_and_then_exhausted(sampler: str) -> None:
    space = searched(sampler, (", points: 3", ", points: 2"), ("at_most: 2, parts: 4", "at_most: 1, parts: 1"))
    history = run(space, 50, squad_share)
    recipes = {digest(space.recipe(past.params)) for past in history[1:]}
    assert len(recipes) == len(history) - 1 == space.size() == 3 * 2 * 2
    assert Study(space).suggest(len(history), history) is None


def test_a_grid_goes_in_order_whatever_happened() -> None:
    space = searched("grid")
    history = run(space, 8, squad_share)
    assert [past.params for past in history[1:]] == list(space.grid())[:8]


def test_two_points_that_are_one_recipe_are_one_trial() -> None:
    space = searched(
        "grid",
        ("fraction: {choice: [0.25, 1.0]}", "fraction: {snli: {choice: [0.25, 1.0]}, squad: 0.5}"),
        ("{of: [snli, squad, hellaswag], at_most: 2, parts: 4}", "{of: [snli, squad], at_most: 1, parts: 1}"),
    )
    assert space.size() == 2 * 2 * 3
    assert len(run(space, 50, squad_share)) - 1 == (2 + 1) * 3


def test_the_baseline_is_not_tried_again_where_it_is_a_point() -> None:
    phase = SPACE[SPACE.index("  intermediate:") : SPACE.index("  target:")]
    for sampler in ("grid", "random", "tpe"):
        space = searched(sampler, (phase, ""), ("lr: 3e-4", "lr: {choice: [3e-4, 5e-4, 7e-4]}"), startup=1)
        history = run(space, 9, lambda point: point["target.optimisation.lr"])
        assert sorted(past.params["target.optimisation.lr"] for past in history[1:]) == [5e-4, 7e-4]


def test_a_space_without_axes_has_one_trial_beside_the_baseline() -> None:
    fixed = space_of(
        SPACE,
        ("{" + SIMPLEX + "}", "{squad: 1.0}"),
        ("{choice: [0.25, 1.0]}", "0.5"),
        ("{log_uniform: [1e-5, 1e-4], points: 3}", "1e-5"),
    )
    assert run(fixed, 9, lambda point: 1.0) == [BASELINE, Past({}, State.COMPLETE, 1.0)]


@settings(max_examples=10)
@given(st.integers(0, 2**31), st.sampled_from(["random", "tpe"]))
def test_trials_in_flight_are_not_asked_for_again(seed: int, sampler: str) -> None:
    space = searched(sampler, ("parts: 4", "parts: 4"), startup=1)
    study, history = Study(space), [BASELINE, Past(space.draw(Random(seed)), State.COMPLETE, 1.0)]
    for number in range(2, 12):
        point = study.suggest(number, history)
        assert point is not None
        history.append(Past(point, State.PENDING))
    assert len({digest(space.recipe(past.params)) for past in history[1:]}) == len(history) - 1


def test_until_the_start_is_over_every_sampler_draws_from_the_prior() -> None:
    spaces = [searched(sampler, WIDE, startup=9) for sampler in ("random", "tpe", "cmaes")]
    starts = [[past.params for past in run(space, 8, squad_share)] for space in spaces]
    assert starts[0] == starts[1] == starts[2]


@pytest.mark.parametrize(
    ("sampler", "trials", "late"), [("tpe", 40, 15), pytest.param("gp", 16, 6, marks=pytest.mark.slow)]
)
def test_samplers_learn_which_task_helps(sampler: str, trials: int, late: int) -> None:
    """The mean over what is tried late: a random search stays where it began."""
    space, chance = (searched(name, WIDE, startup=10) for name in (sampler, "random"))
    learnt = fmean(past.value or 0.0 for past in run(space, trials, squad_share)[-late:])
    drawn = fmean(past.value or 0.0 for past in run(chance, trials, squad_share)[-late:])
    assert learnt > drawn + 3


def test_cma_es_learns_on_numbers() -> None:
    changes = ("lr: 3e-4", "lr: {log_uniform: [1e-6, 1e-2]}, warmup: {uniform: [0, 0.5]}")

    def value(point: Params) -> float:
        miss = abs(math.log10(point["target.optimisation.lr"]) + 4) + 4 * abs(point["target.optimisation.warmup"] - 0.1)
        return 100 - 10 * miss

    late = {}
    for sampler in ("cmaes", "random"):
        history = run(searched(sampler, changes, startup=10), 40, value)
        late[sampler] = fmean(past.value or 0.0 for past in history[-15:])
    assert late["cmaes"] > late["random"] + 4


def test_what_is_not_finite_is_told_as_the_worst() -> None:
    space = searched("tpe", WIDE, startup=2)
    history = a_history(space, 1)
    finite = [past.value for past in history if past.value is not None and math.isfinite(past.value)]
    worst = min(finite)
    mended = [
        past if past.value is None or math.isfinite(past.value) else Past(past.params, past.state, worst, past.rung)
        for past in history
    ]
    assert Study(space).suggest(20, history) == Study(space).suggest(20, mended)


@pytest.mark.parametrize("name", ["nowhere:Sampler", "optuna.samplers:Nothing", "json:JSONDecoder", "math:floor"])
def test_a_sampler_that_is_none_is_the_users_to_mend(name: str) -> None:
    space = searched(name, startup=1)
    with pytest.raises(UserError, match=r"search\.sampler"):
        Study(space).suggest(2, [BASELINE, Past(space.first, State.COMPLETE, 1.0)])
