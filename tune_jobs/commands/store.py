"""`crosslift store`: what a store holds, whether it is whole, and what may go."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tasks.errors import UserError
from tune_jobs.commands.options import DEFAULT_STORE, JsonOption, StoreOption
from tune_jobs.commands.screen import print_json, print_table

store_app = typer.Typer(help="Look at a store, verify it, clear it up.", no_args_is_help=True)
MB = 1e6


@store_app.command("ls")
def ls_command(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """List what the store holds by stage kind, and its sweeps."""
    from trainers.store import open_objects
    from trainers.store.stages import StageStore
    from tune_jobs.results.storage import holdings
    from tune_jobs.sweeps.event_log import sweeps

    objects = open_objects(store)
    found, names = holdings(StageStore(objects)), sweeps(objects)
    if as_json:
        print_json({"holdings": [asdict(holding) for holding in found], "sweeps": names})
        return
    rows = [(h.kind or "(not made)", str(h.stages), f"{h.weights / MB:.1f}", f"{h.rest / MB:.1f}") for h in found]
    print_table(
        ("kind", "stages", "MB of weights", "MB of the rest"), rows, right=("stages", "MB of weights", "MB of the rest")
    )
    typer.echo(f"sweeps: {', '.join(names) or 'none'}")


@store_app.command("verify")
def verify_command(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Read every file and compare it with its digest; what is damaged counts no longer and is made again."""
    from trainers.store import open_objects
    from trainers.store.stages import StageStore
    from tune_jobs.results.storage import Verified, verify

    def told(verified: Verified) -> None:
        for fault in verified.faults:
            typer.echo(f"stage {verified.stage[:12]}: {fault}", err=True)

    found = verify(StageStore(open_objects(store)), told)
    bad = [verified for verified in found if verified.faults]
    if as_json:
        print_json([asdict(verified) for verified in found])
    else:
        files, size = sum(v.files for v in found), sum(v.size for v in found)
        typer.echo(f"{len(found)} stages, {files} files, {size / MB:.1f} MB read; stages with a fault: {len(bad)}")
    if bad:
        raise UserError("a sweep that needs what is damaged makes it again: run its command once more", where=store)


@store_app.command("gc")
def gc_command(
    store: StoreOption = DEFAULT_STORE,
    keep: Annotated[str, typer.Option(help="Whose weights stay: all, intermediate, or best:K of each sweep.")] = "all",
    grace: Annotated[
        float, typer.Option(min=0, metavar="HOURS", help="What was written in the last hours is not touched.")
    ] = 24.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove what no sweep and no final run refers to, and weights that the policy lets go."""
    from trainers.store import open_objects
    from trainers.store.stages import StageStore
    from tune_jobs.results.storage import Keep, clear

    gone = clear(StageStore(open_objects(store)), Keep.of(keep), grace=3600 * grace, dry_run=dry_run)
    if as_json:
        print_json([asdict(removal) for removal in gone])
        return
    for why in dict.fromkeys(removal.why for removal in gone):
        sizes = [removal.size for removal in gone if removal.why == why]
        typer.echo(f"{why}: {len(sizes)} files, {sum(sizes) / MB:.1f} MB")
    total = sum(removal.size for removal in gone)
    typer.echo(f"{len(gone)} files, {total / MB:.1f} MB {'would go' if dry_run else 'are gone'}")
