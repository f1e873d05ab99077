"""Hatchling's hook: the pages are built before they are packed, so that wheel and sdist carry them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the pages unless they are there already, as in an sdist; TENFOLD_SKIP_UI=1 leaves them out."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        shipped = (root / "PKG-INFO").exists() and (root / "src/tenfold/server/pages/index.html").exists()
        if shipped or os.environ.get("TENFOLD_SKIP_UI"):
            return
        spec = importlib.util.spec_from_file_location("build_ui", root / "scripts" / "build_ui.py")
        assert spec is not None and spec.loader is not None
        build_ui = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(build_ui)
        build_ui.build()
