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


@click.group(epilog=f"Example: tenfold dvc status\n\n{EXIT_CODES}")
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
