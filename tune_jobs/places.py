"""Where this machine keeps what can be made or fetched again: verified copies of stored files, generated worlds."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """`CROSSLIFT_CACHE`, else `crosslift` in the user's cache folder (`XDG_CACHE_HOME`, by default `~/.cache`)."""
    own = os.environ.get("CROSSLIFT_CACHE")
    if own:
        return Path(own).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute() / "crosslift"
