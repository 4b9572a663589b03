"""Memory: what a step gives up is kept for the next one, and how a step says that it found none."""

from __future__ import annotations

import ctypes
import logging
import platform
from functools import cache

import torch

# of glibc's malloc.h: parameters of mallopt
TRIM_THRESHOLD = -1
MMAP_MAX = -4
ARENA_MAX = -8
NEVER = 2**31 - 1

ENVIRONMENT = {"MALLOC_TRIM_THRESHOLD_": str(NEVER), "MALLOC_MMAP_MAX_": "0", "MALLOC_ARENA_MAX": "1"}
"""The same for a process that is yet to begin, and for all its threads: those that are there already have arenas of
their own, which hold no large blocks."""

WORDS = ("CUBLAS_STATUS_ALLOC_FAILED", "DefaultCPUAllocator: can't allocate memory")
"""What the allocators of libraries say, which raise no error of a kind of its own."""

log = logging.getLogger(__name__)


def out_of_memory(error: RuntimeError) -> bool:
    """Whether a step has failed for want of memory: a smaller one may not."""
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in WORDS)


@cache
def keep_freed_memory() -> bool:
    """Tell the allocator not to give freed blocks back to the system.

    By default glibc returns every large block, such as the logits of a vocabulary, and the next step takes it again
    page by page: in pretraining on two cores a third of the time. A process grows to its largest step and stays there.

    Returns:
        Whether the C library is one that can be told so; with another one nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    set_option = ctypes.CDLL(None).mallopt
    wanted = ((MMAP_MAX, 0), (TRIM_THRESHOLD, NEVER), (ARENA_MAX, 1))
    kept = all(set_option(option, value) == 1 for option, value in wanted)
    if not kept:
        log.warning("mallopt refused: freed memory goes back to the system, which takes time")
    return kept
