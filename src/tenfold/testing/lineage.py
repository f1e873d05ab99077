"""What every store of lineage edges must do."""

from __future__ import annotations

from tenfold.contracts import Stores
from tenfold.records import Edge


class LineageSuite:
    """Inherit it and give a fixture `stores`."""

    def test_edges_are_found_from_both_ends(self, stores: Stores) -> None:
        used = Edge(run_id="r1", version_id="v1", direction="used", role="training", at_ms=5)
        made = Edge(run_id="r1", version_id="v2", direction="produced", role="model", at_ms=3)
        other = Edge(run_id="r2", version_id="v2", direction="used", at_ms=9)
        stores.lineage.add([used, made, other])
        stores.lineage.add([])
        assert stores.lineage.of_runs(["r1"]) == [made, used]
        assert stores.lineage.of_runs(["r2", "r1", "r9"]) == [made, used, other]
        assert stores.lineage.of_versions(["v2"]) == [made, other]
        assert stores.lineage.of_versions([]) == []

    def test_an_edge_added_again_stays_as_it_is(self, stores: Stores) -> None:
        first = Edge(run_id="r", version_id="v", direction="used", role="x", at_ms=5)
        again = Edge(run_id="r", version_id="v", direction="used", role="x", at_ms=7)
        as_other = Edge(run_id="r", version_id="v", direction="used", role="y", at_ms=7)
        stores.lineage.add([first, again])
        stores.lineage.add([again, as_other])
        assert stores.lineage.of_runs(["r"]) == [first, as_other]

    def test_many_ids_at_once(self, stores: Stores) -> None:
        edges = [Edge(run_id=f"r{n}", version_id=f"v{n % 7}", direction="used", at_ms=n) for n in range(2000)]
        stores.lineage.add(edges)
        asked = [f"r{n}" for n in range(40_000)]
        assert stores.lineage.of_runs(asked) == edges
        assert len(stores.lineage.of_versions(["v3"])) == len(range(3, 2000, 7))
