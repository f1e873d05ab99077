"""Where steps run. One small contract (`contract`): submit work, poll for what came of it, cancel.

`inline` runs steps in this process, `local` in warm processes of this machine that can be killed with all their
children. An executor knows no graph and no task state: it is handed filled work and gives back what came of it.
"""

from tenfold.pipelines.executors.contract import Executor

__all__ = ["Executor"]
