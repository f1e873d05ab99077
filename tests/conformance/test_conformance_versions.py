from tenfold.testing.versions import VersionsSuite


class TestVersions(VersionsSuite):
    """On every store; see conftest.py."""
