from tenfold.testing.refs import RefsSuite


class TestRefs(RefsSuite):
    """On every store; see conftest.py."""
