"""Runs in the real Airflow's Python: `dag.test()` of DAG files; for each a line of JSON with states and XComs.

Jobs come on stdin, a line of JSON each: {"file", "dag", "date", "conf"}.
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path


def main() -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what tasks print is not ours
    from airflow.dag_processing.dagbag import DagBag

    for line in sys.stdin:
        job = json.loads(line)
        signal.signal(signal.SIGALRM, late)
        signal.alarm(job.get("seconds", 120))
        try:
            told = judged(DagBag, job)
        except BaseException as error:
            told = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-3000:]}
        signal.alarm(0)
        out.write(json.dumps({**job, **told}, default=repr) + "\n")
        out.flush()


def late(*_) -> None:
    raise KeyboardInterrupt("it takes too long")


def judged(bag_class, job) -> dict:
    import pendulum
    from airflow.models.xcom import XComModel
    from airflow.sdk.serde import deserialize
    from airflow.utils.session import create_session
    from sqlalchemy import select

    bag = bag_class(job["file"])
    if bag.import_errors:
        return {"refused": next(iter(bag.import_errors.values()))[-600:]}
    names = [job["dag"]] if job.get("dag") else sorted(bag.dags)
    found = {}
    for name in names:
        os.chdir(Path(job["file"]).parent)
        run = bag.dags[name].test(logical_date=pendulum.parse(job["date"]), run_conf=job.get("conf") or None)
        with create_session() as session:
            states = {key(ti): str(ti.state) for ti in run.get_task_instances(session=session)}
            xcoms: dict = {}
            wanted = select(XComModel).where(XComModel.dag_id == name, XComModel.run_id == run.run_id)
            for row in session.scalars(wanted):
                xcoms.setdefault(key(row), {})[row.key] = deserialize(row.value)
        found[name] = {"state": str(run.state), "states": states, "xcoms": xcoms}
    return {"dags": found}


def key(row) -> str:
    return row.task_id if row.map_index < 0 else f"{row.task_id}[{row.map_index}]"


main()
