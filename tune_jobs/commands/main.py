"""`crosslift`: the commands, and what each way of ending looks like on screen.

Exit codes: 0 done; 2 the user can mend it (one line on stderr); 1 a fault of ours (traceback in a log file, one line
with its path); 130 interrupted (one line with the command that continues). A command that logged a warning says before
that where its log is.
"""

from __future__ import annotations

import importlib
import os
import shlex
import sys
import tempfile
import traceback
from collections.abc import Sequence

import typer

from tasks.errors import UserError
from trainers.store.files import advice
from tune_jobs.commands.log_file import log_file
from tune_jobs.lanes.interrupted import Interrupted

COMMANDS = (
    *("sweep", "plan", "leaderboard", "best", "final", "export", "report", "study", "tensorboard"),
    *("submit", "jobs", "logs", "watch", "stop"),
    *("score", "stages", "explain", "store", "doctor", "toy", "tasks", "data"),
)

app = typer.Typer(
    name="crosslift",
    help="Find the training recipe that lifts zero-shot cross-lingual transfer the most.",
    add_completion=False,
    suggest_commands=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
# each command's file holds one function of the command's name, or commands below it; what is heavy it imports inside
for _name in COMMANDS:
    _module = importlib.import_module(f"tune_jobs.commands.{_name}")
    if hasattr(_module, f"{_name}_app"):
        app.add_typer(getattr(_module, f"{_name}_app"), name=_name)
    else:
        app.command(_name)(getattr(_module, f"{_name}_command"))


def main(argv: Sequence[str] | None = None) -> None:
    """The entry point of the distribution: run a command and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run a command line (without the program's name) and return the exit code."""
    with log_file() as log:
        code, complaint = _run(argv)
    if log.warned:
        sys.stderr.write(f"log: {log.path}\n")
    if complaint is not None:
        sys.stderr.write(" ".join(f"crosslift: {complaint}".split()) + "\n")
    return code


def _run(argv: Sequence[str]) -> tuple[int, str | None]:
    """The exit code, and what there is to say about it."""
    try:
        code = app(list(argv) or ["--help"], prog_name="crosslift", standalone_mode=False)
    except UserError as error:
        return 2, str(error)
    except typer.TyperException as error:
        return 2, f"{error.format_message()}; see `crosslift --help`"
    except (Interrupted, KeyboardInterrupt, typer.Abort):
        code = 130
    except BrokenPipeError:  # whoever read our output wanted no more of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would complain when it flushes
        return 0, None
    except (
        Exception
    ) as error:  # the last stop: whatever nobody foresaw becomes a log file, never a screen full of frames
        if isinstance(error, OSError) and (why := advice(error)):
            return 2, f"{error.filename or 'output'}: {why}"
        return 1, f"a fault of Crosslift's own; the traceback is in {_log_traceback()}"
    if code == 130:
        return 130, f"interrupted; to continue: {shlex.join(['crosslift', *argv])}"
    return (code if isinstance(code, int) else 0), None


def _log_traceback() -> str:
    handle, path = tempfile.mkstemp(prefix="crosslift-fault-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as log:
        log.write(traceback.format_exc())
    return path
