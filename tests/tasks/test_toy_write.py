"""The toy world on disk: whole or not at all, the same bytes from the same seed, readable by the official readers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks import catalog, toy
from tasks.data import Absent, DataFolders, load
from tasks.errors import UserError
from tasks.examples import is_labelled
from tasks.toy import writing

SMALL = 0.02


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy") / "world"
    toy.write(folder, size=SMALL)
    return folder


def test_same_seed_same_bytes_in_another_process(small: Path, tmp_path: Path) -> None:
    script = (
        f"from pathlib import Path; from tasks import toy; toy.write(Path({str(tmp_path / 'again')!r}), size={SMALL})"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONHASHSEED": "4711"})
    assert _content(tmp_path / "again") == _content(small)


def test_another_seed_has_other_words_and_sentences(small: Path, tmp_path: Path) -> None:
    toy.write(tmp_path / "other", size=SMALL, seed=1)
    for name in ("text/qaa.txt", "text/en.txt", "squad/train-v1.1.json"):
        mine, other = ((folder / name).read_text() for folder in (small, tmp_path / "other"))
        assert mine != other
    words = [set((folder / "text/qaa.txt").read_text().split()) for folder in (small, tmp_path / "other")]
    assert len(words[0] & words[1]) < 0.2 * len(words[0])


def test_enlarging_one_set_extends_it_and_leaves_the_others(small: Path, tmp_path: Path) -> None:
    counts = toy.write(small, size=SMALL).counts
    toy.write(tmp_path / "more", size=SMALL, snli_train=2 * counts["snli_train"], udpos_test=7)
    before, after = _content(small), _content(tmp_path / "more")
    changed = {name for name in before if before[name] != after[name]} - {writing.MANIFEST}
    assert "snli/snli_1.0_train.jsonl" in changed
    assert all(name.startswith(("snli/snli_1.0_train", "udpos/test", "gold/udpos")) for name in changed)
    assert all(after[name].startswith(before[name]) for name in changed)


def test_a_second_call_finds_the_world_and_writes_nothing(small: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in small.rglob("*")}
    manifest = toy.write(small, size=SMALL)
    assert {path: path.stat().st_mtime_ns for path in small.rglob("*")} == times
    assert set(manifest.files) | {writing.MANIFEST} == set(_content(small))


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[tuple[str, str]]:
        yield "text/en.txt", "a line\n"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "files", broken)
    with pytest.raises(UserError, match=r"world: .*No space left"):
        toy.write(tmp_path / "world", size=SMALL)
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    manifest = toy.write(tmp_path, size=SMALL)
    assert (tmp_path / "text/en.txt").is_file()
    assert manifest == toy.write(tmp_path, size=SMALL)


def test_other_content_is_an_error_and_stays(small: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    file = tmp_path / "mine.txt"
    for folder in (tmp_path, file, file / "below"):
        with pytest.raises(UserError):
            toy.write(folder, size=SMALL)
    assert file.read_text() == "keep me"
    for arguments in ({"seed": 3}, {"size": 0.03}, {"xquad": 4}):
        with pytest.raises(UserError, match="toy world of"):
            toy.write(small, **{"size": SMALL, **arguments})


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    toy.write(tmp_path, size=0.01)
    with (tmp_path / "text/qab.txt").open("a") as file:
        file.write("zhu .\n")
    with pytest.raises(UserError, match=r"qab\.txt: the file was changed"):
        toy.write(tmp_path, size=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"snli_trian": 5}, "did you mean 'snli_train'"),
        ({"xquad": 0}, "xquad must be at least 1"),
        ({"size": 0.0}, "size must be above 0"),
        ({"size": float("nan")}, "size must be above 0"),
    ],
)
def test_bad_arguments(tmp_path: Path, arguments: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        toy.write(tmp_path / "world", **arguments)  # type: ignore[arg-type]  # wrong on purpose
    assert not list(tmp_path.iterdir())


ALL = ("en", *toy.LANGUAGES)
ENGLISH_TASKS = ("snli", "hellaswag", "cosmosqa", "squad")
PARALLEL_TASKS = ("xnli", "udpos", "panx", "xcopa")
READABLE = [
    *((task, split, ("en",), f"{task}_{split}") for task in ENGLISH_TASKS for split in ("train", "dev")),
    *((task, "train", ("en",), f"{task}_train") for task in ("xnli", "udpos", "panx", "tydiqa")),
    *((task, split, ALL, f"{task}_{split}") for task in PARALLEL_TASKS for split in ("dev", "test")),
    ("copa", "train", ("en",), "xcopa_train"),
    ("xquad", "test", ALL, "xquad"),
    ("tydiqa", "test", ALL, "tydiqa_dev"),
    ("tatoeba", "test", tuple(toy.LANGUAGES), "tatoeba"),
]


@pytest.mark.parametrize(("task", "split", "languages", "name"), READABLE)
def test_the_official_readers_read_it(
    small: Path, task: str, split: str, languages: tuple[str, ...], name: str
) -> None:
    counts = toy.write(small, size=SMALL).counts
    for language in languages:
        source = DataFolders((small,), {}).find(task, split, language)
        assert not isinstance(source, Absent), source
        examples = load(source).examples
        assert all(is_labelled(example) for example in examples)
        paragraph = 2 if catalog.get(task).kind == "span" else 1
        assert counts[name] <= len(examples) < counts[name] + paragraph


def test_text_is_graded_by_resource(small: Path) -> None:
    folders = DataFolders((small,), {})
    for task in ("text", "parallel"):
        sizes = []
        for language in toy.LANGUAGES:
            source = folders.find(task, "train", language)
            assert not isinstance(source, Absent)
            sizes.append(len(load(source)))
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] < 0.2 * sizes[0]
    assert min(toy.LANGUAGES, key=toy.LANGUAGES.__getitem__) == toy.LOWEST
