"""Data of other places as people type it: referenced in a bucket, imported, brought up to date, exported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import opendal
import pytest
from shell import Shell
from strange_servers import helper

from tenfold.base.errors import Conflict
from tenfold.data import Dataset
from tenfold.data.outside import import_from, reference, update
from tenfold.testing.stores import memory_stores


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STORE", "BLOBS", "TOKEN", "PROJECT", "LINK", "REMOTE"):
        monkeypatch.delenv(f"TENFOLD_{name}", raising=False)
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")


@pytest.fixture
def bucket(keys: str, s3: int) -> Iterator[opendal.Operator]:
    """The bucket's prefix as its owner writes to it."""
    yield opendal.Operator(
        "s3", bucket="shared", root=keys.rpartition("/")[2], endpoint=f"http://127.0.0.1:{s3}", region="us-east-1",
        access_key_id="test", secret_access_key="test",
    )  # fmt: skip


def no_home(url: str) -> object:
    raise AssertionError(url)


def test_a_referenced_prefix_is_read_in_place_and_every_change_there_is_told(
    keys: str, bucket: opendal.Operator, tmp_path: Path
) -> None:
    shell = Shell(tmp_path / "desk")
    large = bytes(range(256)) * 4_096
    bucket.write("raw/a.csv", b"id,price\n1,2\n")
    bucket.write("raw/deep/b.bin", large)
    bucket.write("raw-not/c", b"another prefix")
    made = shell.json("data", "reference", f"{keys}/raw", "--name", "raw")
    assert (made["files"], made["size_bytes"], made["type"]) == (2, 13 + len(large), "reference")
    again = shell.json("data", "reference", f"{keys}/raw/", "--name", "raw")
    assert again["id"] == made["id"]
    stored = sum(path.stat().st_size for path in Path(".tenfold/objects").rglob("*") if path.is_file())
    assert stored < 20_000  # nothing of it was copied
    assert [(e["path"], e["size_bytes"]) for e in shell.json("data", "ls", "raw")] == [
        ("a.csv", 13), ("deep/b.bin", len(large)),
    ]  # fmt: skip
    assert shell.ok("data", "cat", "raw@main/a.csv") == "id,price\n1,2\n"
    assert "2 files written" in shell.ok("data", "get", "raw", "-o", "out")
    assert Path("out/deep/b.bin").read_bytes() == large
    assert "0 files written" in shell.ok("data", "get", "raw", "-o", "out")
    assert shell("data", "status", "raw")[0] == 0

    bucket.write("raw/a.csv", b"id,price\n1,3\n")
    bucket.write("raw/new", b"n")
    bucket.delete("raw/deep/b.bin")
    code, out, _ = shell("data", "status", "raw", "--json")
    (told,) = json.loads(out)
    assert (code, told["new"], told["modified"], told["gone"]) == (3, ["new"], ["a.csv"], ["deep/b.bin"])
    code, _, err = shell("data", "cat", "raw@main/a.csv")
    assert code == 1 and "is not there any more as it was referenced" in err and "tenfold data update" in err
    assert shell("data", "get", "raw", "-o", "fresh")[0] == 1
    assert not [path for path in Path("fresh").rglob("*") if path.is_file()]
    assert "raw: v1 -> v2" in shell.ok("data", "update")
    assert shell.ok("data", "cat", "raw@main/a.csv") == "id,price\n1,3\n"
    assert "1 added, 1 removed, 1 changed" in shell.ok("data", "diff", "raw", "v1", "v2")

    assert shell("data", "commit", "raw", "out")[0] == 2  # only what lies there can be its next version
    shell.ok("data", "remote", "add", "hub", str(tmp_path / "hub"))
    code, _, err = shell("data", "push", "raw")
    assert code == 0 and f"its files lie at {keys}/raw and stay there" in err
    assert f"{keys}/raw, which 2 versions reference, is not ours" in shell.ok("gc", "--dry-run")
    assert shell("data", "clone", "hub", "raw", "--path", "copy")[0] == 2
    shell.ok("gc", "--grace-days", "0")
    shell.ok("data", "get", "raw@main/a.csv", "--remote", "hub", "-o", "hubbed")
    assert Path("hubbed/a.csv").read_bytes() == b"id,price\n1,3\n"


