"""What the browser tests stand on: a server with its store, and a tab that remembers what went wrong in it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from urllib.parse import quote, urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from tenfold.contracts import Stores
from tenfold.records import Run, RunQuery

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"


def script(name: str) -> ModuleType:
    if str(ROOT / "scripts") not in sys.path:
        sys.path.append(str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class Served:
    """A server, its stores, and the ids that stand in paths of pages."""

    url: str
    stores: Stores

    def newest(self, kind: str, name: str = "", state: str = "") -> Run:
        """The newest run of a kind, also of that name or in that state when given."""
        for run in self.stores.runs.search(RunQuery(kinds=[kind], limit=500)).items:
            if name in ("", run.name) and state in ("", run.state):
                return run
        raise LookupError(f"{kind} {name} {state}")

    def path(self, pattern: str) -> str:
        """A path with the ids put in: {run}, {failed}, {pipeline}, {deployment}, {report} …"""
        said = {}
        for key, (kind, name, state) in RUNS.items():
            if f"{{{key}}}" in pattern:
                said[key] = self.newest(kind, name, state).id
        if "{report}" in pattern:
            said["report"] = self.stores.versions.search("report", limit=1)[0].id
        if "{two}" in pattern:
            found = self.stores.runs.search(RunQuery(kinds=["training"], projects=["flights"], limit=3)).items
            said["two"] = quote(",".join(run.id for run in found))
        return pattern.format(**said)


RUNS = {
    "run": ("training", "tree-31", ""),
    "failed": ("training", "", "failed"),
    "pipeline": ("pipeline", "training", "finished"),
    "broken": ("pipeline", "training", "failed"),
    "wide": ("pipeline", "scoring", ""),
    "deployment": ("deployment", "delay", "running"),
}


class Tab:
    """A page of the browser that remembers what went wrong in it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url, self.trouble = page, url, list[str]()
        page.set_default_timeout(8000)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        page.on("request", self._request)

    def open(self, path: str) -> Page:
        """Go to a path and wait until the page has its heading."""
        self.page.goto(self.url + path)
        self.page.get_by_role("heading", level=1).first.wait_for()
        return self.page

    def settle(self) -> None:
        """Wait until nothing loads and nothing is being drawn."""
        expect(self.page.locator(".progress, [aria-busy=true], .stale")).to_have_count(0)

    def axe(self, *rules: str) -> list[str]:
        """What axe-core finds wrong by all its rules, or only these, once nothing waits for news; one line a place."""
        expect(self.page.locator(".stale")).to_have_count(0)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        options: dict[str, object] = {"resultTypes": ["violations"], "preload": False}
        if rules:
            options["runOnly"] = {"type": "rule", "values": rules}
        found = self.page.evaluate("options => axe.run(document, options)", options)
        return [f"{v['id']}: {n['html'][:140]} ({n['failureSummary'][:160]})" for v in found["violations"] for n in v["nodes"]]  # fmt: skip

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.trouble.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.netloc != urlsplit(self.url).netloc:
            self.trouble.append(f"foreign request: {request.url}")


SIZES = {"wide": (1440, 900, "light"), "laptop": (1280, 800, "dark"), "phone": (390, 844, "dark")}


def open_tab(chromium: Browser, served: Served, size: str) -> Iterator[Tab]:
    width, height, scheme = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )  # type: ignore[arg-type]
    tab = Tab(context.new_page(), served.url)
    yield tab
    context.close()
    assert tab.trouble == []
