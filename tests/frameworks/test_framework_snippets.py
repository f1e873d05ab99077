"""The blocks of the docs that need more than the development environment has (fenced as `py`) run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```py\n(.*?)^```", re.MULTILINE | re.DOTALL)
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["autolog.md", "models-formats.md"])
def test_the_snippets_of_a_page_run_with_the_frameworks(page, tmp_path):
    blocks = BLOCK.findall((DOCS / page).read_text("utf-8"))
    assert blocks
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TENFOLD_")}
    for number, block in enumerate(blocks):
        script = tmp_path / f"snippet_{number}.py"
        script.write_text(block, "utf-8")
        done = subprocess.run(
            [sys.executable, script.name], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{page}, block {number + 1}:\n{block}\n{done.stderr}"
        assert "Warning" not in done.stderr and "autolog" not in done.stderr, done.stderr
