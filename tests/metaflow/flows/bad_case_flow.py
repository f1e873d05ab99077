# ruff: noqa
from metaflow import FlowSpec, step


class BadCaseFlow(FlowSpec):
    @step
    def start(self):
        self.x = "neither"
        self.next({"a": self.a, "b": self.b}, condition="x")

    @step
    def a(self):
        self.next(self.end)

    @step
    def b(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    BadCaseFlow()
