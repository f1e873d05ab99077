# ruff: noqa
from metaflow import FlowSpec, step


class IterFlow(FlowSpec):
    """Nested foreaches, three deep, over strings, lists and tuples; and one of one item."""

    @step
    def start(self):
        self.letters = "ab"
        self.next(self.one, foreach="letters")

    @step
    def one(self):
        self.pairs = [("k", 1), {"l": 2}]
        self.next(self.two, foreach="pairs")

    @step
    def two(self):
        self.last = ((self.input, self.index),)
        self.next(self.three, foreach="last")

    @step
    def three(self):
        self.path = [(index, count, value) for index, count, value in self.foreach_stack()]
        print(self.index, self.input)
        self.next(self.join3)

    @step
    def join3(self, inputs):
        self.paths = [one.path for one in inputs]
        self.here = [self.index, self.input]
        self.merge_artifacts(inputs, include=["pairs"])
        self.next(self.join2)

    @step
    def join2(self, inputs):
        self.paths = [one.paths for one in inputs]
        self.heres = [one.here for one in inputs]
        self.merge_artifacts(inputs, include=["pairs"])
        self.next(self.between)

    @step
    def between(self):
        self.where = [self.index, self.input]
        self.next(self.join1)

    @step
    def join1(self, inputs):
        self.paths = [(one.paths, one.heres, one.where) for one in inputs]
        self.nothing = [self.index, self.input]
        self.next(self.end)

    @step
    def end(self):
        print(self.paths)


if __name__ == "__main__":
    IterFlow()
