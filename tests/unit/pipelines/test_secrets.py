"""Secrets: kept sealed, given to steps that ask, and masked wherever a step could show them."""

from __future__ import annotations

import base64
import html
import json
import shlex
import sqlite3
from pathlib import Path
from urllib.parse import quote, quote_plus

import pipeline_samples as samples
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tenfold.base.errors import Forbidden, Invalid, NotFound
from tenfold.pipelines import read_log
from tenfold.pipelines.executors import pools
from tenfold.pipelines.secrets.keeping import all_secrets, key_file, refer, remove, secret_here, set_secret, value_of
from tenfold.pipelines.secrets.masking import MASK, MaskedStream, Masker
from tenfold.records import RunQuery
from tenfold.testing.stores import memory_stores

HARD = "p/a\"ss'w\\örd é+%&=\n!tail<>"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("TENFOLD_SECRETS_KEY", raising=False)


def ways(value: str) -> list[bytes]:
    """How programs write a value; made here without the code under test."""
    raw = value.encode()
    texts = [
        value, repr(value), str({"k": value}), str(raw), json.dumps({"k": value}), json.dumps(value, ensure_ascii=False),
        json.dumps(json.dumps(value)), quote(value), quote(value, safe=""), quote_plus(value), html.escape(value),
        shlex.quote(value), raw.hex(), raw.hex().upper(), quote(value).lower() if value.islower() else quote(value),
    ]  # fmt: skip
    encoded = [base64.b64encode(b"x" * offset + raw + b"yy") for offset in range(6)]
    encoded += [base64.urlsafe_b64encode(b":" * offset + raw) for offset in range(6)]
    return [text.encode() for text in texts] + encoded


def leaks(value: str, shown: bytes) -> bool:
    """True when a good part of the value can be read in what is shown."""
    raw = value.encode()
    inner = [base64.b64encode(b"x" * offset + raw)[4:-4] for offset in range(3)]
    return raw in shown or raw.hex().encode() in shown.lower() or any(len(one) > 8 and one in shown for one in inner)


@pytest.mark.parametrize(
    "value", [HARD, "hunter2-correct-horse", "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n"]
)
def test_a_secret_is_masked_in_every_spelling(value: str) -> None:
    masker = Masker([value])
    for spelt in ways(value):
        shown = masker.mask(b"before " + spelt + b" after")
        assert MASK.encode() in shown and not leaks(value, shown), spelt
        assert shown.startswith(b"before ") and shown.endswith(b" after")


@settings(max_examples=150, deadline=None)
@for_all(st.text(min_size=4, max_size=20), st.integers(0, 25), st.lists(st.integers(1, 9), min_size=1, max_size=60))
def test_a_stream_in_any_pieces_is_masked_as_the_whole(value: str, way: int, sizes: list[int]) -> None:
    if len(value.strip()) < 4:
        return
    masker = Masker([value])
    found = ways(value)
    text = b"a line\n" + found[way % len(found)] + b"\nthe rest "
    stream, shown, at = MaskedStream(masker), b"", 0
    for size in sizes:
        shown += stream.feed(text[at : at + size])
        assert value.encode() not in shown
        at += size
    shown += stream.feed(text[at:]) + stream.finish()
    assert shown == masker.mask(text)


def test_a_secret_is_sealed_and_gone_when_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = samples.open_stores(str(tmp_path))
    set_secret(stores, "DB_PASSWORD", "an old password")
    set_secret(stores, "DB_PASSWORD", HARD, who="ada")
    assert value_of(stores, "DB_PASSWORD") == secret_here("DB_PASSWORD", lambda: stores) == HARD
    assert key_file().stat().st_mode & 0o777 == 0o600
    assert [(row.name, row.kept, row.version, row.author) for row in all_secrets(stores)] == [
        ("DB_PASSWORD", "encrypted", 2, "ada")
    ]
    moved = stores.versions.find("secret", "DB_PASSWORD")
    assert moved is not None and HARD.encode() not in (moved.inline or b"")
    monkeypatch.setenv("TENFOLD_SECRETS_KEY", base64.b64encode(b"k" * 32).decode())
    with pytest.raises(Forbidden, match="another key"):
        value_of(stores, "DB_PASSWORD")
    remove(stores, "DB_PASSWORD")
    assert all_secrets(stores) == []
    with pytest.raises(NotFound, match="tenfold secrets set DB_PASSWORD"):
        value_of(stores, "DB_PASSWORD")
    set_secret(stores, "DB_PASSWORD", "set again")
    assert value_of(stores, "DB_PASSWORD") == "set again"


def test_a_secret_may_be_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = memory_stores()
    (tmp_path / "token").write_text("from a file\n")
    refer(stores, "A", f"file:{tmp_path / 'token'}")
    refer(stores, "B", "env:OUR_B")
    monkeypatch.setenv("OUR_B", "from outside")
    assert (value_of(stores, "A"), value_of(stores, "B")) == ("from a file", "from outside")
    monkeypatch.delenv("OUR_B")
    with pytest.raises(NotFound, match="OUR_B"):
        value_of(stores, "B")
    for name, value in (("no-name", "long enough"), ("SHORT", "abc")):
        with pytest.raises(Invalid):
            set_secret(stores, name, value)
    with pytest.raises(Invalid, match="env:NAME"):
        refer(stores, "A", "vault:x")


@pytest.mark.parametrize("executor", ["local", "inline"])
def test_a_step_is_given_its_secrets_and_shows_none(
    tmp_path: Path, executor: str, capfd: pytest.CaptureFixture[str]
) -> None:
    host = samples.host_at(tmp_path)
    set_secret(host.stores, "DB_PASSWORD", HARD)
    samples.telling.with_options(host=host, executor=executor, raises=False).run()
    steps = {one.name: one for one in host.stores.runs.search(RunQuery(kinds=["step"])).items}
    assert steps["tells"].state == "finished"
    log = read_log(host.stores, steps["tells"].id)
    assert log.count(MASK) >= (12 if executor == "inline" else 14) and "the end" in log
    assert steps["breaks"].state == "failed" and MASK in (steps["breaks"].error or "")
    assert steps["gives"].state == "failed" and "holds a secret" in (steps["gives"].error or "")
    assert steps["asks"].state == "failed" and "Declare it" in (steps["asks"].error or "")
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    with sqlite3.connect(tmp_path / "tenfold.db") as db:
        everything += "\n".join(db.iterdump()).encode()
    shown = capfd.readouterr()
    for spelt in ways(HARD)[:14]:
        assert spelt not in everything
        assert executor == "inline" or spelt.decode() not in shown.out + shown.err  # its children have the terminal
    assert not leaks(HARD, everything)
    pools.close_all()