FLOW = """
from pathlib import Path

import tenfold


@tenfold.incremental(tenfold.files("data:raw", "/*.csv"), into="{name}")
def {name}(raw, out: Path) -> None:
    (out / raw.name).write_text(raw.read_text().upper())
    (out / f"passed-{{raw.name}}").symlink_to(raw)


@tenfold.incremental(tenfold.files("data:raw", "/*.csv", lazy=True), into="lazy")
def lazy(raw, out: Path) -> None:
    (out / raw.path).write_bytes(raw.read_bytes()[::-1])
"""


def test_rows_of_a_referenced_prefix_are_compared_and_its_new_files_run_through_a_pipeline(
    keys: str, bucket: opendal.Operator, tmp_path: Path
) -> None:
    shell = Shell(tmp_path / "desk")
    flow = f"upper_{keys.rpartition('/')[2]}"  # a module and a function of their own
    Path(f"{flow}.py").write_text(FLOW.format(name="upper"))
    for name in ("a", "b"):
        bucket.write(f"raw/{name}.csv", b"id,word\n1,one\n2,two\n")
    shell.ok("data", "reference", f"{keys}/raw", "--name", "raw")
    first = shell.json("run", f"{flow}.py:upper")["outputs"]
    assert shell.json("run", f"{flow}.py:lazy")["outputs"]["processed"] == 2
    bucket.write("raw/b.csv", b"id,word\n1,one\n2,zwei\n3,three\n")
    shell.ok("data", "update", "raw")
    second = shell.json("run", f"{flow}.py:upper")["outputs"]
    assert (first["processed"], second["processed"], second["skipped"]) == (2, 1, 1)
    assert shell.ok("data", "cat", "upper@main/b.csv") == "ID,WORD\n1,ONE\n2,ZWEI\n3,THREE\n"
    assert shell.ok("data", "cat", "upper@main/passed-a.csv") == "id,word\n1,one\n2,two\n"  # the file, not where it is
    assert shell.ok("data", "cat", "lazy@main/a.csv") == "\nowt,2\neno,1\ndrow,di"

    code, _, err = shell("data", "diff", "raw", "v1", "v2", "--key", "id")
    assert code == 1 and "not there any more as it was referenced" in err  # this bucket keeps no versions


def test_rows_of_referenced_tables_are_compared_where_the_bucket_keeps_versions(
    s3: int, keys: str, tmp_path: Path
) -> None:
    import boto3

    shell = Shell(tmp_path / "desk")
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{s3}", region_name="us-east-1")
    name = f"rows-{keys.rpartition('/')[2]}"
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for words in ("one two", "one zwei three"):
        rows = "".join(f"{number},{word}\n" for number, word in enumerate(words.split()))
        client.put_object(Bucket=name, Key="raw/b.csv", Body=f"id,word\n{rows}".encode())
        client.put_object(Bucket=name, Key="raw/note.txt", Body=words.encode())
        shell.ok("data", "reference", f"s3://{name}/raw", "--name", "raw")
    (table,) = shell.json("data", "diff", "raw", "v1", "v2", "--key", "id")["rows"]
    assert (table["path"], table["added"], table["removed"], table["changed"]) == ("b.csv", 1, 0, 1)
    texts = shell.json("data", "diff", "raw", "v1", "v2", "--path", "note.txt")["texts"]
    assert "-one two" in texts["note.txt"] and "+one zwei three" in texts["note.txt"]


