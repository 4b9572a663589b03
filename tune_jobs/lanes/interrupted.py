"""What a sweep raises when it was asked to stop: its progress is kept, and the same command continues."""

from __future__ import annotations


class Interrupted(Exception):
    """The user asked to stop (SIGINT or SIGTERM); the running stage's progress is in the store."""
