from tenfold.testing.events import EventsSuite


class TestEvents(EventsSuite):
    """On every store; see conftest.py."""
