"""The base encoder's origin: files of a hub model or a folder, named by digest, never by path."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from tasks.errors import UserError
from trainers.store.bases import BaseStore, Pretrained
from trainers.store.files import sha256_of
from trainers.store.manifest import StoredFile

WEIGHTS = ("config.json", "model.safetensors", "model.safetensors.index.json", "model-*.safetensors")
TOKENIZER = ("tokenizer.json", "sentencepiece.bpe.model", "tokenizer_config.json", "special_tokens_map.json")
COMMIT = re.compile(r"[0-9a-f]{40}")  # a revision that means the same for ever

MB = 1e6


@dataclass(frozen=True)
class Origins:
    """Where encoder and tokenizer come from: `stage:<id>` or `sha256:<digest>`."""

    encoder: str
    tokenizer: str


@dataclass(frozen=True)
class Found:
    """A base model as this machine has found it.

    Attributes:
        model: its files.
        shown: what people call it.
        folder: that holds them here; None: they are in the store alone.
        name: that means this model for ever, `<hub id>@<commit>`.
    """

    model: Pretrained
    shown: str
    folder: str | None = None
    name: str | None = None

    @property
    def origins(self) -> Origins:
        """Digests of what encoder and tokenizer are made of."""
        return Origins(*(f"sha256:{_digest(self.model, patterns)}" for patterns in (WEIGHTS, TOKENIZER)))

    def bring(self, store: BaseStore, told: Callable[[str], None] = lambda text: None) -> None:
        """See to it that the store has the model, from where every machine takes it.

        Args:
            store: where it is kept; nothing is written if it is there.
            told: is given a line for people before large files are written.

        Raises:
            UserError: the model is not here either, or has changed.
        """
        if store.find(self.model.id) is None:
            if self.folder is None:
                raise UserError("the store has lost it meanwhile; start again", where=f"base model {self.shown}")
            told(f"base model {self.shown}: {self.model.size / MB:,.0f} MB are brought into the store")
            store.bring(self.model, Path(self.folder))
        if self.name is not None and self.folder is not None:
            store.name(self.name, self.model)


@dataclass
class BaseModels:
    """Finds the base models that recipes name: folders here, else what a store has by name, else the hub."""

    store: BaseStore | None = None
    _known: dict[tuple[str, str | None], Found] = field(default_factory=dict)

    def find(self, model: str, revision: str | None) -> Found:
        """A model of the XLM-R family.

        Args:
            model: a folder, or the name of a model on the hub.
            revision: of the hub's model. A commit that the store has is not asked the hub for.

        Raises:
            UserError: it is not there, or is no model with safetensors.
        """
        if (model, revision) not in self._known:
            self._known[model, revision] = self._find(model, revision)
        return self._known[model, revision]

    def _find(self, model: str, revision: str | None) -> Found:
        if Path(model).is_dir():
            return Found(_read(Path(model).absolute()), model, folder=str(Path(model).absolute()))
        name = f"{model}@{revision}" if revision and COMMIT.fullmatch(revision) else None
        if name is not None and self.store is not None and (stored := self.store.named(name)) is not None:
            return Found(stored, model, name=name)
        folder = _download(model, revision)
        return Found(_read(folder), model, str(folder), name)


@lru_cache(maxsize=8)
def _read(folder: Path) -> Pretrained:
    """The files of a model's folder; large ones take seconds."""
    for wanted in (WEIGHTS[:1], WEIGHTS[1:], TOKENIZER[:2]):
        if not any(_matching(folder, wanted)):
            what = f"no {' or '.join(wanted)} in {folder}; is it a model's folder, with safetensors?"
            raise UserError(what, where="recipe.base.model")
    paths = sorted(set(_matching(folder, (*WEIGHTS, *TOKENIZER))))
    return Pretrained({path.name: StoredFile(sha256=sha256_of(path), size=path.stat().st_size) for path in paths})


def _download(model: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    if model.startswith((".", "/")):
        raise UserError(
            f"no folder {model}; give the folder of a model or the name of one on the hub", where="recipe.base.model"
        )
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its retries are not for the screen
    if revision is None:
        raise UserError(f"{model} is a hub model: pin it with `revision: <commit>`", where="recipe.base")
    try:
        return Path(snapshot_download(model, revision=revision, allow_patterns=[*WEIGHTS, *TOKENIZER]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"cannot fetch {model} at {revision}: {reason}", where="recipe.base.model") from error


def _matching(folder: Path, patterns: Iterable[str]) -> Iterator[Path]:
    return (path for pattern in patterns for path in folder.glob(pattern))


def _digest(model: Pretrained, patterns: Iterable[str]) -> str:
    """sha256 over the names and digests of the files that match, in name order."""
    whole = hashlib.sha256()
    for name in sorted(name for name in model.files if any(fnmatchcase(name, pattern) for pattern in patterns)):
        whole.update(f"{name}\0{model.files[name].sha256}\n".encode())
    return whole.hexdigest()
