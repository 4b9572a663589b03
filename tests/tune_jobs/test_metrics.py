"""What Ray's agents export while a sweep runs says what the sweep itself says in the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import ray
from prometheus_client.parser import text_string_to_metric_families

from tasks import toy
from tests.tune_jobs import ray_cluster, test_kills
from tests.tune_jobs.ray_cluster import machines, wait
from tests.tune_jobs.test_kills import Lab

HERE = Path(__file__).parents[2]
Series = tuple[str, frozenset[tuple[str, str]]]
TAGS = {"kind", "state", "lane", "sweep", "store", "ending", "decision", "of"}


def scraped() -> Iterator[tuple[Series, float]]:
    """All that the agents of all nodes export of ours now."""
    for node in ray.nodes():
        with suppress(URLError), urlopen(f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}") as page:
            for family in text_string_to_metric_families(page.read().decode()):
                for sample in family.samples:
                    tags = frozenset((key, value) for key, value in sample.labels.items() if key in TAGS)
                    if sample.name.startswith("ray_crosslift_"):
                        yield (sample.name.removeprefix("ray_crosslift_"), tags), sample.value


def total(series: Mapping[Series, float], name: str, **tags: str) -> float:
    return sum(value for (found, of), value in series.items() if found == name and tags.items() <= dict(of).items())


def test_whoever_reads_about_metrics_finds_those_that_there_are() -> None:
    code = (HERE / "tune_jobs/on_ray/metrics.py").read_text(encoding="utf-8")
    there = set(re.findall(r'"crosslift_(\w+)"', code))
    about = (HERE / "docs/watching.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in about.splitlines() if line.startswith("|")]
    table = [row[1] for row in rows if row[2].strip().startswith("store")]
    named = re.findall(r"`(\w+)`", " ".join(table))
    assert {name.removesuffix("_total") for name in named} == there
    used = re.findall(r"ray_crosslift_(\w+)", about + (HERE / "docs/grafana.json").read_text(encoding="utf-8"))
    assert set(used) <= set(named)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.ray
def test_exported_numbers_are_those_of_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ray_cluster.QUICK, "metrics_report_interval_ms", 1000)
    toy.write(tmp_path / "data", size=0.05, seed=1)
    (tmp_path / "kills.yaml").write_text(test_kills.SPACE)
    lab, most = Lab(tmp_path / "store"), dict[Series, float]()

    def look() -> dict[Series, float]:
        now = dict(scraped())
        most.update({key: max(value, most.get(key, value)) for key, value in now.items()})
        return now

    with machines(tmp_path, 2) as here:
        process = here.start(lab, "kills.yaml", "--data", "data", "--lanes", "1")
        wait(lambda: look() and process.poll() is not None)
        summary = here.finish(process)
        wait(lambda: look() and total(most, "runs_total", ending="committed") >= summary["trained"], 60.0)
    assert total(most, "runs_total", ending="committed") == summary["trained"] == len(lab.commits())
    assert total(most, "runs_total", ending="failed") == 0
    assert total(most, "trials", state="complete", sweep="kills") == summary["trials"]["complete"]
    assert total(most, "decisions_total", decision="go on") > 0
    assert total(most, "stages_shared_total") > 0
    assert total(most, "lanes", state="busy", lane="1x1cpu", sweep="kills", store=lab.location) == 1
    assert total(most, "run_seconds_total", kind="pretrain", ending="committed") > 0
    assert total(most, "tokens_total", kind="pretrain", lane="1x1cpu") > 0
    best = max(trial.value or 0.0 for trial in lab.history().ranked())
    assert total(most, "value", of="best") == pytest.approx(best)
