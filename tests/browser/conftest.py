"""A seeded store behind a real server, an empty one, and Chromium: a console error or a foreign request fails a test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from browsing import AXE, Served, Tab, open_tab, script
from playwright.sync_api import Browser, sync_playwright

from tenfold.server.listen import serving
from tenfold.server.place import place_of_stores
from tenfold.testing.stores import sqlite_stores


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def built() -> None:
    """The pages, built from the sources that are here."""
    script("build_ui").build(force=not AXE.exists(), say=False)


@pytest.fixture(scope="session")
def seeded(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("seeded")
    stores = sqlite_stores(folder)
    script("seed_store").fill(stores, folder)
    with serving(place_of_stores(stores, name="a seeded store", folder=folder)) as url:
        yield Served(url, stores)


@pytest.fixture(scope="session")
def empty(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("empty")
    stores = sqlite_stores(folder)
    with serving(place_of_stores(stores, name="an empty store", folder=folder)) as url:
        yield Served(url, stores)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    there = os.environ.get("TENFOLD_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=there, args=["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser, seeded: Served) -> Iterator[Tab]:
    yield from open_tab(chromium, seeded, "wide")


@pytest.fixture
def phone(chromium: Browser, seeded: Served) -> Iterator[Tab]:
    yield from open_tab(chromium, seeded, "phone")


@pytest.fixture
def empty_tab(chromium: Browser, empty: Served) -> Iterator[Tab]:
    yield from open_tab(chromium, empty, "phone")
