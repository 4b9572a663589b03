"""Paths in spaces: always below the folder that `--data` names, so that a space means the same on every machine."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator


def _relative(path: str) -> str:
    if not path or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError(f"{path!r} must be relative to the data folder (`--data`), without `..`")
    return path


RelativePath = Annotated[str, AfterValidator(_relative)]
