"""Sealed manifests: JSON that names the files of a commit or of saved progress, with a digest over itself.

The form is `{"content": {…}, "sha256": <digest of the content's canonical JSON>}`, so that a changed byte anywhere
makes the manifest unbelievable rather than wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from trainers.identity import canonical, canonical_json, digest

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Damaged(Exception):
    """A manifest that cannot be believed, and why."""


class StoredFile(BaseModel):
    """A file's sha256 and its size in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sha256: Sha256
    size: Annotated[int, Field(ge=0)]


class Manifest(BaseModel):
    """What commits and progress have in common: whose files they are, which files, and facts about their making."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1] = 1
    stage: str
    attempt: str
    files: dict[str, StoredFile]  # name → digest and size
    facts: dict[str, JsonValue]  # tokens, seconds, versions, realised mixture, …

    @property
    def folder(self) -> str:
        """The key below which the files lie, with a closing slash."""
        raise NotImplementedError

    @property
    def kept(self) -> dict[str, StoredFile]:
        """The files that must be there."""
        return self.files

    def key(self, name: str) -> str:
        """The key of one of the files."""
        return self.folder + name

    def seal(self) -> bytes:
        """The manifest as bytes to store."""
        content = self.model_dump()
        return canonical_json({"content": content, "sha256": digest(content)})

    @classmethod
    def unseal(cls, data: bytes) -> Self:
        """The manifest in stored bytes.

        Raises:
            Damaged: bytes are missing or changed, or they are of another form.
        """
        try:
            sealed = json.loads(data)
            if sealed["sha256"] != digest(sealed["content"]):
                raise Damaged("its digest is wrong")
            return cls.model_validate(sealed["content"])
        except (ValueError, KeyError, TypeError) as error:  # pydantic's ValidationError is a ValueError
            raise Damaged("it is not a manifest of this version") from error


class Commit(Manifest):
    """One attempt's files, declared to be the stage's result."""

    number: Annotated[int, Field(ge=0)]  # 0 is the first; each repair counts one up
    inputs: dict[str, str]  # what the stage read → its digest
    spec: dict[str, JsonValue]  # the canonical spec
    evicted: frozenset[str] = Field(default=frozenset(), exclude=True)  # files that a tombstone names; not sealed

    @property
    def folder(self) -> str:
        """The attempt's folder."""
        return f"stages/{self.stage}/{self.attempt}/"

    @property
    def kept(self) -> dict[str, StoredFile]:
        """The files that have not been evicted."""
        return {name: file for name, file in self.files.items() if name not in self.evicted}


class Tombstone(Manifest):
    """Files of a commit that were removed to save space, and may be made again."""

    @property
    def folder(self) -> str:
        """Where the files lay."""
        return f"stages/{self.stage}/{self.attempt}/"


class Progress(Manifest):
    """A state inside a stage from which any attempt can go on."""

    step: Annotated[int, Field(ge=0)]
    nonce: str  # a step may be saved twice in one attempt, by a process that died in between

    @property
    def folder(self) -> str:
        """The folder of this one save."""
        return f"stages/{self.stage}/{self.attempt}/progress/{self.step:09d}-{self.nonce}/"


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON gives them back (lists for tuples, dictionaries for specs).

    Raises:
        TypeError, ValueError: a value that JSON cannot hold exactly.
    """
    content: dict[str, Any] = json.loads(canonical_json(canonical(dict(values))))
    return content
