"""`crosslift doctor`: is this machine or cluster, with this store, fit for a sweep?"""

from __future__ import annotations

from dataclasses import asdict

import typer

from tasks.errors import UserError
from tune_jobs.commands.options import DEFAULT_STORE, AddressOption, JsonOption, StoreOption, everywhere
from tune_jobs.commands.screen import print_json


def doctor_command(
    address: AddressOption = None, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False
) -> None:
    """Check versions, GPUs, disks, token, clock and the store's rights, and say how to mend what is wrong."""
    from tune_jobs.doctor import examine

    if address is None:
        found = examine(store)
    else:
        from tune_jobs.on_ray.doctor import examine_cluster

        found = examine_cluster(address, everywhere(store))
    findings = []
    for finding in found:
        findings.append(finding)
        if not as_json:
            typer.echo(f"{'mend' if finding.mend else 'ok':5} {finding.check}: {finding.found}")
            if finding.mend:
                typer.echo(f"      {finding.mend}")
    if as_json:
        print_json([asdict(finding) for finding in findings])
    wrong = [finding.check for finding in findings if finding.mend]
    if wrong:
        raise UserError(f"to be mended first: {', '.join(wrong)}", where=address or "this machine")
