"""Where data comes from, in words that mean the same on every machine; each finds or makes the files for itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Folder:
    """A folder that lies at the same path on every machine."""

    path: str


@dataclass(frozen=True)
class World:
    """A generated world (`tasks.toy`): a function of its size and seed, and of the generator's version."""

    version: int
    size: float
    seed: int
    further: bool

    @property
    def name(self) -> str:
        """The name of its folder, wherever that is."""
        return f"v{self.version}-{self.size:g}-{self.seed}{'' if self.further else '-main'}"


@dataclass(frozen=True)
class Prefix:
    """What lies below `s3://bucket/prefix`; `state` names the copy of it as it was when it was listed."""

    location: str
    state: str


Home = Folder | World | Prefix


@dataclass(frozen=True)
class HomeFile:
    """A file by its path below a home.

    `sha256` and `size` (bytes) are what it must be, where others may change it without anybody's noticing at once: of
    files below a prefix. "" and 0: not known; the examples' fingerprint is what counts in any case.
    """

    home: Home
    path: str
    sha256: str = ""
    size: int = 0
