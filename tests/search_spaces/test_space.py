"""Spaces: what a file says is what is sampled, and every mistake is one line with its place."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.document import parse
from search_spaces.simplex import Simplex
from search_spaces.space import load, shipped
from tasks.data import Absent, DataFolders
from tasks.errors import UserError
from tests.search_spaces.strategies import SPACE, space_of
from trainers.identity import digest

FRACTION = "fraction: {choice: [0.25, 1.0]}"
LR = "lr: {log_uniform: [1e-5, 1e-4], points: 3}"
SIMPLEX = "simplex: {of: [snli, squad, hellaswag], at_most: 2, parts: 4}"
MISTAKES = [
    ("epochs: 2}", "epcohs: 2}", 13, "unknown key 'epcohs' in recipe.target.optimisation, did you mean 'epochs'?"),
    ("recipe:", "recpie:", 4, "unknown key 'recpie', did you mean 'recipe'?"),
    ("name: tiny", "nmae: tiny", 1, "unknown key 'nmae', did you mean 'name'?"),
    ("name: tiny\n", "", 1, "the file lacks the key 'name'"),
    ("from: 4", "form: 4", 16, "did you mean 'from'?"),
    ("points: 3", "point: 3", 11, "unknown key 'point' in recipe.intermediate.optimisation.lr"),
    ("batch: 32", 'batch: "32"', 11, "valid integer"),
    ("batch: 32", "batch: 1.5", 11, "valid integer"),
    ("batch: 32", "batch: 0", 11, "greater than or equal to 1"),
    ("lr: 3e-4", "lr: fast", 13, 'recipe.target.optimisation.lr: it should be a valid number, not "fast"'),
    ("lr: 3e-4", "lr: .inf", 13, "valid number"),
    ("lr: 3e-4", "lr: 3e-4, lr: 1e-4", 13, "recipe.target.optimisation.lr stands twice"),
    ("lr: 3e-4", "lr: {choice: [3e-4, fast]}", 13, "valid number"),
    ("lr: 3e-4", "lr: {uniform: [-1, 1]}", 13, "greater than 0"),
    ("lr: 3e-4", "lr: {choice: []}", 13, "at least 1 item"),
    ("lr: 3e-4", "lr: {choice: [1e-4], uniform: [0, 1]}", 13, "two axes"),
    ("lr: 3e-4", "lr: {choice: [{choice: [1]}]}", 13, "an axis inside of an axis"),
    ("steps: 10", "steps: 10, languages: [{choice: [en]}]", 7, "make the list a choice"),
    ("steps: 10", "steps: 10, seed: {integer: [0, 3]}", 7, "recipe.base.scratch.seed cannot be an axis"),
    ("steps: 10", "steps: 10, text: snli", 7, "snli holds no text"),
    ("steps: 10", "steps: 10, max_length: 512", 7, "positions"),
    ("steps: 10", "steps: 10, max_length: 64, shift: {choice: [0, 193]}", 7, "up to a shift of 192, not 193"),
    ("layers: 2", "layers: 2, heads: 3", 7, "no multiple"),
    ("  target:\n", "  retrieval: {layer: 9}\n  target:\n", None, None),  # no retrieval task, so it does not matter
    (FRACTION, "fraction: {simplex: {of: [snli], at_most: 1, parts: 1}}", 10, "only at recipe.intermediate.tasks"),
    (FRACTION, "fraction: {choice: [0.25, 1.5]}", 10, "less than or equal to 1"),
    (FRACTION, "fraction: {snlii: 0.5}", 10, "did you mean 'snli'?"),
    (FRACTION, "fraction: {snli: half}", 10, "valid number"),
    ("[snli, squad, hellaswag]", "[snli, squda, hellaswag]", 9, "unknown task 'squda', did you mean 'squad'?"),
    ("[snli, squad, hellaswag]", "[snli, tatoeba, hellaswag]", 9, "cannot be an intermediate task"),
    ("at_most: 2", "at_most: 5", 9, "at most 3"),
    ("at_most: 2", "at_most: two", 9, "valid integer"),
    ("{" + SIMPLEX + "}", "{snli: 1.5, squad: -0.5}", 9, "below 0"),
    ("{" + SIMPLEX + "}", "{snli: 0.9, squad: 0.9}", 9, "sum to 1.8"),
    ("{" + SIMPLEX + "}", "{}", 9, "above 0"),
    ("      xnli: {epochs: 1}", "      panx: {epochs: 1}", 15, "no task of the suite trains on it"),
    ("      xnli: {epochs: 1}", "      xnli: {epoch: 1}", 15, "did you mean 'epochs'?"),
    ("    per_task:", "    train_on: {xnli: squad}\n    per_task:", 14, "squad is no classification task"),
    ("    per_task:", "    train_on: {xnli: pawsx}\n    per_task:", 14, "pawsx has other labels than xnli"),
    ("    per_task:", "    train_on: {udpos: panx}\n    per_task:", 14, "panx has other labels than udpos"),
    ("    per_task:", "    train_on: {xnil: snli}\n    per_task:", 14, "no task of the suite, did you mean 'xnli'?"),
    ("    per_task:", "    train_on: {xnli: snli}\n    per_task:", 16, "no task of the suite trains on it"),
    ("tasks: [udpos, xnli]", "tasks: [udpos, xnil]", 2, "unknown task 'xnil', did you mean 'xnli'?"),
    ("tasks: [udpos, xnli]", "tasks: [udpos, udpos]", 2, "stands twice"),
    ("tasks: [udpos, xnli]", "tasks: [udpos, ntrex]", 2, "leave it out"),
    ("tasks: [udpos, xnli]", "tasks: [udpos, {choice: [xnli]}]", 2, "only below `recipe`"),
    ("udpos: [en, qaa]", "udpos: [en, german]", 2, "unknown language 'german'"),
    ("udpos: [en, qaa]", "panx: [en]", 2, "no task of the suite"),
    ("name: own", "name: xtreme", 2, "a name of its own"),
    ("rungs: [[udpos, xnli]]", "rungs: [[udpos], [xnli]]", 3, "no classification task"),
    ("rungs: [[udpos, xnli]]", "rungs: [[udpos]]", 3, "xnli stands in no rung"),
    ("rungs: [[udpos, xnli]]", "rungs: [[udpos, xnli], [xnli]]", 3, "stands twice"),
    ("rungs: [[udpos, xnli]]", "rungs: [[udpos, xnli], []]", 3, "at least 1 item"),
    ("rungs: [[udpos, xnli]]", "data: {toy: {}, hub: true}\nrungs: [[udpos, xnli]]", 3, "generates all data"),
    ("rungs: [[udpos, xnli]]", "data: {folders: [/etc]}\nrungs: [[udpos, xnli]]", 3, "relative"),
    ("rungs: [[udpos, xnli]]", "data: {files: {snli: {tran: [a]}}}\nrungs: [[udpos, xnli]]", 3, "mean 'train'?"),
    (
        "rungs: [[udpos, xnli]]",
        "data: {files: {xnli: {train: [a/xnli/train-de.tsv]}}}\nrungs: [[udpos, xnli]]",
        3,
        "'a/xnli/train-de.tsv' is in 'de'",
    ),
    ("sampler: random", "sampler: randon", 16, "unknown sampler 'randon'"),
    ("trials: 5, ", "", 16, "needs `trials`"),
    ("name: tiny", "name: ../tiny", 1, "pattern"),
    ("name: tiny", "name: tiny\n  x: [", 2, "not valid YAML"),
    ("name: tiny", "name: !!python/name:os.system tiny", 1, "not allowed"),
    ("name: tiny", "1: tiny", 1, "keys are words"),
    ("epochs: 1}\n  target:", "epochs: &a [*a]}\n  target:", 11, "an alias inside of what it stands for"),
]


@pytest.mark.parametrize(("old", "new", "line", "message"), MISTAKES, ids=[row[1].strip()[:50] for row in MISTAKES])
def test_a_mistake_is_one_line_with_its_place(old: str, new: str, line: int | None, message: str | None) -> None:
    if message is None:
        space_of(SPACE, (old, new))
        return
    with pytest.raises(UserError) as caught:
        space_of(SPACE, (old, new))
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"space.yaml:{line}: ")
    assert message in text


ENGLISH = ("trials: 5", "trials: 5, selection: english")
NO_ENGLISH = ("{udpos: [en, qaa], xnli: [en, de]}", "{udpos: [qaa], xnli: [de]}")


def test_strict_zero_shot_needs_english_in_the_first_rung() -> None:
    with pytest.raises(UserError, match=r"^space.yaml:16: search.selection: english, .*; add one, or write `all`$"):
        space_of(SPACE, ENGLISH, NO_ENGLISH)
    with pytest.raises(UserError, match="no task of the first rung"):  # English would come with the second
        later = (("[udpos, xnli],", "[udpos, xnli, pawsx],"), ("[[udpos, xnli]]", "[[udpos, xnli], [pawsx]]"))
        space_of(SPACE, ENGLISH, NO_ENGLISH, *later)
    space_of(SPACE, NO_ENGLISH)
    space_of(SPACE, ENGLISH, ("udpos: [en, qaa]", "udpos: [qaa]"))  # one task of the rung is enough


RETRIEVAL = (("tasks: [udpos, xnli]", "tasks: [udpos, xnli, tatoeba]"), ("[[udpos, xnli]]", "[[udpos, xnli, tatoeba]]"))


def test_a_retrieval_layer_must_exist() -> None:
    with pytest.raises(UserError, match=r"^space.yaml:8: recipe.retrieval.layer: .* 2 layers, not 3; write 0..2$"):
        space_of(SPACE, *RETRIEVAL, ("layers: 2}\n", "layers: 2}\n  retrieval: {layer: 3}\n"))


def test_a_grid_needs_points() -> None:
    with pytest.raises(UserError, match=r"space.yaml:11: recipe.intermediate.optimisation.lr is continuous.*`points`"):
        space_of(SPACE, (", points: 3", ""), ("random", "grid"))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "mapping"), (b"- a", "mapping"), (b"name: \xff", "not UTF-8"), (b"name: \x00", "not valid YAML")],
)
def test_files_that_are_no_space(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "space.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))


def test_unknown_spaces_name_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'quickstart'"):
        load("quikstart")
    with pytest.raises(UserError, match="paper, quickstart, small"):
        load("zzzz")
    with pytest.raises(UserError, match="No such file"):
        load(tmp_path / "gone.yaml")


WORDS = st.sampled_from(["no", "1:30", "0x1f", "010", "on", "~", "é", "2001-01-01", "null", " x", "a: b", "#"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS


@given(st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)))
def test_plain_data_comes_back_from_yaml(value: object) -> None:
    found = parse(yaml.safe_dump({"key": value}), "x").content["key"]
    assert json.dumps(found, sort_keys=True) == json.dumps(value, sort_keys=True)  # 1, 1.0 and true differ


def test_scalars_are_those_of_yaml_1_2() -> None:
    found = parse("[no, 1e-5, 010, 1:30, yes, .5, +3, 2001-01-01, 0x1f, True]".join(("a: ", "")), "x").content["a"]
    assert found == ["no", 1e-5, "010", "1:30", "yes", 0.5, 3, "2001-01-01", "0x1f", "True"]


@given(st.integers())
def test_a_recipe_has_the_sampled_values_and_nothing_else_changes(seed: int) -> None:
    space = space_of()
    point = space.draw(Random(seed))
    recipe = space.recipe(point)
    phase = recipe.intermediate
    assert phase is not None
    assert phase.tasks == point["intermediate.tasks"]
    assert phase.fraction == point["intermediate.fraction"]
    assert phase.optimisation.lr == point["intermediate.optimisation.lr"]
    assert recipe.baseline() == space.baseline()
    assert phase.optimisation.batch == 32


def test_order_and_zero_weights_do_not_change_the_recipe() -> None:
    space = space_of()
    rest = {"intermediate.fraction": 0.25, "intermediate.optimisation.lr": 1e-5}
    ids = {
        digest(space.recipe({"intermediate.tasks": tasks, **rest}))
        for tasks in ({"snli": 0.25, "squad": 0.75}, {"squad": 0.75, "hellaswag": 0.0, "snli": 0.25})
    }
    assert len(ids) == 1


def test_points_outside_of_the_space_are_refused() -> None:
    space = space_of()
    good = space.first
    for wrong in ({"intermediate.fraction": 0.3}, {"intermediate.tasks": {"snli": 0.3, "squad": 0.7}}, {"x": 1}):
        with pytest.raises(ValueError, match="tiny"):
            space.recipe(good | wrong)


def test_the_grid_has_every_point_once_in_a_fixed_order() -> None:
    space = space_of()
    points = list(space.grid())
    assert len(points) == space.size() == (3 + 3 * 3) * 2 * 3
    assert len({digest(space.recipe(point)) for point in points}) == len(points)
    assert points[0] == space.first
    assert [list(point) for point in points] == [list(space.axes)] * len(points)
    assert points[1]["intermediate.optimisation.lr"] == 3.16e-5  # the axis written last changes fastest


def test_per_task_settings_inherit_what_they_do_not_say() -> None:
    recipe = space_of(SPACE, ("lr: 3e-4", "lr: {choice: [3e-4, 5e-4]}")).recipe
    for lr in (3e-4, 5e-4):
        point = space_of().first | {"target.optimisation.lr": lr}
        own = recipe(point).target.per_task["xnli"]
        assert (own.lr, own.epochs) == (lr, 1.0)


def test_shares_of_tasks_that_a_mixture_leaves_out_do_not_matter() -> None:
    space = space_of(SPACE, (FRACTION, "fraction: {snli: {choice: [0.25, 1.0]}, squad: 0.5}"))
    rest = {"intermediate.tasks": {"squad": 1.0}, "intermediate.optimisation.lr": 1e-5}
    quarter, whole = (space.recipe(rest | {"intermediate.fraction.snli": share}) for share in (0.25, 1.0))
    assert quarter == whole


def test_without_an_intermediate_phase_the_baseline_is_a_point() -> None:
    phase = SPACE[SPACE.index("  intermediate:") : SPACE.index("  target:")]
    space = space_of(SPACE, (phase, ""), ("lr: 3e-4", "lr: {choice: [3e-4, 5e-4]}"))
    assert space.baseline_params == {"target.optimisation.lr": 3e-4}
    assert space.baseline() == space.recipe(space.first)
    assert space_of().baseline_params is None


SAME = [
    ("trials: 5", "trials: 50"),
    ("trials: 5", "trials: 5, concurrency: 3"),
    ("trials: 5", "trials: 5, seed: 0"),
    ("name: tiny", "name: tiny\ndata: {folders: [elsewhere]}"),
    ("batch: 32, epochs: 1", "epochs: 1.0, batch: 32"),
    ("name: tiny", "# a comment\nname: other"),
    ("layers: 2", "layers: 2, positions: 256"),  # a default, written out
    ("layers: 2", "layers: 2, shift: 0, weight_decay: 0.01"),  # defaults of fields that came later
]
CHANGED = [
    ("layers: 2", "layers: 3", "recipe.base.scratch.layers"),
    (FRACTION, "fraction: {choice: [0.5, 1.0]}", "recipe.intermediate.fraction"),
    (FRACTION, "fraction: 0.25", "recipe.intermediate.fraction"),
    ("points: 3", "points: 4", "recipe.intermediate.optimisation.lr"),
    ("at_most: 2", "at_most: 3", "recipe.intermediate.tasks"),
    ("udpos: [en, qaa]", "udpos: [en, qab]", "suite.languages.udpos"),
    ("keep: 0.5", "keep: 0.6", "search.prune.keep"),
    ("sampler: random", "sampler: tpe", "search.sampler"),
    ("name: tiny", "name: tiny\ndata: {files: {snli: {train: [a]}}}", "data.files.snli.train"),
    ("xnli: {epochs: 1}", "xnli: {epochs: 3}", "recipe.target.per_task.xnli.epochs"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_what_does_not_change_a_space(old: str, new: str) -> None:
    assert space_of(SPACE, (old, new)).differences(space_of()) == ()


@pytest.mark.parametrize(("old", "new", "key"), CHANGED)
def test_what_changes_a_space_is_named(old: str, new: str, key: str) -> None:
    changed = space_of(SPACE, (old, new))
    differences = changed.differences(space_of().identity())
    assert key in {name[: len(key)] for name in differences}
    assert len({name[: len(key)] for name in differences}) == 1
    assert space_of().differences(changed) == differences


def test_continuous_axes_before_the_target_are_warned_of() -> None:
    assert space_of().warnings() == ()
    (warning,) = space_of(SPACE, (", points: 3", ""), ("lr: 3e-4", "lr: {uniform: [1e-4, 1e-3]}")).warnings()
    assert "recipe.intermediate.optimisation.lr" in warning


@pytest.mark.parametrize("name", shipped())
def test_shipped_spaces_load(name: str) -> None:
    space = load(name)
    assert space.name == name
    assert space.warnings() == ()
    random = Random(0)
    for _ in range(20):
        space.recipe(space.draw(random))


def test_the_papers_own_experiments_are_points_of_its_space() -> None:
    tasks = load("paper").axes["intermediate.tasks"]
    assert isinstance(tasks, Simplex)
    assert len(tasks.simplex.tasks) == 9
    assert tasks.contains(dict.fromkeys(tasks.simplex.tasks, 0.111))
    assert all(tasks.contains({name: 1.0}) for name in tasks.simplex.tasks)


@pytest.mark.slow
def test_small_finds_all_of_its_data(real: Path) -> None:
    space = load("small")
    data = DataFolders(tuple(real / folder for folder in space.data.folders), space.data.files)
    mixed = space.axes["intermediate.tasks"]
    assert isinstance(mixed, Simplex)
    trained = (*mixed.simplex.of, "udpos", "panx", "xnli", "squad", "copa")
    found = [data.find(name, "train", "en") for name in trained]
    found += [data.find_selection(name, language) for name, language in space.suite.wanted]
    assert [source for source in found if isinstance(source, Absent)] == []
