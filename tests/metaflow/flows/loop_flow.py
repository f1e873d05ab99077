# ruff: noqa
from metaflow import FlowSpec, Parameter, step


class LoopFlow(FlowSpec):
    most = Parameter("most", default=4)

    @step
    def start(self):
        self.count = 0
        self.trail = []
        self.next(self.loop)

    @step
    def loop(self):
        self.count += 1
        self.trail.append(self.count)
        self.more = self.count < self.most
        print("round", self.count)
        self.next({True: self.loop, False: self.out}, condition="more")

    @step
    def out(self):
        self.items = ["x", "y"]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.n = 0
        self.next(self.grow)

    @step
    def grow(self):
        self.n += 1
        self.state = "go" if self.n < 2 + self.index else "stop"
        self.next({"go": self.grow, "stop": self.grown}, condition="state")

    @step
    def grown(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.ns = [(one.input, one.n) for one in inputs]
        self.trail = inputs[0].trail
        self.next(self.end)

    @step
    def end(self):
        print(self.trail, self.ns)


if __name__ == "__main__":
    LoopFlow()
