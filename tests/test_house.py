"""The house itself: import directions, file sizes, pinned versions, and a text that speaks only of the project."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("tasks", "trainers", "search_spaces", "tune_jobs")
TEXTS = (".py", ".md", ".toml", ".yaml", ".yml", ".txt", "")

SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def texts() -> list[Path]:
    """The files that are or will be tracked, other than the licence, which is not ours."""
    git = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    return [p for p in paths if p.is_file() and p.suffix in TEXTS and p.name != "LICENSE"]


def test_imports_go_down_only() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_command_line_starts_without_torch() -> None:
    """`--help` and a mistyped name should not take seconds."""
    loaded = "{'torch', 'transformers', 'ray'} & {*sys.modules}"
    heavy = f"import sys, tune_jobs.commands.main; sys.exit(' '.join({loaded}) or None)"
    done = subprocess.run([sys.executable, "-c", heavy], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_one_concept_a_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 320, "a file this long holds more than one concept"
    assert ast.get_docstring(ast.parse(text)), "a file says in its first line what it is for"


def test_constraints_are_names_and_versions_alone() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    for line in lines:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][0-9A-Za-z.]*", line), line
    names = [re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines]
    assert len(set(names)) == len(names)
    assert not any(name.startswith("nvidia") for name in names)


def test_constraints_pin_what_the_project_requires() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {re.sub(r"[-_.]+", "-", n).lower(): v for n, _, v in (line.partition("==") for line in lines)}
    wanted = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    for requirement in map(Requirement, wanted):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert name in pinned, f"{name} has no line in constraints.txt"
        assert requirement.specifier.contains(pinned[name]), f"{requirement} excludes {pinned[name]}"


def test_the_map_of_the_house_names_what_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)`", (ROOT / "docs/architecture.md").read_text(encoding="utf-8"))
    there = [str(path.relative_to(ROOT)) for path in [*SOURCES, *(ROOT / "tests").rglob("*.py")]]
    assert len(named) > 40
    assert [name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in there)] == []


def test_the_text_names_no_machine() -> None:
    homes = re.compile(r"(?<![\w.~-])/(?:work|home|root|tmp|opt|mnt)/\w")
    for path in texts():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            assert not homes.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()}"


def test_the_text_names_no_registry() -> None:
    address = re.compile(
        r"--(?:extra-)?index-url|--find-links|https?://(?:[\w.-]*\.)?(?:pypi|pythonhosted|pytorch)\.org"
    )
    for path in texts():
        if path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            assert not address.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
