"""Incremental pipelines run: only what is new or changed, and the output as if all had been run."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec
import pytest

from tenfold.base import ids
from tenfold.base.errors import Invalid, RefMoved, StepFailed
from tenfold.pipelines import Host, read_log, resume
from tenfold.pipelines.datums import (
    Incremental,
    cross,
    files,
    find_state,
    from_definition,
    group,
    incremental,
    join,
    program,
    read_records,
    union,
)
from tenfold.pipelines.datums.state import KIND
from tenfold.pipelines.secrets.keeping import refer
from tenfold.records import Draft, Move, RunQuery
from tenfold.testing.stores import memory_stores


class Notes(list):
    """A list of a class of its own: what is in it is no part of the code of the functions that write to it."""


RAN = Notes()
BROKEN = Notes()


@pytest.fixture
def host(tmp_path):
    RAN.clear()
    BROKEN.clear()
    return Host(memory_stores(), tmp_path)


def commit(host: Host, name: str, content: dict[str, bytes]) -> None:
    stores = host.stores
    head = stores.refs.find("data", name, "main")
    tree = stores.blobs.put_tree(content)
    draft = Draft(
        id=ids.new_id(), kind="data", name=name, digest=tree.digest, size_bytes=tree.size_bytes, files=tree.files,
        created_at_ms=time.time_ns() // 1_000_000, moves=[Move(ref="main", expect=head.version_id if head else None)],
    )  # fmt: skip
    stores.versions.publish([draft])


def contents(host: Host, name: str) -> dict[str, bytes]:
    ref = host.stores.refs.find("data", name, "main")
    assert ref is not None
    tree = host.stores.versions.get([ref.version_id])[0].digest
    return {e.path: host.stores.blobs.get_bytes(e.digest) for e in host.stores.blobs.entries(tree) if e.kind == "file"}


def run(pipeline: Incremental, host: Host) -> dict:
    return pipeline.with_options(host=host).run().outputs()


@incremental(files("data:images", "/*"), into="thumbs")
def shrink(image: Path, out: Path) -> None:
    RAN.append(image.name)
    if image.name in BROKEN:
        raise ValueError(f"{image.name} is broken")
    if image.is_dir():
        (out / image.name).mkdir()
        (out / image.name / "count").write_text(str(len(list(image.iterdir()))))
    else:
        (out / image.name).write_bytes(image.read_bytes()[:2])


def test_only_new_and_changed_datums_run_and_the_gone_ones_leave_the_output(host) -> None:
    commit(host, "images", {"a": b"aaa", "b": b"bbb", "d/x": b"1", "d/y": b"2"})
    first = run(shrink, host)
    assert (first["processed"], first["skipped"]) == (3, 0)
    assert contents(host, "thumbs") == {"a": b"aa", "b": b"bb", "d/count": b"2"}
    RAN.clear()
    commit(host, "images", {"a": b"aaa", "c": b"ccc", "d/x": b"1", "d/y": b"other"})
    second = run(shrink, host)
    assert sorted(RAN) == ["c", "d"]
    assert (second["processed"], second["skipped"], second["deleted"]) == (2, 1, 1)
    assert contents(host, "thumbs") == {"a": b"aa", "c": b"cc", "d/count": b"2"}


def test_a_run_with_nothing_new_runs_nothing_and_makes_no_version(host) -> None:
    commit(host, "images", {"a": b"aaa"})
    made = run(shrink, host)["output"]
    RAN.clear()
    assert run(shrink, host) == {
        "output": made, "total": 1, "processed": 0, "skipped": 1, "failed": 0, "recovered": 0, "deleted": 0,
    }  # fmt: skip
    assert RAN == []


def test_a_failed_datum_fails_the_run_leaves_the_output_and_alone_is_tried_again(host) -> None:
    commit(host, "images", {"a": b"aaa", "b": b"bbb"})
    BROKEN.append("b")
    with pytest.raises(StepFailed, match=r"1 of 2 datums failed, images/b: ValueError: b is broken"):
        run(shrink, host)
    assert host.stores.refs.find("data", "thumbs", "main") is None
    BROKEN.clear()
    RAN.clear()
    assert run(shrink, host)["processed"] == 1
    assert RAN == ["b"]
    assert contents(host, "thumbs") == {"a": b"aa", "b": b"bb"}


def test_what_a_failed_run_kept_and_was_collected_since_runs_again(host) -> None:
    commit(host, "images", {"a": b"aaa", "b": b"bbb"})
    BROKEN.append("b")
    with pytest.raises(StepFailed):
        run(shrink, host)
    state = find_state(host.stores, "thumbs", "main")
    assert state is not None
    host.stores.blobs.collect([state.digest, *host.stores.versions.digests()], grace_ms=-1)
    BROKEN.clear()
    assert run(shrink, host)["processed"] == 2
    assert contents(host, "thumbs") == {"a": b"aa", "b": b"bb"}


def test_the_same_path_of_two_datums_is_an_error_that_names_both(host) -> None:
    @incremental(files("data:images", "/*"), into="clash")
    def same(images: Path, out: Path) -> None:
        (out / "all").write_bytes(images.read_bytes())

    commit(host, "images", {"a": b"1", "b": b"2"})
    with pytest.raises(
        StepFailed, match=r"Duplicate path output by different datums: 'all' comes from images/a and images/b"
    ):
        run(same, host)


def test_a_file_where_another_datum_gives_a_folder_is_an_error_too(host) -> None:
    @incremental(files("data:images", "/*"), into="clash")
    def nested(images: Path, out: Path) -> None:
        (out / "x").mkdir() if images.name == "a" else (out / "x").write_text("")
        if images.name == "a":
            (out / "x" / "y").write_text("")

    commit(host, "images", {"a": b"1", "b": b"2"})
    with pytest.raises(StepFailed, match="Duplicate path output by different datums: 'x'"):
        run(nested, host)


def test_several_inputs_come_by_name_and_a_side_without_a_match_is_none(host) -> None:
    @incremental(cross(files("data:images"), union(files("data:left"), files("data:right"))), into="pairs")
    def pair(images: Path, left: Path | None, right: Path | None, out: Path, datum) -> None:
        other = left or right
        assert other is not None and (left is None) != (right is None)
        (out / f"{images.name}-{other.name}").write_text(",".join(sorted(datum.paths)))

    commit(host, "images", {"a": b"1"})
    commit(host, "left", {"l": b"1"})
    commit(host, "right", {"r": b"1"})
    assert run(pair, host)["processed"] == 2
    assert contents(host, "pairs") == {"a-l": b"images,left", "a-r": b"images,right"}


def test_a_group_gives_lists(host) -> None:
    @incremental(group(files("data:images", "/*/(*)", by="$1")), into="grouped")
    def together(images: list[Path], out: Path, datum) -> None:
        (out / datum.keys["images"]).write_bytes(b"".join(path.read_bytes() for path in images))

    commit(host, "images", {"a/1": b"x", "b/1": b"y", "a/2": b"z"})
    run(together, host)
    assert contents(host, "grouped") == {"1": b"xy", "2": b"z"}


def test_a_lazy_input_is_opened_by_the_step_and_empty_files_have_names_only(host) -> None:
    @incremental(cross(files("data:images", "/", lazy=True), files("data:names", "/*", empty_files=True)), into="lazy")
    def look(images, names: Path, out: Path) -> None:
        assert names.read_bytes() == b""
        (out / names.name).write_text(images.read_text("a") + images.open("b").read().decode())

    commit(host, "images", {"a": b"1", "b": b"2"})
    commit(host, "names", {"n": b"large"})
    run(look, host)
    assert contents(host, "lazy") == {"n": b"12"}


def test_a_datum_is_tried_again_and_one_that_takes_too_long_fails_alone(host) -> None:
    @incremental(files("data:images"), into="slow", retries=1, timeout_s=0.3)
    def slow(images: Path, out: Path) -> None:
        RAN.append(images.name)
        while images.name == "b":
            time.sleep(0.05)
        if RAN.count("a") < 2:
            raise OSError("not yet")
        (out / images.name).touch()

    commit(host, "images", {"a": b"", "b": b""})
    with pytest.raises(StepFailed, match=r"1 of 2 datums failed, images/b: TimeoutError: took longer than 0.3 s"):
        run(slow, host)
    state = find_state(host.stores, "slow", "main")
    assert state is not None
    assert {r.parts[0].path: (r.state, r.tries) for r in read_records(host.stores, state)} == {
        "a": ("done", 2), "b": ("failed", 2),
    }  # fmt: skip


def test_other_code_runs_all_again_unless_a_salt_is_given(host) -> None:
    def made(salt: str, version: int) -> Incremental:
        def step(images: Path, out: Path) -> None:
            (out / images.name).write_text(str(version))

        return incremental(files("data:images"), into=f"salted{salt}", name="salted", salt=salt)(step)

    commit(host, "images", {"a": b""})
    assert run(made("", 1), host)["processed"] == 1
    assert run(made("", 2), host)["processed"] == 1
    assert run(made("s", 1), host)["processed"] == 1
    assert run(made("s", 2), host)["processed"] == 0


def test_every_job_runs_every_datum(host) -> None:
    @incremental(files("data:images"), into="every", every_job=True)
    def each(images: Path, out: Path) -> None:
        (out / images.name).touch()

    commit(host, "images", {"a": b""})
    assert [run(each, host)["processed"] for _ in range(2)] == [1, 1]


def test_a_run_that_another_run_overtook_publishes_nothing(host) -> None:
    @incremental(files("data:images"), into="raced")
    def raced(images: Path, out: Path) -> None:
        (out / images.name).touch()
        if not RAN:
            RAN.append("inner")
            run(raced, host)

    commit(host, "images", {"a": b""})
    with pytest.raises((StepFailed, RefMoved), match="raced"):
        run(raced, host)
    assert len(host.stores.versions.search("data", "raced")) == 1


def test_a_copy_of_each_new_output_goes_out(host, tmp_path) -> None:
    out = tmp_path / "egress"
    sent = incremental(files("data:images"), into="sent", name="sent", egress=f"file://{out}")(_copy)
    commit(host, "images", {"a": b"1"})
    run(sent, host)
    assert (out / "a").read_bytes() == b"1"


def _copy(images: Path, out: Path) -> None:
    (out / images.name).write_bytes(images.read_bytes())


def test_links_into_the_inputs_become_files_of_the_output_without_a_copy(host) -> None:
    def link(images: Path, out: Path) -> None:
        (out / f"{images.name}-linked").symlink_to(images)

    commit(host, "images", {"a": b"1", "d/x": b"2"})
    run(incremental(files("data:images"), into="linked")(link), host)
    assert contents(host, "linked") == {"a-linked": b"1", "d-linked/x": b"2"}


def test_a_program_sees_its_datum_in_pfs_and_only_that(host) -> None:
    shell = program(
        ["sh"],
        stdin=[
            "ls /pfs/images > /pfs/out/$(basename $images)",
            "cat $images >> /pfs/out/$(basename $images)",
            "echo $KIND",
        ],
        env={"KIND": "test"},
    )
    if not _pfs_is_there():
        pytest.skip("this machine lets nobody make mount namespaces")
    listed = incremental(files("data:images"), program=shell, name="listed")
    commit(host, "images", {"a": b"1\n", "b": b"2\n"})
    assert run(listed, host)["processed"] == 2
    assert contents(host, "listed") == {"a": b"a\n1\n", "b": b"b\n2\n"}
    assert not Path("/pfs").exists()


def _pfs_is_there() -> bool:
    from tenfold.pipelines.datums.namespace import is_possible

    return is_possible()


def test_without_a_namespace_a_program_finds_the_same_layout_where_its_variables_say(host, monkeypatch) -> None:
    monkeypatch.setattr("tenfold.pipelines.datums.running.is_possible", lambda: False)
    shell = program(["sh"], stdin=['cp "$images" out/', 'test "$TENFOLD_PFS" = "$PWD"'])
    copied = incremental(files("data:images"), program=shell, name="copied")
    commit(host, "images", {"a": b"1"})
    assert run(copied, host)["processed"] == 1
    assert contents(host, "copied") == {"a": b"1"}


def test_exit_codes_that_are_accepted_are_well_and_an_error_handler_recovers_the_others(host) -> None:
    shell = program(
        ["sh"], stdin=['echo > /pfs/out/$(basename "$images")', 'case "$images" in */a) exit 3;; */b) exit 4;; esac'],
        err_cmd=["sh"], err_stdin=['case "$images" in */b) exit 0;; *) exit 1;; esac'], accept_return_code=[3],
    )  # fmt: skip
    if not _pfs_is_there():
        pytest.skip("this machine lets nobody make mount namespaces")
    coded = incremental(files("data:images"), program=shell, name="coded")
    commit(host, "images", {"a": b"1", "b": b"2", "c": b"3"})
    assert run(coded, host)["recovered"] == 1
    assert set(contents(host, "coded")) == {"a", "c"}
    again = run(coded, host)
    assert (again["processed"], again["skipped"], again["recovered"]) == (0, 2, 1)


def test_a_program_that_takes_too_long_is_ended_with_what_it_started(host, tmp_path) -> None:
    shell = program(["sh"], stdin=[f"sh -c 'echo $$ > {tmp_path}/pid; sleep 600' & wait"])
    stuck = incremental(files("data:images"), program=shell, name="stuck", timeout_s=1.0)
    commit(host, "images", {"a": b"1"})
    with pytest.raises(StepFailed, match="took longer than 1 s"):
        run(stuck, host)
    pid = int((tmp_path / "pid").read_text())
    stat = Path(f"/proc/{pid}/stat")
    assert not stat.exists() or ") Z " in stat.read_text()


def test_a_pipeline_with_a_program_is_the_same_after_a_journey_as_data(host) -> None:
    made = incremental(files("data:images"), program=program(["true"]), name="journey", retries=2)
    assert made.as_data is not None
    assert from_definition(made.as_data).definition() == made.definition()
    with pytest.raises(Invalid, match="cannot be read"):
        from_definition({"name": "x"})


def test_a_function_that_does_not_take_its_inputs_is_refused_when_it_is_decorated() -> None:
    with pytest.raises(Invalid, match="Give it the parameters images, left, out"):

        @incremental(cross(files("data:images"), files("data:left")), into="x")
        def wrong(images: Path, out: Path) -> None: ...


def test_two_outputs_of_one_datum_lead_back_to_exactly_its_inputs(host) -> None:
    commit(host, "images", {"a": b"aaa", "b": b"bbb"})
    run(shrink, host)
    state = find_state(host.stores, "thumbs", "main")
    assert state is not None
    made = {m.path: [p.path for p in r.parts] for r in read_records(host.stores, state) for m in r.made}
    assert made == {"a": ["a"], "b": ["b"]}


def test_a_run_gone_on_with_runs_only_the_datums_that_failed(host) -> None:
    commit(host, "images", {"a": b"aaa", "b": b"bbb", "c": b"ccc"})
    BROKEN.extend("bc")
    root = shrink.with_options(host=host, raises=False).run()
    BROKEN.remove("b")
    for state in ("failed", "finished"):
        RAN.clear()
        done = resume(root.id, host=host, raises=False)
        assert (done.state, sorted(RAN)) == (state, ["b", "c"] if state == "failed" else ["c"])
        BROKEN.clear()
    assert done.outputs()["output"] == "data:thumbs@v1"
    assert contents(host, "thumbs") == {"a": b"aa", "b": b"bb", "c": b"cc"}
    assert (run(shrink, host)["skipped"], len(host.stores.versions.search(KIND, "thumbs"))) == (3, 4)


def test_joins_and_groups_take_combined_inputs_and_lists_come_below_a_group(host) -> None:
    left, right = files("data:left", "/(*)", on="$1", by="$1"), files("data:right", "/(*)", on="$1", by="$1")
    inner = join(union(left, right), files("data:images", "/(*).png", on="$1"))

    @incremental(cross(group(cross(left, files("data:one", "/")), right), files("data:one", "/", name="all")), into="g")
    def grouped(left: list[Path], right: list[Path], one: list[Path], all: Path, out: Path, datum) -> None:
        (out / datum.keys.get("left", datum.keys.get("right"))).write_text(f"{len(left)}{len(right)}{len(one)}")

    @incremental(inner, into="joined")
    def joined(left: Path | None, right: Path | None, images: Path, out: Path) -> None:
        (out / f"{images.stem}-{'left' if left else 'right'}").touch()

    commit(host, "left", {"a": b"", "b": b""})
    commit(host, "right", {"a": b"", "c": b""})
    commit(host, "one", {"x": b""})
    commit(host, "images", {"a.png": b"", "c.png": b"", "d.png": b""})
    run(grouped, host)
    assert contents(host, "g") == {"a": b"111", "b": b"101", "c": b"010"}
    run(joined, host)
    assert sorted(contents(host, "joined")) == ["a-left", "a-right", "c-right"]


def test_a_program_has_its_secrets_which_nobody_else_sees_and_no_more_memory_than_it_may(host, monkeypatch) -> None:
    monkeypatch.setenv("TENFOLD_SECRETS_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    monkeypatch.setenv("WHERE_IT_IS", "correct horse")
    refer(host.stores, "BUCKET_KEY", "env:WHERE_IT_IS")
    code = (
        "import os; open('/pfs/out/n' if os.path.exists('/pfs') else 'out/n', 'w').write(str(len(os.environ['TOKEN'])))"
    )
    told = program([sys.executable, "-c", f"{code}; print(os.environ['TOKEN'])"], secrets={"TOKEN": "BUCKET_KEY"})
    commit(host, "images", {"a": b"1"})
    made = incremental(files("data:images"), program=told, name="secret").with_options(host=host).run()
    assert contents(host, "secret") == {"n": b"13"}
    runs = [made.record, *host.stores.runs.search(RunQuery(where=None, limit=100)).items]
    assert "correct horse" not in str([msgspec.to_builtins(one) for one in runs])
    assert "correct horse" not in "".join(read_log(host.stores, one.id, host.folder) for one in runs)
    hungry = program([sys.executable, "-c", "x = b'x' * 400_000_000"], memory="200MB")
    with pytest.raises(StepFailed, match="ended with exit code 1"):
        run(incremental(files("data:images"), program=hungry, name="hungry"), host)
