"""What every executor must do; each has a class in a file of its own."""

from __future__ import annotations

import base64
import os
import sys
import threading
import time
from pathlib import Path

import engine_samples as samples
import pytest

from tenfold.base.errors import StepFailed
from tenfold.pipelines import cancel, read_log
from tenfold.pipelines.secrets.keeping import set_secret

SLOW_S = float(os.environ.get("TENFOLD_TEST_PATIENCE_S", "60"))


def wait_for(condition, timeout_s: float = SLOW_S):
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def is_silent(folder: Path, *, within_s: float = 5.0) -> bool:
    """Nothing of what `_start_stubborn` started beats any more, at the latest so long after now."""

    def beats() -> dict[str, str]:
        return {name: (folder / f"{name}.beat").read_text() for name in ("child", "grandchild")}

    deadline = time.monotonic() + within_s
    while True:
        before = beats()
        time.sleep(0.5)  # five of its beats
        if beats() == before:
            return True
        if time.monotonic() > deadline:
            return False


class ExecutorConformance:
    """Inherit, and name the executor."""

    executor = ""

    @pytest.fixture
    def host(self, tmp_path):
        return samples.host_at(tmp_path / "store")

    def run(self, pipeline, host, *args, raises=False, **params):
        chosen = pipeline.with_options(host=host, executor=self.executor, raises=raises)
        return chosen.run(*args, **params)

    def test_it_gives_the_values_that_plain_python_gives(self, host):
        run = self.run(samples.values, host, raises=True)
        expected = samples.values()
        assert run.outputs() == expected

    def test_what_it_made_is_in_the_cache_of_every_other(self, host):
        run = self.run(samples.values, host, raises=True)
        again = samples.values.with_options(host=host, executor="inline").run()
        assert again.graph.counts == {"cached": 7}
        assert again.outputs() == run.outputs()

    def test_what_others_made_is_in_its_cache(self, host):
        samples.values.with_options(host=host, executor="inline").run()
        assert self.run(samples.values, host).graph.counts == {"cached": 7}

    def test_a_failure_says_what_was_raised_and_where(self, host):
        run = self.run(samples.failing, host)
        assert run.state == "failed" and run.steps["add"].state == "finished"
        assert run.steps["fails"].error.startswith("ValueError: no luck here")
        assert "engine_samples.py" in run.steps["fails"].error and "in fails" in run.steps["fails"].error

    def test_a_step_that_fails_twice_is_tried_three_times(self, host, tmp_path):
        run = self.run(samples.healing, host, str(tmp_path), raises=True)
        assert run.outputs() == 3 and run.steps["heals"].attempts == 3

    def test_what_the_step_prints_is_its_log(self, host):
        run = self.run(samples.speaking, host, raises=True)
        log = read_log(host.stores, run.steps["speaks"].run_id, host.folder)
        assert {"and an error", "hello from a step"} <= set(log.splitlines())

    def test_a_large_table_passes_between_steps(self, host):
        run = self.run(samples.large, host, raises=True)
        rows = 64 * 2**20 // 16
        assert run.outputs() == rows * (rows - 1) / 2 * 1.5


