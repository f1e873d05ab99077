"""A child forked while other threads use the database does not hang."""

import os
import threading

import pytest

from tenfold.base import ids
from tenfold.base.errors import Invalid
from tenfold.records import Run, RunQuery
from tenfold.stores.sql import open_sql


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_children_forked_beside_busy_threads_write_and_end(tmp_path):
    stores = open_sql(f"sqlite:///{tmp_path / 'tenfold.db'}")
    stores.runs.create([Run(id=ids.new_id(), project="p", created_at_ms=1)])
    stop = threading.Event()

    def hammer():
        while not stop.is_set():
            stores.runs.create([Run(id=ids.new_id(), project="p", created_at_ms=1)])
            stores.runs.search(RunQuery(limit=5))

    threads = [threading.Thread(target=hammer) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    stores.runs.create([Run(id=ids.new_id(), project="child", created_at_ms=1)])
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert stores.runs.projects()["child"] == 15


def test_a_number_too_large_for_the_database_is_refused(tmp_path):
    stores = open_sql(f"sqlite:///{tmp_path / 'tenfold.db'}")
    with pytest.raises(Invalid):
        stores.runs.search(RunQuery(offset=2**70))
