"""`tenfold dvc`: DVC repositories worked on without dvc. One file a verb, or a few that belong together."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.dvc.add import add
from tenfold.cli.dvc.checkout import checkout
from tenfold.cli.dvc.diff import data, diff
from tenfold.cli.dvc.elsewhere import get, list_
from tenfold.cli.dvc.figures import metrics, params
from tenfold.cli.dvc.gc import gc
from tenfold.cli.dvc.plots import plots
from tenfold.cli.dvc.repro import commit, repro
from tenfold.cli.dvc.status import status
from tenfold.cli.dvc.transfer import fetch, pull, push

_STAYS_WITH_DVC = {
    "exp": "Change params.yaml and type tenfold dvc repro, which is a run each time; compare them with: tenfold runs list",
    "import": "Import with dvc, then tenfold dvc pull and status know it; or as a dataset: tenfold data import",
    "import-url": "Import with dvc, then tenfold dvc pull and status know it; or as a dataset: tenfold data import URL",
    "update": "Update with dvc, then: tenfold dvc pull",
    "stage": "Write the stage into dvc.yaml, then: tenfold dvc repro",
}
"""Verbs of dvc that are not here, with what to do instead."""


class _Verbs(click.Group):
    """Verbs of dvc that are left to it are refused by name."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _STAYS_WITH_DVC:
            raise click.UsageError(f"dvc {cmd_name} stays with dvc. {_STAYS_WITH_DVC[cmd_name]}")
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Verbs, epilog=f"Example: tenfold dvc status\n\n{EXIT_CODES}")
def command() -> None:
    """Work on a DVC repository as dvc would, so that dvc on the same clone agrees. dvc itself need not be installed.

    Take its whole history into Tenfold datasets with: tenfold import dvc PATH
    """


for _verb in (
    status,
    add,
    checkout,
    push,
    fetch,
    pull,
    repro,
    commit,
    diff,
    data,
    metrics,
    params,
    plots,
    gc,
    list_,
    get,
):
    command.add_command(_verb)
