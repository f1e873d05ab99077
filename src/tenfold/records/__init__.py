"""Frozen values, no input or output. One file a noun; every wire and every store speaks these."""

from tenfold.records.edge import Edge
from tenfold.records.event import Event
from tenfold.records.graph import Explanation, Graph, Link, Node, Reason
from tenfold.records.marks import ARCHIVED, MARKS, STARRED, STOP, without_marks
from tenfold.records.page import Page
from tenfold.records.ref import ANY, Move, Ref, RefMove
from tenfold.records.run import END_STATES, LIVE_STATES, CodeVersion, Run, RunChange, RunState, Summary
from tenfold.records.search import And, Compare, Not, Or, Order, RunQuery
from tenfold.records.series import Curve, Points, SeriesBatch, SeriesInfo
from tenfold.records.signature import Column, ColumnType, Signature
from tenfold.records.task import Task, TaskChange, TaskState
from tenfold.records.tree import Entry, Tree
from tenfold.records.version import Draft, Version

__all__ = [
    "ANY", "ARCHIVED", "END_STATES", "LIVE_STATES", "MARKS", "STARRED", "STOP", "And", "CodeVersion", "Column", "ColumnType", "Compare", "Curve", "Draft", "Edge", "Entry", "Event",
    "Explanation", "Graph", "Link", "Move", "Node", "Not", "Or", "Order", "Page", "Points", "Reason", "Ref", "RefMove",
    "Run", "RunChange", "RunQuery", "RunState", "SeriesBatch",
    "SeriesInfo", "Signature", "Summary", "Task", "TaskChange",
    "TaskState", "Tree", "Version", "without_marks",
]  # fmt: skip
