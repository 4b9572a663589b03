"""The report says what the leaderboard says, shows what it says, and is one page that fetches and runs nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.tune_jobs import bench
from tests.tune_jobs.conftest import Run
from tune_jobs.results import wording
from tune_jobs.results.leaderboard import leaderboard
from tune_jobs.results.report import figures
from tune_jobs.results.report.content import Report, report
from tune_jobs.results.report.course import Axis, Mixed, RungOf
from tune_jobs.results.report.page import render
from tune_jobs.results.report.svg import Scale, spanning, tick_text
from tune_jobs.results.results import open_results

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page; every one is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
def swept(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> str:
    """A store with a sweep of which some trials were pruned, and a final run."""
    path = bench.write(tmp_path)
    path.write_text(path.read_text().replace("concurrency: 2", "concurrency: 1, prune: {keep: 0.5, from: 2}"))
    assert crosslift("sweep", str(path), "--serial", "--json")[0] == 0
    return str(tmp_path / "store")


def said(crosslift: Run, *argv: str) -> Any:
    code, out, err = crosslift(*argv, "--json")
    assert code == 0, err
    return json.loads(out)


def found(store: str) -> Report:
    return report(open_results(store, "bench"), store)


def test_it_says_what_other_commands_say(crosslift: Run, swept: str) -> None:
    content = said(crosslift, "report", "bench")
    board = said(crosslift, "leaderboard", "bench")
    assert content["leaderboard"] == board
    best = crosslift("best", "bench")[1].splitlines(keepends=True)
    assert content["best"]["recipe"] == "".join(line for line in best if not line.startswith("#"))
    again = said(crosslift, "sweep", "bench.yaml", "--serial")  # everything is there: what the store has saved is all
    costs = content["costs"]
    assert costs["saved_by_sharing"] == again["saved_by_sharing"]
    assert costs["saved_by_pruning"] == again["saved_by_pruning"]
    assert costs["spent"] == again["saved_by_store"]
    assert costs["stages"]["stored"] == 0 and costs["stages"]["trained"] == again["stored"]


def test_what_was_there_before_the_sweep_is_not_its_cost(crosslift: Run, swept: str, tmp_path: Path) -> None:
    one = found(swept).costs
    space = tmp_path / "bench.yaml"
    space.write_text(space.read_text().replace("name: bench", "name: again"))
    assert said(crosslift, "sweep", str(space), "--serial")["trained"] == 0
    other = report(open_results(swept, "again"), swept).costs
    assert other.spent.seconds == 0 and other.figures.trained == 0
    assert other.figures.saved_by_store == one.spent


def test_the_comparison_is_the_lift(swept: str) -> None:
    content = found(swept)
    assert content.best is not None
    row, comparison = content.best.row, content.best.comparison
    other = next(r for r in content.board.rows if r.trial == row.against)
    assert {key: (e.score, e.baseline) for key, e in comparison.cells.items()} == {
        (cell.task, cell.language): (
            cell.score,
            next(c.score for c in other.cells if (c.task, c.language) == (cell.task, cell.language)),
        )
        for cell in row.cells
    }
    assert comparison.languages[0] == "en"
    for entry in (*comparison.means.values(), comparison.overall):
        assert entry.lift is not None
        assert entry.lift.value == pytest.approx(entry.difference, abs=1e-6)
    assert comparison.overall.lift == row.lift


def test_the_page_is_whole_and_shows_every_trial(crosslift: Run, swept: str, tmp_path: Path) -> None:
    code, out, _ = crosslift("report", "bench", "--to", "r.html")
    assert code == 0 and "r.html" in out
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    page, content = Page(text), found(swept)
    assert render(content) == text, "the same store, the same page"
    words = " ".join(" ".join(page.words).split())
    tasks = wording.tasks_of(content.board)
    for row in content.board.rows:
        for cell in wording.cells(row, tasks):
            assert cell in words
    for line in wording.beside(content.board):
        assert line in words
    assert content.best is not None
    for command in content.best.commands:
        assert command in words
    tags = {tag for tag, _ in page.seen}
    assert not tags & {"script", "link", "img", "iframe", "object"}
    assert not any({"src", "href", "onload", "onclick"} & attributes.keys() for _, attributes in page.seen)
    assert "url(" not in text and "@import" not in text and "https://" not in text
    pruned = {row.trial for row in content.board.rows if row.how == "pruned"}
    assert pruned
    drawn = {a["data-trial"] for tag, a in page.seen if tag == "circle" and "out pruned" in (a.get("class") or "")}
    assert drawn == {str(trial) for trial in pruned}


def test_final_runs_are_in_it(crosslift: Run, swept: str, tmp_path: Path) -> None:
    (tmp_path / "best.yaml").write_text(crosslift("best", "bench")[1])
    final = said(crosslift, "final", "best.yaml", "--seeds", "2")
    said(crosslift, "final", "best.yaml", "--seeds", "2")  # again: says what is known
    content = said(crosslift, "report", "bench", "--to", "f.html")
    (kept,) = content["finals"]
    assert kept["trial"] == content["best"]["trial"] and kept["seeds"] == final["seeds"]
    lines = {(line["part"], line["task"], line["language"]): line for line in final["lines"]}
    shown = {
        (part, row["task"], row["language"]): row for part, table in kept["parts"].items() for row in table["rows"]
    }
    assert shown.keys() == lines.keys()
    for key, row in shown.items():
        assert [row[k] for k in ("score", "baseline", "lift")] == [lines[key][k] for k in ("score", "baseline", "lift")]
    assert "report without the fifth" in " ".join(Page((tmp_path / "f.html").read_text()).words)


def test_a_final_run_that_cannot_be_read_is_one_line(crosslift: Run, swept: str, tmp_path: Path) -> None:
    folder = tmp_path / "store/sweeps/bench/finals"
    folder.mkdir()
    (folder / "000000.json").write_text('{"recipe": 1}')
    code, _, err = crosslift("report", "bench")
    assert code == 2 and "000000.json" in err


def test_a_sweep_that_has_just_begun_has_a_report(crosslift: Run, swept: str, tmp_path: Path) -> None:
    events = sorted((tmp_path / "store/sweeps/bench/events").iterdir())
    for event in events[3:]:
        event.unlink()
    code, _, err = crosslift("report", "bench", "--to", "r.html")
    assert code == 0, err
    assert "No trial has been scored on the whole suite yet." in (tmp_path / "r.html").read_text()
    for event in events[1:3]:
        event.unlink()
    assert crosslift("report", "bench", "--to", "r.html")[0] == 0


def test_names_are_text_and_never_markup(swept: str) -> None:
    evil = "<script>alert('&\"')</script>"
    content = found(swept)
    rows = tuple(replace(row, words=evil, reason=evil, tasks={evil: 1.0}) for row in content.board.rows)
    board = replace(content.board, rows=rows, notes=(evil,))
    axes = tuple(replace(axis, name=evil) for axis in content.course.axes)
    mixed = tuple(replace(one, tasks={evil: 0.5 + one.trial / 100, "other": 0.5}) for one in content.course.mixtures)
    options = Axis(evil, "options", (evil, "b"), None, ((1, evil, 2.0), (2, "b", 3.0)))
    changed = replace(content.course, axes=(*axes, options), mixtures=mixed)
    head = replace(content.head, sweep=evil, store=evil)
    assert content.best is not None
    best = replace(content.best, recipe=evil, commands=(evil,))
    text = render(replace(content, head=head, board=board, course=changed, best=best))
    page = Page(text)
    assert not [tag for tag, _ in page.seen if tag == "script"]
    assert evil in " ".join(page.words)


def marks(figure: str | None, tag: str) -> list[dict[str, str]]:
    assert figure is not None
    return [element.attrib for element in ElementTree.fromstring(figure).iter(tag)]


def test_dots_lie_where_their_values_say(swept: str) -> None:
    """In a parameter's figure: the higher the score the higher the dot, the greater the value the further right."""
    course = found(swept).course
    assert {axis.name for axis in course.axes} >= {"intermediate.tasks/snli", "target.optimisation.lr"}
    for axis in course.axes:
        dots = marks(figures.parameter(axis, None), "circle")
        assert sorted((int(dot["data-trial"]), float(dot["data-score"])) for dot in dots) == sorted(
            (trial, score) for trial, _, score in axis.points
        )
        by_score = sorted(dots, key=lambda dot: float(dot["data-score"]))
        heights = [-float(dot["cy"]) for dot in by_score]
        assert heights == sorted(heights)
        by_value = sorted(dots, key=lambda dot: float(dot["data-value"]))
        places = [float(dot["cx"]) for dot in by_value]
        assert places == sorted(places)


