"""Metric points: the journal a training process writes, its shipping, and the blocks and rollups a store keeps.

Knows the `Series` contract and no medium: `stores/sql/series.py` and `stores/memory/series.py` keep what is made here.
"""