def test_where_the_bucket_keeps_versions_an_old_one_is_read_after_it_was_overwritten_and_deleted(
    s3: int, keys: str
) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{s3}", region_name="us-east-1")
    client.create_bucket(Bucket="keeping")
    client.put_object(Bucket="keeping", Key="raw/before", Body=b"0")
    client.put_bucket_versioning(Bucket="keeping", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"22"):
        client.put_object(Bucket="keeping", Key="raw/x", Body=body)
    stores = memory_stores()
    reference(stores, "raw", "s3://keeping/raw")
    data = Dataset(stores, "raw")
    client.put_object(Bucket="keeping", Key="raw/x", Body=b"333")
    client.delete_object(Bucket="keeping", Key="raw/x")
    assert data.open("x").read() == b"22"
    assert data.open("before").read() == b"0"
    done = update(stores, "raw", open_home=no_home)
    assert (done.gone, done.number) == (["x"], 2)
    assert data.open("x", 1).read() == b"22"
    client.put_object(Bucket="keeping", Key="raw/before", Body=b"1")
    with pytest.raises(Conflict, match="as it was referenced"):
        data.open("before").read()


def test_what_is_imported_knows_where_it_came_from_and_brings_only_what_is_new(
    keys: str, bucket: opendal.Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(tmp_path / "desk")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "iris.csv").write_text("a\n1\n")
    with helper("static", str(tmp_path / "web")) as (url, _):
        made = shell.json("data", "import", f"{url}/iris.csv", "--name", "iris")
        assert made["metadata"]["origin"]["uri"] == f"{url}/iris.csv" and made["files"] == 1
        assert "unchanged" in shell.ok("data", "update", "iris")
        (tmp_path / "web" / "iris.csv").write_text("a\n1\n2\n")
        assert shell("data", "update", "--dry-run")[0] == 3
        assert "iris: v1 -> v2" in shell.ok("data", "update", "iris")
        assert shell.ok("data", "cat", "iris@main/iris.csv") == "a\n1\n2\n"
        assert shell("data", "import", f"{url}/none.csv")[0] == 4
    code, _, err = shell("data", "update", "iris")
    assert code == 1 and "could not be read" in err

    for number in range(5):
        bucket.write(f"many/f{number}", b"%d" % number)
    shell.ok("data", "import", f"{keys}/many", "--name", "many")
    bucket.write("many/f1", b"new")
    bucket.delete("many/f2")
    (told,) = shell.json("data", "update", "many")
    assert (told["modified"], told["gone"], told["number"]) == (["f1"], ["f2"], 2)

    shell.ok("data", "export", "many", f"{keys}/out/copy")
    assert bucket.read("out/copy/f1") == b"new"
    assert shell.json("data", "export", "many", f"{keys}/out/copy")["same"] == 4
    shell.ok("data", "export", "many@v1/f[12]", "plain")
    assert sorted(path.name for path in Path("plain").iterdir()) == ["f1", "f2"]

    shell.ok("data", "remote", "add", "hub", str(tmp_path / "hub"))
    shell.ok("data", "push", "many")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    other = Shell(tmp_path / "other")
    other.ok("data", "remote", "add", "hub", str(tmp_path / "hub"))
    assert other.json("data", "import", "tenfold://hub/many@main", "--name", "a")["files"] == 4
    made = other.json("data", "import", f"tenfold://{tmp_path}/desk/iris@v1", "--name", "b")
    assert made["metadata"]["origin"]["how"] == "import"
    assert other.ok("data", "cat", "b@main/iris.csv") == "a\n1\n"
    assert "unchanged" in other.ok("data", "update", "b")
    (tmp_path / "other" / "mine").write_text("x")
    other.ok("data", "commit", "b", "mine", "--add")
    assert other("data", "update", "b")[0] == 2  # a version that was made here is not replaced


def test_a_bucket_that_loses_every_third_answer_is_referenced_imported_and_exported_to_all_the_same(
    s3: int, keys: str, bucket: opendal.Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        bucket.write(f"raw/f{number}", b"%d" % number)
    stores = memory_stores()
    with helper("dropping", str(s3), "3") as (url, proxy):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        reference(stores, "raw", f"{keys}/raw")
        assert Dataset(stores, "raw").open("f7").read() == b"7"
        assert import_from(stores, "copy", f"{keys}/raw", open_home=no_home).files == 12
        proxy.terminate()
        assert proxy.communicate()[0].count("dropped") > 3
