"""Datums that failed, tried again where a run is gone on with: those that did well are left as they are."""

from __future__ import annotations

from pathlib import Path

from tenfold.pipelines.datums.combining import Datum
from tenfold.pipelines.datums.definition import Batch, Plan, encode
from tenfold.pipelines.datums.state import Record, decode_records
from tenfold.pipelines.executors.perform import find_step
from tenfold.pipelines.host import at_hand


def try_again(records: list[Record], plan: Plan, step: tuple[str, ...]) -> list[Record]:
    """The same records, with those that failed run once more as one batch in this process.

    Args:
        step: Module and name of the step that runs them.
    """
    here = at_hand()
    failed = {record.id: record for record in records if record.state == "failed"}
    root = here.stores().runs.get([here.run_id])[0].root_id or ""
    datums = [Datum(record.id, record.hash, record.parts) for record in failed.values()]
    batch = Batch(definition=plan.definition, sources=plan.sources, datums=datums, names={"JOB_ID": root})
    given = here.scratch / "again.msgpack"
    given.write_bytes(encode(batch))
    done: Path = find_step(None, *step).call({"batch": given})
    again = {record.id: record for record in decode_records(done.read_bytes())}
    return [again.get(record.id, record) for record in records]
