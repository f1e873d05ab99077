"""Walks and the answer to why, on a small chain: data → prepare → train → model → deployment → prediction."""

import pytest

from tenfold.base import ids
from tenfold.base.errors import RunNotFound, VersionNotFound
from tenfold.records import CodeVersion, Draft, Edge, Move, Node, Run
from tenfold.testing.stores import memory_stores
from tenfold.workspace import explain, lineage


class Chain:
    """The chain, with the ids of its links by name."""

    def __init__(self, stores):
        self.stores = stores
        self.runs = {}
        for name, kind in (("prepare", "step"), ("train", "step"), ("serve", "deployment")):
            run = Run(
                id=ids.new_id(), project="flights", kind=kind, name=name, created_at_ms=1,
                code=CodeVersion(commit="c0ffee" * 6, digest="ab" * 32), params={"lr": 0.1},
            )  # fmt: skip
            stores.runs.create([run])
            self.runs[name] = run.id
        tree = stores.blobs.put_tree({"2013-01.csv": b"a,b\n1,2\n", "2013-02.csv": b"a,b\n3,4\n"})
        self.data = self.publish("data", "flights", tree.digest, message="February")
        self.table = self.publish("output", "training.prepare", "d" * 64, run="prepare")
        self.model = self.publish("model", "delay", "e" * 64, run="train", ref="champion")
        stores.lineage.add(
            [
                Edge(run_id=self.runs["prepare"], version_id=self.data.id, direction="used", role="input", at_ms=1),
                Edge(run_id=self.runs["train"], version_id=self.table.id, direction="used", role="table", at_ms=2),
                Edge(run_id=self.runs["serve"], version_id=self.model.id, direction="used", role="model", at_ms=3),
            ]
        )

    def publish(self, kind, name, digest, *, run=None, ref=None, message=""):
        moves = [Move(ref=ref, who="ann", why="better on the holdout")] if ref else []
        draft = Draft(
            id=ids.new_id(), kind=kind, name=name, digest=digest, message=message, created_at_ms=1,
            run_id=self.runs[run] if run else None, role="out" if run else "", moves=moves,
        )  # fmt: skip
        return self.stores.versions.publish([draft])[0]


@pytest.fixture
def chain():
    return Chain(memory_stores())


def names(graph):
    return {node.label for node in graph.nodes}


def test_a_model_is_traced_back_to_its_data(chain):
    graph = lineage.walk(chain.stores, "model:delay@champion", direction="up")
    assert names(graph) == {"delay v1", "train", "training.prepare v1", "prepare", "flights v1"}
    assert {(link.source.split(":")[0], link.role) for link in graph.links} == {
        ("version", "input"), ("run", "out"), ("version", "table"),
    }  # fmt: skip
    assert min(node.depth for node in graph.nodes) == -4


def test_data_is_traced_forward_to_what_serves_it(chain):
    graph = lineage.walk(chain.stores, "data:flights", direction="down")
    assert names(graph) == {"flights v1", "prepare", "training.prepare v1", "train", "delay v1", "serve"}


def test_a_walk_stops_at_its_depth_and_says_when_it_was_cut(chain):
    assert len(lineage.walk(chain.stores, "model:delay@1", direction="up", depth=1).nodes) == 2
    cut = lineage.walk(chain.stores, "model:delay@1", direction="both", limit=2)
    assert not cut.complete


def test_a_prediction_is_explained_down_to_the_files(chain):
    prediction = ids.new_id()

    def find(stores, prediction_id):
        node = Node(
            id=f"prediction:{prediction_id}", sort="prediction", kind="prediction", label="0.81",
            address=f"prediction:{prediction_id}", at_ms=5,
        )  # fmt: skip
        return node, [chain.runs["serve"]], [chain.model.id]

    answer = explain.why(chain.stores, f"prediction:{prediction}", find_prediction=find)
    whats = [reason.what for reason in answer.reasons]
    assert whats[0] == "prediction"
    for what in ("deployment", "model", "step run", "code", "data"):
        assert what in whats
    model = next(reason for reason in answer.reasons if reason.what == "model")
    assert "now champion" in model.says and "better on the holdout" in model.details[0]
    data = next(reason for reason in answer.reasons if reason.what == "data")
    assert "February" in data.says and "2013-01.csv" in data.details[0]
    assert all(reason.page.startswith("/") for reason in answer.reasons)


def test_what_is_not_there_is_said_plainly(chain):
    with pytest.raises(VersionNotFound, match="refs: champion"):
        lineage.walk(chain.stores, "model:delay@9")
    with pytest.raises(RunNotFound):
        lineage.walk(chain.stores, f"run:{ids.new_id()}")
