"""Identity: what changes a result changes the id, and nothing else does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tasks.examples import Kind
from trainers.identity import Later, Spec, canonical_json, digest, round3
from trainers.recipe import Numerics
from trainers.stages import (
    AnySpec,
    Data,
    Ingredient,
    IntermediateSpec,
    PretrainSpec,
    Schedule,
    ScoreSpec,
    StageSpec,
    TargetSpec,
    Text,
    TokenizerSpec,
)

SCHEDULE = Schedule(
    lr=1e-4, batch=8, steps=10, warmup=0.1, weight_decay=0.01, clip=1.0, dropout=0.1, max_length=32, stride=8
)
TEXT = Text(language="en", fingerprint="f" * 64, examples=5)
DATA = Data(fingerprint="a" * 64, kind=Kind.CLASSIFICATION, examples=5, labels=("no", "yes"))
ENCODER, TOKENIZER = "stage:" + "1" * 64, "stage:" + "2" * 64
SPECS: dict[str, StageSpec] = {
    "tokenizer": TokenizerSpec(text=(TEXT,), vocabulary=100),
    "pretrain": PretrainSpec(
        tokenizer=TOKENIZER, text=(TEXT,), parallel=(TEXT,), hidden=16, layers=1, heads=2, positions=32, mask=0.15,
        parallel_share=0.5, smoothing=0.3, schedule=SCHEDULE, seed=0, numerics=Numerics(),
    ),
    "intermediate": IntermediateSpec(
        tokenizer=TOKENIZER, encoder=ENCODER, mixture=(Ingredient(data=DATA, weight=1.0),), mlm_share=0.0, mlm_text=(),
        schedule=SCHEDULE, keep="last", seed=0, numerics=Numerics(),
    ),
    "target": TargetSpec(
        tokenizer=TOKENIZER, encoder=ENCODER, train=DATA, schedule=SCHEDULE, keep="last", seed=0, numerics=Numerics()
    ),
    "score": ScoreSpec(
        tokenizer=TOKENIZER, model=ENCODER, data=DATA, language="de", metric="accuracy", part="selection",
        max_length=32, stride=8, numerics=Numerics(),
    ),
}  # fmt: skip
GOLDEN = {
    "tokenizer": "95ab7d6f8e439b3d9c27a51f0867cdc745614c8d83e69ceeceb394e632d6d080",
    "pretrain": "78c496481b905ba5cfe239395857d03c77cf404f957546317131637fb255dee4",
    "intermediate": "f9d635e90cccfd7f2ed3d32503a7dd163f80eb1be0d7695a05dfcfc290312b7e",
    "target": "bcecd3943afb37ddcbd07fd986621b5d7dfe78ab89d08b1ea0e892d10a5e2de8",
    "score": "e0e80108b1fa1ff84eb3d116103d6fd0e63423d160728a37f3dd60c80244f102",
}


@pytest.mark.parametrize("kind", SPECS)
def test_golden_ids(kind: str) -> None:
    """An id is for ever: a store written by an earlier version is still worth something."""
    assert SPECS[kind].id == GOLDEN[kind]


def test_ids_are_the_same_in_another_process() -> None:
    code = f"import sys; sys.path.insert(0, {json.dumps(__file__.rpartition('/')[0])}); import test_identity as t; "
    code += "print([s.id for s in t.SPECS.values()])"
    for seed in ("0", "1"):
        env = {"PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
        assert done.stdout.strip() == str([spec.id for spec in SPECS.values()]), done.stderr


def leaves(value: BaseModel, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all the scalar fields of a spec, nested ones too."""
    found: list[tuple[Any, ...]] = []
    for name in type(value).model_fields:
        item = getattr(value, name)
        parts = [(name, item)] if not isinstance(item, tuple) else []
        if isinstance(item, tuple):
            parts = [((name, i), part) for i, part in enumerate(item) if isinstance(part, BaseModel)]
            found.append((*path, name))
        for step, part in parts:
            here = (*path, *(step if isinstance(step, tuple) else (step,)))
            found += leaves(part, here) if isinstance(part, BaseModel) else [here]
    return found


