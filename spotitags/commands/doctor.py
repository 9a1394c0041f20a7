"""Command ``doctor``."""

from typing import Annotated

import typer

from spotitags.commands._console import print_all, print_json, stdout
from spotitags.commands._options import Json


def doctor(
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Leave out the checks that need the network.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Name what works now, and check what is installed, set and reachable, with what to do about gaps."""
    from spotitags.commands._checks import checks_table, examine

    checks = examine(offline=offline)
    if as_json:
        for check in checks:
            print_json(check._asdict())
    else:
        print_all([checks[0].found, "", checks_table(checks, stdout().width)])
