"""The main job: `tenfold demo` from raw data to a monitored model, twice, and its answers opened in the pages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

TENFOLD = [sys.executable, "-m", "tenfold"]


def environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("TENFOLD_")}


def run_demo(folder: Path) -> tuple[str, float]:
    began = time.perf_counter()
    done = subprocess.run(
        [*TENFOLD, "demo", "demo", "--no-serve"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout, time.perf_counter() - began


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder of a demo that has run once, and what it printed."""
    folder = tmp_path_factory.mktemp("flights")
    said, took_s = run_demo(folder)
    return folder, said, took_s


def ask(folder: Path, *arguments: str):
    done = subprocess.run(
        [*TENFOLD, "--store", str(folder / "demo" / ".tenfold"), *arguments, "--json"],
        cwd=folder, env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_twelve_commits_a_champion_and_nine_checks_are_kept(demo):
    folder, _, _ = demo
    commits = ask(folder, "data", "log", "flights")
    assert [commit["message"] for commit in commits] == [
        f"{month} 2013" for month in ("December", "November", "October", "September", "August", "July", "June", "May",
                                      "April", "March", "February", "January")
    ]  # fmt: skip
    checks = ask(folder, "monitor", "show", "delay")
    assert [check["window"] for check in checks] == [f"2013-{month:02d}" for month in range(4, 13)]
    alarms = sum(bool(check.get("alarms")) for check in checks)
    assert alarms >= 1
    shown = ask(folder, "models", "show", "delay")
    assert len(shown["versions"]) == alarms + 1
    assert all(move["why"] for move in shown["history"])
    assert shown["history"][-1]["why"].startswith("AUC ")


def test_declared_monitors_estimate_what_is_late_open_alarms_and_hold_promotions_back(demo):
    folder, said, _ = demo
    early, late = (part.splitlines()[0] for part in said.split("answers, rows 20001-40000:")[1:3])
    assert "estimated.roc_auc" in early
    assert early.split(", ")[0] == late.split(", ")[0]
    assert early.split(", ")[1] != late.split(", ")[1]  # at first only some of its outcomes had come
    opened = ask(folder, "monitor", "alarms", "--open")
    assert {(one["monitor"], one["severity"]) for one in opened} == {("answers", "warning"), ("arrivals", "error")}
    assert len((folder / "demo" / "january-december.html").read_bytes()) < 300_000
    moved = subprocess.run(
        [*TENFOLD, "--store", str(folder / "demo" / ".tenfold"), "models", "alias", "delay", "champion", "1", "--why", "back"],
        cwd=folder, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert moved.returncode == 3
    assert "monitor arrivals holds promotions back" in moved.stderr


def test_a_prediction_is_traced_to_the_files_of_its_months(demo):
    folder, said, _ = demo
    prediction = re.search(r"prediction:[0-9A-Z]{26}", said)[0]
    answer = ask(folder, "why", prediction)
    whats = [reason["what"] for reason in answer["reasons"]]
    assert whats[:3] == ["prediction", "deployment", "model"]
    data = next(reason for reason in answer["reasons"] if reason["what"] == "data")
    months = [line.split(".")[0].removeprefix("flights/") for line in data["details"] if line.startswith("flights/")]
    trained = next(reason for reason in answer["reasons"] if reason["says"].startswith("prepare"))
    assert len(months) == 3
    assert all(month in trained["details"][0] for month in months)


def test_each_link_of_the_answer_opens_in_the_pages(demo):
    folder, said, _ = demo
    prediction = re.search(r"prediction:[0-9A-Z]{26}", said)[0]
    pages = dict.fromkeys(reason["page"] for reason in ask(folder, "why", prediction)["reasons"])
    server = subprocess.Popen(
        [*TENFOLD, "--store", str(folder / "demo" / ".tenfold"), "up", "--port", "0"],
        cwd=folder, env={**environment(), "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[0]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
            )
            page = browser.new_page()
            wrong: list[str] = []
            page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            for path in pages:
                page.goto(url + path)
                page.get_by_role("heading", level=1).wait_for()
                assert not page.get_by_text("There is no page here").count(), path
                assert wrong == [], path
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=20)
        server.stdout.close()


def test_a_second_run_finds_everything_and_takes_a_tenth_of_the_time(demo):
    folder, _, first_s = demo
    before = ask(folder, "models", "show", "delay")
    said, second_s = run_demo(folder)
    assert "(10 of 10 steps from the cache)" in said
    assert ask(folder, "models", "show", "delay") == before
    assert second_s <= first_s / 10
