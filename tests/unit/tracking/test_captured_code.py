"""The code that ran: patches without secrets that still apply, new files, packages and variables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.base.hashing import digest
from tenfold.tracking.capture import code as capture
from tenfold.tracking.capture.code import read_code
from tenfold.tracking.capture.machine import environment, gpu_names
from tenfold.tracking.capture.packages import installed, lock_text
from tenfold.tracking.capture.patches import dirty_submodules, masked_patch, restored
from tenfold.tracking.capture.system import SystemMeter
from tenfold.tracking.secrets import MASK, masked_source

OLD_KEY, NEW_KEY = "q1w2e3r4t5y6", "z9x8c7v6b5n4"
GIT = (
    "git",
    "-c",
    "user.name=t",
    "-c",
    "user.email=t@example.com",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "protocol.file.allow=always",
)


def git(folder: Path, *words: str) -> str:
    return subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    (folder / "conf").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text("*.csv\nbuild/\n")
    (folder / "train.py").write_text(f'import os\napi_key = "{OLD_KEY}"\nlr = 0.1\n' + "# line\n" * 20 + "end = 1\n")
    (folder / "conf" / "run.yaml").write_text(f"lr: 0.1\napi_key: {OLD_KEY}\n")
    (folder / "caf\u00e9 \u00fc.py").write_bytes("x = '\u00e9'\n".encode())
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def clone_with(repository: Path, patch: bytes, where: Path) -> Path:
    git(repository.parent, "clone", "-q", str(repository), str(where))
    whole = restored(patch.decode(), lambda path: git(where, "show", f"HEAD:{path}"))
    (where.parent / "whole.diff").write_text(whole)
    git(where, "apply", str(where.parent / "whole.diff"))
    return where


def test_a_patch_keeps_no_secret_and_still_applies(repository: Path, tmp_path: Path) -> None:
    (repository / "train.py").write_text(
        f'import os\napi_key = "{NEW_KEY}"\nlr = 0.2\n' + "# line\n" * 20 + "end = 2\n"
    )
    (repository / "conf" / "run.yaml").write_text(f"lr: 0.2\napi_key: {OLD_KEY}\n")
    (repository / "caf\u00e9 \u00fc.py").write_bytes("x = '\u00fc'\n".encode())
    code = read_code(repository)
    patch = code.files[capture.PATCH]
    assert OLD_KEY.encode() not in patch and NEW_KEY.encode() not in patch
    assert code.version.patch == digest(patch)
    assert code.version.masked == ["train.py:2"], "only there another code ran"
    where = clone_with(repository, patch, tmp_path / "elsewhere")
    assert (where / "train.py").read_text() == (repository / "train.py").read_text().replace(NEW_KEY, MASK)
    for same in ("conf/run.yaml", "caf\u00e9 \u00fc.py"):
        assert (where / same).read_bytes() == (repository / same).read_bytes()


def test_files_added_deleted_and_binary_are_in_the_patch(repository: Path, tmp_path: Path) -> None:
    (repository / "conf" / "run.yaml").unlink()
    (repository / "new.py").write_text("n = 1")  # no newline at its end
    (repository / "weights.bin").write_bytes(bytes(range(256)) * 4)
    git(repository, "add", "-A")
    patch = read_code(repository).files[capture.PATCH]
    assert OLD_KEY.encode() not in patch
    where = clone_with(repository, patch, tmp_path / "elsewhere")
    assert not (where / "conf" / "run.yaml").exists()
    assert (where / "new.py").read_text() == "n = 1"
    assert (where / "weights.bin").read_bytes() == (repository / "weights.bin").read_bytes()


LINES = st.lists(
    st.sampled_from(
        ["a", "b", "", "--- x", "+++ y", "@@ -1 +1 @@", f'key = "{OLD_KEY}"', f'token="{NEW_KEY}"', "diff --git"]
    ),
    max_size=12,
)


@settings(deadline=None)
@given(LINES, LINES, st.integers(0, 3))
def test_whatever_changed_the_restored_patch_is_the_patch_but_for_added_secrets(
    old: list[str], new: list[str], context: int
) -> None:
    import difflib

    body = "\n".join(difflib.unified_diff(old, new, "a/f.py", "b/f.py", lineterm="", n=context))
    shown, places = masked_patch(body)
    assert OLD_KEY not in shown.replace(f'key = "{OLD_KEY}"', "") and f'token="{NEW_KEY}"' not in shown
    whole = restored(shown, lambda _: "\n".join(old))
    differing = [(a, b) for a, b in zip(body.split("\n"), whole.split("\n"), strict=True) if a != b]
    assert len(places) == len(differing)
    assert all(a.startswith("+") and b == f'+token="{MASK}"' for a, b in differing)


def test_new_source_is_kept_and_nothing_else(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "build").mkdir()
    for name, data in {
        "model.py": b"depth = 3\n", "sub/conf.yaml": f"token: {NEW_KEY}\n".encode(), "Makefile": b"all:\n", "rows.csv": b"1,2\n",
        "build/made.py": b"x", "weights.bin": b"\x00\x01", "nul.py": b"a\x00b", "latin.py": "\u00e9".encode("latin-1"),
        "large.py": b"#" * (capture.LARGEST_FILE_BYTES + 1), ".env": f"TOKEN={NEW_KEY}".encode(),
    }.items():  # fmt: skip
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_bytes(data)
    (repository / "link.py").symlink_to("/etc/passwd")
    monkeypatch.setattr(sys, "argv", [str(repository / "model.py")])
    code = read_code(repository / "conf")
    assert code.version.untracked == ["Makefile", "model.py", "sub/conf.yaml"]
    assert sorted(code.files) == ["untracked/Makefile", "untracked/model.py", "untracked/sub/conf.yaml"]
    assert code.files["untracked/sub/conf.yaml"] == f"token: {MASK}\n".encode()
    assert (code.version.masked, code.version.omitted) == (["sub/conf.yaml:1"], ["large.py"])
    assert (code.version.folder, code.version.dirty, code.version.patch) == ("conf", True, None)


def test_a_submodule_with_changes_of_its_own_is_known_from_the_patch(repository: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    git(tmp_path, "clone", "-q", str(repository), str(inner))
    git(repository, "submodule", "add", "-q", str(inner), "lib")
    git(repository, "commit", "-q", "-m", "with lib")
    assert dirty_submodules(read_code(repository).files.get(capture.PATCH, b"").decode()) == []
    (repository / "lib" / "train.py").write_text("changed = 1\n")
    assert dirty_submodules(read_code(repository).files[capture.PATCH].decode()) == ["lib"]


@pytest.mark.parametrize(
    "text",
    ["token = tokenizer.encode(text)", 'mask_token = "[MASK]"', "password = get_password()", "max_tokens: int = 4096", 'pad_token="<pad_token>"',
     "self.token2id = token2id", 'api_key = os.environ["OPENAI_API_KEY"]', "secret = None"],
)  # fmt: skip
def test_code_that_only_speaks_of_tokens_is_left_as_it_is(text: str) -> None:
    assert masked_source(text, expressions=True) == text


def test_a_private_key_is_masked_line_by_line() -> None:
    body = "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 2] * 3)
    text = f'KEY = """-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"""'
    shown = masked_source(text, expressions=True)
    assert "MIIE" not in shown and shown.count("\n") == text.count("\n")


def test_the_lock_pins_what_is_installed_and_says_where_it_came_from() -> None:
    versions, sources = installed()
    lines = lock_text(environment(packages=True, hardware=False)).split("\n")
    assert f"msgspec=={versions['msgspec']}" in lines
    assert len(lines) == len(versions)
    assert sources["tenfold"]["editable"] and f"-e {sources['tenfold']['url']}" in lines


def test_only_variables_of_the_list_are_noted_and_secrets_never(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "CUDA_VISIBLE_DEVICES": "0,1",
        "CUDA_TOKEN": "abc",
        "OMP_NUM_THREADS": "2",
        "OTHER": "x",
    }.items():
        monkeypatch.setenv(name, value)
    noted = environment(packages=False, hardware=False, variables=["CUDA_*", "OMP_NUM_THREADS"])["variables"]
    assert noted == {"CUDA_TOKEN": MASK, "CUDA_VISIBLE_DEVICES": "0,1", "OMP_NUM_THREADS": "2"}
    assert "variables" not in environment(packages=False, hardware=False)


def test_the_meter_asks_what_nvidia_s_library_answers() -> None:
    import inspect
    import re

    import pynvml

    from tenfold.tracking.capture import machine, system

    asked = set(re.findall(r"pynvml\.(\w+)", inspect.getsource(system) + inspect.getsource(machine)))
    assert len(asked) >= 7 and all(hasattr(pynvml, name) for name in asked)


def test_without_a_gpu_the_meter_reads_the_rest() -> None:
    read = SystemMeter().read()
    assert {"system/cpu_percent", "system/memory_percent"} <= read.keys()
    assert any(key.startswith("system/gpu") for key in read) == bool(gpu_names())
