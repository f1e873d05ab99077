"""What reading a run back costs."""

from __future__ import annotations

import sys

import pipeline_samples as samples

from tenfold.pipelines import Host
from tenfold.testing.stores import memory_stores


def calls_of(work) -> int:
    """How many calls of Python functions it makes."""
    made = 0

    def note(frame, event, argument):
        nonlocal made
        made += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made


def test_a_run_of_twice_as_many_items_is_read_with_twice_as_much_work(tmp_path):
    host = Host(memory_stores(), tmp_path)
    runs = {count: samples.fan.with_options(host=host, executor="inline").run(count=count) for count in (100, 200, 400)}
    assert runs[400].outputs() == sum(range(400)) + 4000
    calls = {count: calls_of(run.outputs) for count, run in runs.items()}
    assert calls[400] - calls[200] < 2.5 * (calls[200] - calls[100])
