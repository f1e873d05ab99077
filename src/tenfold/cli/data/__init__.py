"""`tenfold data`: datasets, and working copies beside git. One file a verb."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.add import add
from tenfold.cli.data.bin import delete, purge, restore
from tenfold.cli.data.branch import branch, tag
from tenfold.cli.data.cat import cat
from tenfold.cli.data.checkout import checkout
from tenfold.cli.data.clone import clone
from tenfold.cli.data.commit import commit
from tenfold.cli.data.diff import diff
from tenfold.cli.data.du import du
from tenfold.cli.data.export import export
from tenfold.cli.data.get import get
from tenfold.cli.data.hooks import hooks, merge_pointers
from tenfold.cli.data.import_ import import_
from tenfold.cli.data.list_ import list_
from tenfold.cli.data.log import log
from tenfold.cli.data.ls import ls
from tenfold.cli.data.merge import merge
from tenfold.cli.data.profile import profile
from tenfold.cli.data.pull import fetch, pull
from tenfold.cli.data.push import push
from tenfold.cli.data.reference import reference
from tenfold.cli.data.remote import remote
from tenfold.cli.data.status import status
from tenfold.cli.data.untrack import untrack
from tenfold.cli.data.update import update
from tenfold.cli.data.verify import verify
from tenfold.cli.gc import command as gc


@click.group(epilog=f'Example: tenfold data add raw/ -m "first import"\n\n{EXIT_CODES}')
def command() -> None:
    """Datasets: trees of files with history, branches and tags; and working copies of them beside git.

    A tracked path (data add) has a small pointer file, PATH.tenfold, which goes into git in place of the data.
    """


_VERBS = (
    add, status, commit, checkout, diff, log, list_, ls, cat, get, branch, tag, merge, untrack, delete, restore, purge, hooks, verify, du, profile, merge_pointers,
    push, pull, fetch, clone, remote, reference, import_, update, export,
)  # fmt: skip
for _verb in _VERBS:
    command.add_command(_verb)
command.add_command(gc, "gc")
