"""Weights that are evicted and stages that are collected: what goes, what stays, what is made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.trainers.store_lab import CONTENT, OTHER, STAGE, Lab, deaths
from trainers.store.collect import collect
from trainers.store.stages import LostFile, StageStore


def test_evicted_weights_go_and_all_else_stays(lab: Lab, tmp_path: Path) -> None:
    commit = lab.make()
    evicted = lab.store.evict(STAGE)
    assert evicted is not None
    assert lab.store.committed(STAGE) == evicted
    assert evicted.evicted == {"model.safetensors"}
    assert set(evicted.kept) == {"config.json", "cell.json"}
    assert lab.content(evicted) == {name: CONTENT[name] for name in ("config.json", "cell.json")}
    with pytest.raises(LostFile, match="evicted"):
        lab.store.fetch(evicted, "model.safetensors", tmp_path / "cache")
    with pytest.raises(LostFile, match="is missing"):
        lab.store.fetch(commit, "model.safetensors", tmp_path / "other cache")
    assert lab.store.evict(STAGE) == evicted


def test_evicted_weights_are_made_again(lab: Lab) -> None:
    lab.make()
    lab.store.evict(STAGE)
    again = lab.make()
    assert again.number == 1
    assert not again.evicted
    assert lab.store.committed(STAGE) == again
    assert lab.content(again) == CONTENT
    lab.store.evict(STAGE)
    assert lab.make().number == 2


def test_nothing_to_evict(lab: Lab) -> None:
    assert lab.store.evict(STAGE) is None
    commit = lab.make({"cell.json": b"{}"})
    assert lab.store.evict(STAGE) == commit
    assert not commit.evicted
    assert not [key for key in lab.listed() if "EVICTED" in key]


def test_a_crash_while_evicting(folder_lab: Lab) -> None:
    lab = folder_lab
    commit = lab.make({"a.safetensors": b"1", "b.safetensors": b"2", "cell.json": b"{}"})
    for _ in deaths(lab, lambda store: store.evict(STAGE)):
        found = lab.store.committed(STAGE)
        assert found is not None, "the cells are never lost"
        assert found.evicted in (frozenset(), {"a.safetensors", "b.safetensors"})
        assert lab.store.read(found, "cell.json") == b"{}"
    assert lab.listed(commit.folder) == [commit.key("cell.json")]


def swept(lab: Lab, live: set[str], **settings: Any) -> set[str]:
    """What goes without grace; a dry run says the same and changes nothing."""
    settings = {"grace": -60.0, **settings}  # before the store's clock has gone on by a minute
    before = lab.listed()
    planned = collect(lab.store, live, dry_run=True, **settings)
    assert lab.listed() == before
    sizes = {info.key: info.size for info in lab.objects.list("")}
    assert all(removal.size == sizes[removal.key] and removal.why for removal in planned)
    assert collect(lab.store, live, **settings) == planned
    gone = {removal.key for removal in planned}
    left = [key for key in lab.listed() if key in before or "EVICTED" not in key]  # but for new tombstones
    assert left == [key for key in before if key not in gone]
    return gone


def test_unreferenced_stages_and_dead_attempts_go(lab: Lab) -> None:
    dead = lab.store.begin(STAGE)
    lab.put(dead, CONTENT)
    kept = lab.make()
    gone = lab.make(stage=OTHER)
    lab.save(dead, 3)
    expected = {key for key in lab.listed() if OTHER in key or f"/{dead}/" in key}
    assert swept(lab, {STAGE}) == expected
    assert lab.store.committed(STAGE) == kept
    assert lab.store.committed(gone.stage) is None
    assert lab.content(kept) == CONTENT
    assert swept(lab, {STAGE}) == set()


def test_nothing_goes_within_the_grace(lab: Lab) -> None:
    dead = lab.store.begin(STAGE)
    lab.put(dead, CONTENT)
    lab.make()
    lab.make(stage=OTHER)
    assert swept(lab, {STAGE}, grace=3600.0) == set()


def test_what_may_be_at_work_is_kept(lab: Lab) -> None:
    old, live = lab.store.begin(STAGE), lab.store.begin(STAGE)
    furthest = lab.save(old, 50)
    lab.put(old, {"model.safetensors": b"half"})
    lab.save(live, 20)
    lab.put(live, {"model.safetensors": b"so far"})
    assert swept(lab, {STAGE}) == {f"stages/{STAGE}/{old}/model.safetensors"}
    assert lab.store.latest_progress(STAGE) == furthest
    assert lab.commit(live, lab.put(live, {"model.safetensors": b"so far"})).attempt == live


def test_running_stages_are_left_alone(lab: Lab) -> None:
    lab.put(lab.store.begin(OTHER), CONTENT, OTHER)
    assert swept(lab, set(), running={OTHER}) == set()


def test_the_policy_decides_whose_weights_stay(lab: Lab) -> None:
    first, second = lab.make(), lab.make(stage=OTHER)
    assert swept(lab, {STAGE, OTHER}, weights={OTHER}) == {first.key("model.safetensors")}
    evicted = lab.store.committed(STAGE)
    assert evicted is not None
    assert evicted.evicted == {"model.safetensors"}
    assert lab.content(second) == CONTENT
    assert swept(lab, {STAGE, OTHER}, weights={OTHER}) == set()
    remade = lab.make()
    assert swept(lab, {STAGE, OTHER}) == {evicted.key("config.json"), evicted.key("cell.json")}
    assert lab.content(remade) == CONTENT


def test_a_collection_that_dies_goes_on_later_and_never_brings_an_old_commit_back(folder_lab: Lab) -> None:
    lab = folder_lab
    for _ in range(3):
        lab.store.evict(STAGE)
        newest = lab.make()
    numbers = []

    def act(store: StageStore) -> None:
        collect(store, set(), grace=-60.0)

    for _ in deaths(lab, act):
        found = lab.store.committed(STAGE)
        numbers.append(-1 if found is None else found.number)
    assert newest.number == 2
    assert numbers[0] == 2
    assert numbers == sorted(numbers, reverse=True)
    assert set(numbers) <= {2, -1}
    assert lab.listed() == []
