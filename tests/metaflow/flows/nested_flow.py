# ruff: noqa
from metaflow import FlowSpec, JSONType, Parameter, catch, current, retry, step


class NestedFlow(FlowSpec):
    alpha = Parameter("alpha", default=2)
    conf = Parameter("conf", type=JSONType, default='{"a": [1]}')
    K = 5

    @step
    def start(self):
        self.xs = ["a", "b", "c"]
        self.next(self.left, self.right)

    @step
    def left(self):
        self.l = self.alpha * self.K
        self.same = 1
        self.next(self.both)

    @step
    def right(self):
        self.r = self.conf["a"]
        self.same = 1
        self.next(self.both)

    @step
    def both(self, inputs):
        self.got = [inputs.left.l, inputs.right.r]
        self.merge_artifacts(inputs, exclude=["r"])
        self.next(self.spread_out)

    @step
    def spread_out(self):
        self.next(self.outer, foreach="xs")

    @step
    def outer(self):
        self.o = self.input
        self.ys = list(range(self.index + 1))
        self.next(self.inner, foreach="ys")

    @catch(var="bad", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def inner(self):
        self.i = (self.o, self.input, self.index, current.retry_count)
        if self.o == "b" and self.input == 1:
            raise ValueError("no b1")
        self.next(self.one, self.two)

    @step
    def one(self):
        self.side = (1, self.input)
        self.next(self.sides)

    @step
    def two(self):
        self.side = (2, self.input)
        self.next(self.sides)

    @step
    def sides(self, inputs):
        self.merge_artifacts(inputs, include=["i", "bad"] if hasattr(inputs.one, "bad") else ["i"])
        self.side = [inputs.one.side, inputs.two.side, self.index]
        self.next(self.injoin)

    @step
    def injoin(self, inputs):
        self.found = [[x.i, x.side] for x in inputs]
        self.caught = [bool(getattr(x, "bad", None)) for x in inputs]
        self.next(self.outjoin)

    @step
    def outjoin(self, inputs):
        self.found = [x.found for x in inputs]
        self.caught = [x.caught for x in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.found, self.caught, self.alpha)


if __name__ == "__main__":
    NestedFlow()