class KillingConformance(ExecutorConformance):
    """For executors whose steps run in processes that can be killed."""

    def test_what_the_step_and_its_children_print_is_its_log(self, host):
        run = self.run(samples.speaking, host, raises=True)
        log = read_log(host.stores, run.steps["speaks"].run_id, host.folder)
        assert sorted(log.splitlines()) == ["and an error", "hello from a child", "hello from a step"]

    def test_a_timeout_ends_children_that_ignore_signals_and_left_the_session(self, host, tmp_path):
        run = self.run(samples.hanging, host, str(tmp_path))
        assert "longer than 4 s" in run.steps["hangs"].error
        assert is_silent(tmp_path)

    def test_cancelling_ends_the_whole_tree(self, host, tmp_path):
        seen: list[str] = []
        failed: list[BaseException] = []

        def drive():
            try:
                samples.hanging_on.with_options(
                    host=host, executor=self.executor, on_event=lambda p: seen.append(p.root_id)
                ).run(str(tmp_path))
            except StepFailed as error:
                failed.append(error)

        thread = threading.Thread(target=drive)
        thread.start()
        wait_for((tmp_path / "grandchild.beat").exists)
        assert cancel(seen[0], host=host) == 1
        thread.join(SLOW_S)
        assert not thread.is_alive() and failed
        assert host.stores.runs.get([seen[0]])[0].state == "killed"
        assert is_silent(tmp_path)

    def test_a_step_whose_process_dies_is_lost_and_tried_again(self, host, tmp_path):
        run = self.run(samples.dying, host, str(tmp_path), raises=True)
        assert run.outputs() == "lived" and run.steps["dies_once"].attempts == 2

    def test_a_step_whose_process_dies_fails_with_the_reason(self, host, tmp_path):
        run = self.run(samples.dying, host, str(tmp_path), tolerant=False)
        assert "killed by signal 9" in run.steps["dies"].error


class ManyNodesConformance(KillingConformance):
    """For executors that run a step on several nodes."""

    def test_ranks_meet_and_the_value_of_the_first_is_the_steps(self, host):
        run = self.run(samples.reducing, host, [3, 4], raises=True)
        assert run.outputs() == [7, 0, 0, 2]
        log = read_log(host.stores, run.steps["reduces"].run_id, host.folder)
        assert {"[0] rank 0 takes 3", "[1] rank 1 takes 4"} <= set(log.splitlines())

    def test_a_rank_that_fails_ends_the_others(self, host, tmp_path):
        run = self.run(samples.falling, host, str(tmp_path))
        assert run.steps["one_falls"].error.startswith("ValueError: rank one gives up (rank 1)")
        assert is_silent(tmp_path)


class HoldingConformance:
    """For executors that hold a step to the memory it asks for."""

    def test_a_step_out_of_memory_fails_alone_and_says_so(self, host):
        run = self.run(samples.eating, host)
        assert "ran out of memory" in run.steps["eats"].error and "500 MiB" in run.steps["eats"].error
        assert run.steps["add"].state == "finished"


class EngineConformance(KillingConformance):
    """For existing engines."""

    def test_nothing_a_step_leaves_behind_outlives_it(self, host, tmp_path):
        run = self.run(samples.leaving, host, str(tmp_path), raises=True)
        assert run.outputs() == "left"
        assert is_silent(tmp_path)

    def test_steps_choose_where_they_run(self, host):
        here, there = self.run(samples.mixed, host, raises=True).outputs()
        assert here == os.getpid() and there != os.getpid()

    def test_a_step_has_the_packages_it_declares_and_fails_alone_without_them(self, host):
        version, value, prefix = self.run(samples.packaged, host, raises=True).outputs()
        assert (version, value) == ("2.0.0", "c") and prefix != sys.prefix
        failed = self.run(samples.unpackaged, host)
        assert "no-such-package-of-tenfold" in failed.steps["with_nothing"].error

    def test_secrets_are_masked_in_logs_and_errors(self, host, monkeypatch, tmp_path):
        monkeypatch.setenv("TENFOLD_SECRETS_KEY", base64.b64encode(b"k" * 32).decode())
        word = 'hunter2/corr\'ect "horse"'
        set_secret(host.stores, "TEST_PASSWORD", word)
        run = self.run(samples.confiding, host, raises=True)
        log = read_log(host.stores, run.steps["telling"].run_id, host.folder)
        assert run.outputs() == len(word) and log.count("[secret]") == 7 and "hunter2" not in log
        assert word.encode().hex() not in log and base64.b64encode(f"user:{word}".encode()).decode()[8:-4] not in log
        failed = self.run(samples.confiding, host, "raise").steps["telling"].error
        assert "cannot log in with [secret]" in failed and "hunter2" not in failed

    def test_finished_attempts_leave_no_files(self, host):
        self.run(samples.values, host, raises=True)
        assert list((host.folder / "attempts").iterdir()) == []
