# ruff: noqa
import datetime
import decimal
from collections import Counter, OrderedDict, namedtuple
from dataclasses import dataclass

from metaflow import FlowSpec, step

Point = namedtuple("Point", "x y")


@dataclass
class Box:
    name: str
    sizes: list


class ValuesFlow(FlowSpec):
    @step
    def start(self):
        self.none = None
        self.nan = [float("inf"), -0.0]
        self.emoji = "a 😀 b"
        self.raw = b"\x00\xff"
        self.nested = {"t": (1, (2,)), 3: {4, 5}, None: [True]}
        self.point = Point(1, [2])
        self.box = Box("b", [1, 2])
        self.when = datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.timezone.utc)
        self.price = decimal.Decimal("1.10")
        self.counts = Counter("aab")
        self.ordered = OrderedDict(b=1, a=2)
        self.big = 10**40
        self.next(self.middle)

    @step
    def middle(self):
        self.same = [self.point.x, self.box.sizes, self.when.isoformat(), str(self.price), self.counts["a"]]
        self.box.sizes.append(3)
        self.kinds = [type(one).__name__ for one in (self.point, self.box, self.counts, self.ordered, self.nested["t"])]
        self.next(self.end)

    @step
    def end(self):
        print(self.same, self.kinds, self.box, self.raw)


if __name__ == "__main__":
    ValuesFlow()
