"""The report's figures, from a search's course."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from tune_jobs.results.parameters import Value
from tune_jobs.results.report.course import Axis, Course, Mixed, RungOf, baseline_score
from tune_jobs.results.report.svg import Figure, Pixels, Scale, spanning, tick_text
from tune_jobs.results.wording import number

WIDE, HIGH = 960.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 48.0, 12.0, 14.0, 34.0
SMALL, LOW = 232.0, 190.0  # a figure of one parameter
COLOURS = 8  # `.task-0` … of the style sheet; a mixture of more tasks uses them again, paler
BARS = 30  # mixtures that are drawn
CHARACTER = 5.6  # pixels that one of a label takes


@dataclass(frozen=True)
class Frame:
    """The area of a figure within its axes, and the scale of the scores."""

    figure: Figure
    y: Scale

    @property
    def left(self) -> float:
        """Where it begins."""
        return LEFT

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.figure.width - RIGHT

    @property
    def bottom(self) -> float:
        """The line of the horizontal axis."""
        return self.figure.height - BOTTOM

    def tick(self, x: float, text: str) -> None:
        """A label below the horizontal axis."""
        self.figure.line((x, self.bottom), (x, self.bottom + 4), "axis")
        self.figure.text((x, self.bottom + 15), text, "tick", "middle")

    def title(self, text: str) -> None:
        """What the horizontal axis is."""
        self.figure.text(((self.left + self.right) / 2, self.figure.height - 4), text, "label", "middle")


def history(course: Course) -> str | None:
    """Scores by trial number, the best so far, and the baseline; who does not rank is a mark at the lower edge."""
    scores = [tried.score for tried in course.tried if tried.score is not None]
    if not scores:
        return None
    frame = _frame(WIDE, HIGH, f"{course.ranked_by} by trial", scores)
    figure, y = frame.figure, frame.y
    x = Scale(-0.5, len(course.tried) - 0.5, frame.left, frame.right)
    _baseline(frame, baseline_score(course))
    steps: list[Pixels] = []
    for tried in course.tried:
        if tried.best is not None:
            steps += [(x(tried.trial), steps[-1][1])] if steps else []
            steps.append((x(tried.trial), y(tried.best)))
    figure.path([*steps, (frame.right, steps[-1][1])], "best")
    for tried in course.tried:
        at = x(tried.trial)
        if tried.score is None:
            said = f"trial {tried.trial}: {tried.how}"
            figure.dot((at, frame.bottom - 5), f"out {tried.how}", said, 3, trial=tried.trial)
        else:
            said = f"trial {tried.trial}: {number(tried.score)}"
            figure.dot((at, y(tried.score)), "dot", said, trial=tried.trial, score=tried.score)
    for tick in x.ticks(12):
        if tick == int(tick) and 0 <= tick < len(course.tried):
            frame.tick(x(tick), f"{tick:g}")
    frame.title("trial")
    return figure.markup()


def parameter(axis: Axis, baseline: float | None) -> str | None:
    """Scores of the ranked trials by one parameter; a bar at the mean of each value that several trials have."""
    if not axis.points:
        return None
    scores = [score for _, _, score in axis.points]
    frame = _frame(SMALL, LOW, axis.name, scores if baseline is None else [*scores, baseline])
    _baseline(frame, baseline, label=False)
    place = _Places(frame, axis)
    by_place: dict[float, list[float]] = defaultdict(list)
    for trial, value, score in axis.points:
        by_place[place(value)].append(score)
        said = f"trial {trial}: {shown(value)} → {number(score)}"
        frame.figure.dot((place(value), frame.y(score)), "dot", said, 3.5, trial=trial, value=value, score=score)
    for at, found in by_place.items():
        if len(found) > 1:
            level = frame.y(fmean(found))
            frame.figure.line((at - 9, level), (at + 9, level), "mean")
    return frame.figure.markup()


def mixtures(mixed: Sequence[Mixed], tasks: Sequence[str]) -> str | None:
    """A bar a trial, best first: which tasks it mixed."""
    if len({tuple(sorted(one.tasks.items())) for one in mixed}) < 2:
        return None
    shown_ones = mixed[:BARS]
    row, left = 18.0, 130.0
    figure = Figure(WIDE, TOP + row * len(shown_ones) + 8, "mixtures of the ranked trials")
    x = Scale(0, 1, left, WIDE - RIGHT)
    for place, one in enumerate(shown_ones):
        y = TOP + row * place
        figure.text((left - 8, y + 11), f"trial {one.trial}  {number(one.score)}", "tick", "end")
        start = 0.0
        for task in (task for task in tasks if task in one.tasks):
            weight = one.tasks[task]
            said = f"trial {one.trial}: {task} {weight:.3g}"
            style = f"bar task-{tasks.index(task) % COLOURS}"
            figure.bar((x(start), y), x(weight) - x(0), row - 4, style, said, trial=one.trial, task=task, weight=weight)
            start += weight
    return figure.markup()


def ternary(mixed: Sequence[Mixed], tasks: Sequence[str]) -> str | None:
    """Where there are three tasks: mixtures in a triangle, a task a corner, the better the darker."""
    if len(tasks) != 3 or len({tuple(sorted(one.tasks.items())) for one in mixed}) < 3:
        return None
    figure = Figure(380, 320, "mixtures of three tasks")
    corners: dict[str, Pixels] = dict(zip(tasks, ((50, 285), (330, 285), (190, 42)), strict=True))
    figure.path([*corners.values(), corners[tasks[0]]], "triangle")
    for (task, (x, y)), lower in zip(corners.items(), (True, True, False), strict=True):
        figure.text((x, y + 18 if lower else y - 10), task, "label", "middle")
    scores = [one.score for one in mixed]
    low, high = min(scores), max(scores)
    for one in reversed(mixed):  # the best lie on top
        x, y = (sum(one.tasks.get(task, 0.0) * corners[task][side] for task in tasks) for side in (0, 1))
        level = round(4 * (one.score - low) / (high - low)) if high > low else 4
        said = f"trial {one.trial}: {mixture_words(one.tasks)} → {number(one.score)}"
        figure.dot((x, y), f"level-{level}", said, 6, trial=one.trial, score=one.score)
    return figure.markup()


def rungs(found: Sequence[RungOf]) -> str | None:
    """A line a trial from rung to rung; a cross where it was pruned."""
    values = [value for rung in found for value in rung.values.values()]
    if len(found) < 2 or not values:
        return None
    frame = _frame(WIDE, HIGH, "mean over the tasks so far, by rung", values)
    x = Scale(0.75, len(found) + 0.25, frame.left, frame.right)
    for trial in sorted({trial for rung in found for trial in rung.values}):
        points = [(rung, rung.values[trial]) for rung in found if trial in rung.values]
        pruned = trial in points[-1][0].pruned
        said = f"trial {trial}: " + ", ".join(number(value) for _, value in points)
        places = [(x(rung.number), frame.y(value)) for rung, value in points]
        frame.figure.path(places, "trial lost" if pruned else "trial", said, trial=trial)
        for (rung, value), at in zip(points, places, strict=True):
            frame.figure.dot(at, "dot lost" if pruned else "dot", said, 3, trial=trial, rung=rung.number, score=value)
        if pruned:
            frame.figure.text((places[-1][0] + 6, places[-1][1] + 4), "×", "cross")
    for rung in found:
        frame.tick(x(rung.number), f"rung {rung.number}")
    return frame.figure.markup()


def mixture_words(tasks: Mapping[str, float]) -> str:
    """`snli 0.75 + squad 0.25`."""
    return " + ".join(f"{task} {weight:.3g}" for task, weight in tasks.items())


def shown(value: Value, room: int = 60) -> str:
    """A parameter's value, in no more characters than there is room for."""
    text = "none" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
    return text if len(text) <= room else f"{text[: max(room - 1, 1)]}…"


