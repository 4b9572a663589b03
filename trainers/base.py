"""The base encoder's origin: files of a hub model or a folder, named by digest, never by path."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tasks.errors import UserError

WEIGHTS = ("config.json", "model.safetensors", "model.safetensors.index.json", "model-*.safetensors")
TOKENIZER = ("tokenizer.json", "sentencepiece.bpe.model", "tokenizer_config.json", "special_tokens_map.json")


@dataclass(frozen=True)
class Origins:
    """Where encoder and tokenizer come from (`stage:<id>` or `sha256:<digest>`), and the folder of each digest."""

    encoder: str
    tokenizer: str
    folders: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=8)
def pretrained(model: str, revision: str | None) -> Origins:
    """The origins of a model of the XLM-R family, by folder or by hub name at a pinned revision."""
    folder = Path(model) if Path(model).is_dir() else _download(model, revision)
    for wanted in (WEIGHTS[:1], WEIGHTS[1:], TOKENIZER[:2]):
        if not any(_matching(folder, wanted)):
            what = f"no {' or '.join(wanted)} in {folder}; is it a model's folder, with safetensors?"
            raise UserError(what, where="recipe.base.model")
    encoder = "sha256:" + _digest(folder, WEIGHTS)
    tokenizer = "sha256:" + _digest(folder, TOKENIZER)
    return Origins(encoder, tokenizer, {encoder: str(folder), tokenizer: str(folder)})


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


def _digest(folder: Path, patterns: Iterable[str]) -> str:
    """sha256 over the names and contents of the files that match, in name order."""
    files = sorted(set(_matching(folder, patterns)))
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            whole.update(f"{path.name}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()
