from tenfold.testing.tasks import TasksSuite


class TestTasks(TasksSuite):
    """On every store; see conftest.py."""
