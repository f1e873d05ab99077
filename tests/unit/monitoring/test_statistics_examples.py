"""The examples in docstrings of profiles and monitoring give what they show."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from tenfold.monitoring import tails
from tenfold.profiles import sketch


@pytest.mark.parametrize("module", [tails, sketch], ids=lambda module: module.__name__)
def test_the_examples_hold(module: ModuleType) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0
