"""Is this machine fit for Crosslift? Each check says what it found and, where that will not do, how to mend it."""

from __future__ import annotations

import os
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from tasks.errors import UserError
from trainers.store import open_objects
from trainers.store.objects import Objects
from tune_jobs.places import cache_folder

SKEW = 30.0  # seconds by which a machine's clock may differ from the store's; S3 refuses requests at 15 minutes
ROOM = 20e9  # bytes of disk that base model, cached stages and progress of XLM-R large take
SHARED = 2e9  # bytes of shared memory below which Ray works on disk
TOKEN = Path("~/.ray/auth_token")
GB = 1e9


@dataclass(frozen=True)
class Finding:
    """What one check found. `mend`: what to do about it; "" where all is well."""

    check: str
    found: str
    mend: str = ""


def examine(store: str) -> Iterator[Finding]:
    """Look at this machine, and at a store from it.

    Args:
        store: a folder or an `s3://` prefix; a probe is written there and removed again.
    """
    for check in (_python, _packages, _gpus, _disk, _shared_memory, _token, _hub):
        yield from check()
    yield from _store(store)


def _python() -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", found, "" if sys.version_info >= (3, 11) else "install Python 3.11 or later")


def _packages() -> Iterator[Finding]:
    """The installed packages against what Crosslift declares; those of the extras are looked at where they are."""
    wanted = [Requirement(line) for line in requires("crosslift") or ()]
    wrong = []
    for requirement in wanted:
        optional = requirement.marker is not None
        try:
            there = version(requirement.name)
        except PackageNotFoundError:
            wrong += [] if optional else [f"{requirement.name} is missing"]
            continue
        if not requirement.specifier.contains(there, prereleases=True) and not optional:
            wrong.append(f"{requirement.name} {there} is not {requirement.specifier}")
    shown = ", ".join(f"{name} {version(name)}" for name in ("crosslift", "torch", "ray", "transformers"))
    mend = "install with the versions of constraints.txt" if wrong else ""
    yield Finding("packages", "; ".join(wrong) or shown, mend)


def _gpus() -> Iterator[Finding]:
    import torch

    count = torch.cuda.device_count()
    if not count:
        drivers = Path("/proc/driver/nvidia").exists()
        mend = "torch is built without CUDA, or its version does not fit the driver: install the extra `gpu`"
        yield Finding("gpus", "a driver, but torch sees none" if drivers else "none", mend if drivers else "")
        return
    names = {torch.cuda.get_device_name(place) for place in range(count)}
    yield Finding("gpus", f"{count} x {', '.join(sorted(names))}")


def _disk() -> Iterator[Finding]:
    folder = cache_folder()
    free = shutil.disk_usage(_existing(folder)).free
    mend = f"free some, or let CROSSLIFT_CACHE name a larger disk; XLM-R large takes about {ROOM / GB:.0f} GB"
    yield Finding("cache", f"{folder}: {free / GB:.1f} GB free", mend if free < ROOM else "")


def _shared_memory() -> Iterator[Finding]:
    place = Path("/dev/shm")  # Linux's own name; nothing is written there by us
    if not place.is_dir():
        return
    free = shutil.disk_usage(place).free
    mend = "mount it larger (docker: --shm-size): Ray keeps its objects there"
    yield Finding("shared memory", f"{free / GB:.1f} GB free", mend if free < SHARED else "")


def _token() -> Iterator[Finding]:
    if os.environ.get("RAY_AUTH_MODE") != "token":
        yield Finding("ray token", "not asked for (RAY_AUTH_MODE is not token)")
        return
    path = TOKEN.expanduser()
    if not path.is_file() and "RAY_AUTH_TOKEN" not in os.environ:
        yield Finding("ray token", f"none at {path}", "run `ray get-auth-token --generate`, and copy it to all nodes")
    elif path.is_file() and path.stat().st_mode & 0o077:
        yield Finding("ray token", f"{path} can be read by others", f"chmod 600 {path}")
    else:
        yield Finding("ray token", "there")


def _hub() -> Iterator[Finding]:
    offline = os.environ.get("HF_HUB_OFFLINE") == "1"
    yield Finding("hub", "offline, as HF_HUB_OFFLINE says" if offline else "may be asked for models by name")


def _store(location: str) -> Iterator[Finding]:
    """Everything that a store is asked for: list, create, create once, read, delete, and the time."""
    try:
        objects = open_objects(location)
        key = f"doctor/{uuid.uuid4().hex}"
        problem = _rights(objects, key)
        skew = objects.now() - time.time()
    except UserError as error:
        yield Finding("store", str(error), "see docs/cluster.md for the rights that it takes")
        return
    yield Finding("store", f"{objects.name}: {problem or 'creates once, reads, lists, deletes'}", problem and ONCE)
    mend = "set the clock right (NTP): leases and signatures go by it" if abs(skew) > SKEW else ""
    yield Finding("clock", f"{skew:+.0f} s against the store's", mend)


ONCE = "use a server that honours `If-None-Match: *` (AWS, Ceph, MinIO do), or a folder with hard links"


def _rights(objects: Objects, key: str) -> str:
    """What does not hold of a probe's life; "" if all does."""
    steps: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("does not create", lambda: objects.create(key, b"one")),
        ("creates the same key twice: two sweeps could overwrite each other", lambda: not objects.create(key, b"two")),
        ("reads other bytes than were written", lambda: objects.read(key) == b"one"),
        ("does not list what is there", lambda: [info.key for info in objects.list(key)] == [key]),
    )
    try:
        return next((what for what, holds in steps if not holds()), "")
    finally:
        objects.delete(key)


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)