def test_the_best_so_far_never_falls(swept: str) -> None:
    course = found(swept).course
    best = [tried.best for tried in course.tried if tried.best is not None]
    assert best == sorted(best)
    ranked = leaderboard(open_results(swept, "bench")).rows
    assert best[-1] == max(row.average for row in ranked if row.rank and row.average is not None)
    dots = marks(figures.history(course), "circle")
    assert [int(dot["data-trial"]) for dot in dots] == [tried.trial for tried in course.tried]


def test_the_figures_show_the_score_that_ranks(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> None:
    path = bench.write(tmp_path)
    path.write_text(path.read_text().replace("concurrency: 2", "selection: english"))
    assert crosslift("sweep", str(path), "--serial", "--json")[0] == 0
    content = found(str(tmp_path / "store"))
    english = {row.trial: row.english for row in content.board.rows}
    assert content.course.ranked_by == "english"
    assert {tried.trial: tried.score for tried in content.course.tried} == english
    assert content.best is not None
    assert content.course.tried[-1].best == content.best.row.english == max(filter(None, english.values()))


def test_bars_of_a_mixture_fill_its_row() -> None:
    mixed = [Mixed(1, 1, 50.0, {"a": 0.25, "b": 0.75}), Mixed(2, 2, 40.0, {"c": 1.0})]
    bars = marks(figures.mixtures(mixed, ["a", "b", "c"]), "rect")
    assert [(bar["data-task"], float(bar["data-weight"])) for bar in bars] == [("a", 0.25), ("b", 0.75), ("c", 1.0)]
    widths = [float(bar["width"]) for bar in bars]
    assert widths[1] == pytest.approx(3 * widths[0], abs=0.2) and widths[0] + widths[1] == pytest.approx(
        widths[2], abs=0.2
    )
    corners = marks(figures.ternary([*mixed, Mixed(3, 3, 30.0, {"a": 1.0})], ["a", "b", "c"]), "circle")
    assert [float(dot["cx"]) for dot in corners] == [50, 190, 260]


def test_pruned_trials_end_with_a_cross() -> None:
    found = [RungOf(1, ("x",), {0: 50.0, 1: 30.0}, (1,)), RungOf(2, ("y",), {0: 55.0}, ())]
    lines = marks(figures.rungs(found), "polyline")
    assert [(line["data-trial"], "lost" in line["class"]) for line in lines] == [("0", False), ("1", True)]
    assert figures.rungs(found[:1]) is None


@pytest.mark.parametrize("values", [(0.0, 1.0), (20.2, 39.2), (5.0, 5.0), (0.0, 0.0), (-3.0, 1e6), (1e-9, 2e-9)])
def test_a_scale_holds_its_values_and_has_ticks(values: tuple[float, float]) -> None:
    scale = spanning(values, 0, 100)
    assert all(0 <= scale(value) <= 100 for value in values)
    ticks = scale.ticks()
    assert len(ticks) >= 2 and all(scale.low <= tick <= scale.high for tick in ticks)


@pytest.mark.parametrize("ends", [(1e-5, 1e-4), (1e-4, 3e-4), (1.0, 1.1), (1e-6, 1.0)])
def test_a_log_scale_has_equal_ratios(ends: tuple[float, float]) -> None:
    low, high = ends
    scale = Scale(low, high, 0, 100, log=True)
    assert scale((low * high) ** 0.5) == pytest.approx(50)
    ticks = spanning(ends, 0, 100, log=True).ticks(4)
    assert 2 <= len(ticks) <= 9 and sorted(set(ticks)) == ticks
    assert [float(tick_text(tick)) for tick in ticks] == ticks
