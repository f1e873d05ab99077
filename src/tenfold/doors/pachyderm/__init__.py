"""Pachyderm's pipeline specs: read, refused by name where they cannot be honoured, run as incremental pipelines.

Here lives the translation of a spec (`spec`, `inputs`, `fields`). How datums are found, skipped and run is in
pipelines/datums, and is the same for both.
"""

from tenfold.doors.pachyderm.inputs import Tick, Trigger
from tenfold.doors.pachyderm.running import follow, run
from tenfold.doors.pachyderm.spec import Spec, read_spec

__all__ = ["Spec", "Tick", "Trigger", "follow", "read_spec", "run"]
