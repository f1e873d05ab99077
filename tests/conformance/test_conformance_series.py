from tenfold.testing.series import SeriesSuite


class TestSeries(SeriesSuite):
    """On every store; see conftest.py."""
