from tenfold.testing.searches import SearchSuite


class TestSearch(SearchSuite):
    """On every store; see conftest.py."""
