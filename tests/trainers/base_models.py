"""Base models for tests: files that only look like one, and a tiny XLM-R that trains."""

from __future__ import annotations

from pathlib import Path

from trainers.model.encoder import build
from trainers.work.tokenizer import train

FILES = {
    "config.json": b"{}",
    "model.safetensors": b"weights",
    "tokenizer.json": b'{"model": {}}',
    "tokenizer_config.json": b"{}",
    "pytorch_model.bin": b"pickled",
    "README.md": b"x",
}
TAKEN = sorted(name for name in FILES if name.endswith((".json", ".safetensors")))


def look_alike(folder: Path, weights: bytes = b"weights") -> Path:
    """A folder with the files of a model, and some that nobody takes."""
    folder.mkdir(parents=True)
    for name, content in (FILES | {"model.safetensors": weights}).items():
        (folder / name).write_bytes(content)
    return folder


def tiny(folder: Path) -> Path:
    """A folder with a tiny XLM-R and a tokenizer of English letters."""
    tokenizer = train(["the quick brown fox jumps over the lazy dog"] * 3, 60)
    tokenizer.save_pretrained(folder)
    build(vocabulary=len(tokenizer), hidden=16, layers=2, heads=2, positions=128, seed=0).save_pretrained(folder)
    return folder
