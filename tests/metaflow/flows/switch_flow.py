# ruff: noqa
from metaflow import FlowSpec, Parameter, step


class SwitchFlow(FlowSpec):
    way = Parameter("way", default="high")

    @step
    def start(self):
        self.next({"low": self.low, "mid": self.mid, "high": self.high}, condition="way")

    @step
    def low(self):
        self.found = "low"
        self.next(self.same)

    @step
    def mid(self):
        self.found = "mid"
        self.next(self.end)

    @step
    def high(self):
        self.again = "yes" if self.way == "high" else "no"
        self.next({"yes": self.higher, "no": self.same}, condition="again")

    @step
    def higher(self):
        self.found = "higher"
        self.next(self.p, self.q)

    @step
    def p(self):
        self.side = "p"
        self.next(self.pq)

    @step
    def q(self):
        self.side = "q"
        self.next(self.pq)

    @step
    def pq(self, inputs):
        self.sides = sorted(one.side for one in inputs)
        self.found = inputs.p.found
        self.next(self.same)

    @step
    def same(self):
        self.same_ran = True
        self.next(self.end)

    @step
    def end(self):
        print("found", self.found, getattr(self, "same_ran", None))


if __name__ == "__main__":
    SwitchFlow()
