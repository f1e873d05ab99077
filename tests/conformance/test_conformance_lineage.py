from tenfold.testing.lineage import LineageSuite


class TestLineage(LineageSuite):
    """On every store; see conftest.py."""
