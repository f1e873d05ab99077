from tenfold.testing.runs import RunsSuite


class TestRuns(RunsSuite):
    """On every store; see conftest.py."""
