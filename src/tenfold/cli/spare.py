"""`python -m tenfold.cli.spare`: imports all that `tenfold pipelines resume` takes, then waits to be told which run."""

from __future__ import annotations

import os
import sys

import msgspec

from tenfold.workspace.spare import Order


def main() -> None:
    """Import, wait, become `tenfold pipelines resume`."""
    import tenfold.api
    import tenfold.cli.pipelines
    import tenfold.cli.steps
    import tenfold.pipelines.control
    import tenfold.pipelines.executors.local
    import tenfold.pipelines.executors.pools
    import tenfold.stores.blobs
    import tenfold.stores.sql  # noqa: F401 - all of it is imported to be there
    from tenfold.cli.app import main as command
    from tenfold.workspace.engines import prepare_workers

    prepare_workers()
    line = sys.stdin.buffer.readline()
    if not line:
        return
    order = msgspec.json.decode(line, type=Order)
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.chdir(order.folder)
    # As `python -m tenfold` has it: the folder that it was started in comes first.
    sys.path[0] = order.folder
    sys.argv[:] = ["tenfold", "pipelines", "resume", order.root_id]
    command(sys.argv[1:])


if __name__ == "__main__":
    main()
