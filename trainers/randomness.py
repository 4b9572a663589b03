"""The one place where random streams come from: counter-based, and named by what they are for.

A stream is a function of (seed, purpose, counters) alone, never of the order of calls, of a rank or of a process, so a
resumed run draws what an undisturbed one would have drawn, and two uses never share numbers by accident. Names are
hashed with BLAKE2b into keys for Philox or for the row keys of `trainers.model.dropout` (the principle: Salmon et al.
2011, "Parallel random numbers: as easy as 1, 2, 3").
"""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import numpy.typing as npt
import torch

Int64s = npt.NDArray[np.int64]

# SplitMix64 (Steele et al. 2014, "Fast splittable pseudorandom number generators") with mix 13 of Stafford
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def _digest(size: int, seed: int, purpose: str, counters: tuple[int, ...]) -> bytes:
    """`size` bytes of BLAKE2b over the packed name; the purpose's length is packed too, so no two names collide."""
    name = purpose.encode()
    packed = struct.pack(f"<qq{len(name)}s{len(counters)}q", seed, len(name), name, *counters)
    return hashlib.blake2b(packed, digest_size=size).digest()


def _philox(seed: int, purpose: str, counters: tuple[int, ...]) -> np.random.Philox:
    """Philox with a hashed key of 128 bits; raw words only, as NumPy may change what a generator's methods return."""
    return np.random.Philox(key=int.from_bytes(_digest(16, seed, purpose, counters), "little"))


def uniforms(n: int, seed: int, purpose: str, *counters: int) -> npt.NDArray[np.float64]:
    """`n` numbers in [0, 1) with 53 bits each, the same in every version of NumPy."""
    words = _philox(seed, purpose, counters).random_raw(n)
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def permutation(seed: int, purpose: str, epoch: int, n: int) -> Int64s:
    """A uniformly random order of `0 … n - 1`, the same in every version of NumPy."""
    return np.argsort(_philox(seed, purpose, (epoch,)).random_raw(n), kind="stable").astype(np.int64)


def torch_generator(seed: int, purpose: str, *counters: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator, for initial weights."""
    state = int.from_bytes(_digest(8, seed, purpose, counters), "little") >> 1
    return torch.Generator(device=device).manual_seed(state)


def _mix(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


def row_keys(seed: int, purpose: str, step: int, examples: npt.ArrayLike, rows: npt.ArrayLike) -> Int64s:
    """64-bit keys of many rows: one a pair of `examples[i]` (an example's id in its data) and `rows[i]` (its row).

    Args:
        seed: the stage's seed.
        purpose: what the randomness is for, e.g. `dropout` with the task's fingerprint where a mixture is trained.
        step: the optimiser step.
        examples: int64 [n].
        rows: int64 [n] or a scalar; the number of a row within its example.
    """
    stream = np.frombuffer(_digest(8, seed, purpose, (step,)), dtype="<u8").astype(np.uint64)
    pair = np.broadcast_arrays(np.asarray(examples, dtype=np.int64), np.asarray(rows, dtype=np.int64))
    example, row = (np.atleast_1d(part).astype(np.uint64) for part in pair)
    keys = _mix(_mix(stream + (example + np.uint64(1)) * _GAMMA) + (row + np.uint64(1)) * _GAMMA)
    return keys.view(np.int64)


def row_key(seed: int, purpose: str, step: int, example: int, row: int) -> int:
    """The key of one row, as `row_keys` gives it: a signed 64-bit integer."""
    return int(row_keys(seed, purpose, step, [example], [row])[0])