def changed(value: Any) -> list[Any]:
    """Other values that a field could take; the first that validates is used."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value / 2, value + 0.25]
    if isinstance(value, str):
        return ["report", "best", "bf16", "cuda", "tagging", "stage:" + "9" * 64, "other"]
    if isinstance(value, list):
        specs = [[spec.model_dump(mode="json")] for spec in (TEXT, DATA)]
        return [[], [*value, value[0]] if value else ["x"], *specs]
    return [1, "cls", "accuracy", DATA.model_dump(mode="json")]


def put(tree: Any, path: tuple[Any, ...], value: Any) -> None:
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = value


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


@pytest.mark.parametrize(
    ("kind", "path"), [(kind, path) for kind, spec in SPECS.items() for path in leaves(spec) if path != ("kind",)]
)
def test_every_field_that_changes_a_result_changes_the_id(kind: str, path: tuple[Any, ...]) -> None:
    spec = SPECS[kind]
    plain = json.loads(spec.model_dump_json())
    for other in changed(at(plain, path)):
        tree = json.loads(spec.model_dump_json())
        put(tree, path, other)
        try:
            changed_spec = type(spec).model_validate_json(json.dumps(tree))
        except ValidationError:
            continue
        if changed_spec != spec:
            assert changed_spec.id != spec.id
            return
    pytest.fail(f"no other value of {path} validates")


@pytest.mark.parametrize("kind", SPECS)
def test_key_order_changes_nothing(kind: str) -> None:
    spec = SPECS[kind]

    def reversed_keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: reversed_keys(value[key]) for key in reversed(value)}
        return [reversed_keys(item) for item in value] if isinstance(value, list) else value

    again = type(spec).model_validate(reversed_keys(json.loads(spec.model_dump_json())))
    assert again.id == spec.id


def test_the_version_of_a_kind_is_part_of_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    before = SPECS["target"].id
    monkeypatch.setattr(TargetSpec, "VERSION", TargetSpec.VERSION + 1)
    assert SPECS["target"].id != before
    assert SPECS["score"].id == SPECS["score"].id


class Old(Spec):
    """A spec as first released."""

    rate: float = 0.5


class New(Spec):
    """The same with a field added later, and another default."""

    rate: float = 0.7
    momentum: Annotated[float, Later(0.0)] = 0.0


def test_a_later_field_at_its_original_default_changes_no_id() -> None:
    assert digest(Old(rate=0.5)) == digest(New(rate=0.5))
    assert digest(New(rate=0.5, momentum=0.9)) != digest(New(rate=0.5))


def test_a_changed_default_changes_no_id() -> None:
    assert digest(Old()) == digest(New(rate=0.5)), "every value is hashed, default or not"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive_canonical_json(value: float) -> None:
    assert json.loads(canonical_json(value)) == value


def test_types_decide_how_a_number_is_written() -> None:
    assert digest(Old(rate=1)) == digest(Old(rate=1.0))
    assert canonical_json({"a": 1}) != canonical_json({"a": 1.0})
    assert canonical_json(-0.0) == canonical_json(0.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), {1: 2}, object(), b"bytes", {1, 2}])
def test_what_cannot_be_hashed_exactly_is_an_error(bad: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        digest({"value": bad})


@given(st.floats(min_value=1e-8, max_value=1e8))
def test_rounding_is_idempotent_and_close(value: float) -> None:
    assert round3(round3(value)) == round3(value)
    assert abs(round3(value) - value) <= 0.5e-2 * value


def test_specs_read_back_from_json_are_equal() -> None:
    from pydantic import TypeAdapter

    adapter: TypeAdapter[Any] = TypeAdapter(AnySpec)
    for spec in SPECS.values():
        assert adapter.validate_json(spec.model_dump_json()) == spec