class _Places:
    """Draws the horizontal axis of a parameter; gives a value's place on it."""

    def __init__(self, frame: Frame, axis: Axis) -> None:
        self._axis = axis
        if axis.scale == "options":
            self._scale = Scale(-0.5, len(axis.options) - 0.5, frame.left, frame.right)
            room = int((frame.right - frame.left) / len(axis.options) / CHARACTER)
            for place, option in enumerate(axis.options):
                frame.tick(self._scale(place), shown(option, room))
        else:
            assert axis.ends is not None
            self._scale = spanning(axis.ends, frame.left, frame.right, log=axis.scale == "log")
            for tick in self._scale.ticks(4):
                frame.tick(self._scale(tick), tick_text(tick))

    def __call__(self, value: Value) -> float:
        if self._axis.scale == "options":
            return self._scale(self._axis.options.index(value))
        assert isinstance(value, int | float)
        return self._scale(value)


def _frame(width: float, height: float, name: str, scores: Sequence[float]) -> Frame:
    """Axes, and the ticks and lines of the scores."""
    figure = Figure(width, height, name)
    frame = Frame(figure, spanning(scores, height - BOTTOM - 10, TOP))
    for tick in frame.y.ticks():
        level = frame.y(tick)
        figure.line((frame.left, level), (frame.right, level), "grid")
        figure.text((frame.left - 6, level + 4), tick_text(tick), "tick", "end")
    figure.line((frame.left, frame.bottom), (frame.right, frame.bottom), "axis")
    return frame


def _baseline(frame: Frame, score: float | None, *, label: bool = True) -> None:
    if score is not None:
        level = frame.y(score)
        frame.figure.line((frame.left, level), (frame.right, level), "baseline")
        if label:
            frame.figure.text((frame.right, level - 4), f"baseline {number(score)}", "tick", "end")
