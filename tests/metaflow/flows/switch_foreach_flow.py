# ruff: noqa
from metaflow import FlowSpec, step


class SwitchForeachFlow(FlowSpec):
    @step
    def start(self):
        self.items = [5, 2, 7, 4, 9]
        self.next(self.look, foreach="items")

    @step
    def look(self):
        self.kind = "odd" if self.input % 2 else "even"
        self.next({"odd": self.odd, "even": self.even}, condition="kind")

    @step
    def odd(self):
        self.out = self.input * 10
        print("odd", self.index, self.input)
        self.next(self.after)

    @step
    def even(self):
        self.out = -self.input
        self.next(self.after)

    @step
    def after(self):
        self.out += 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.outs = [one.out for one in inputs]
        self.kinds = [one.kind for one in inputs]
        self.next(self.split)

    @step
    def split(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.case = len(self.outs)
        self.next({5: self.five, 6: self.six}, condition="case")

    @step
    def five(self):
        self.r = "five"
        self.next(self.both)

    @step
    def six(self):
        self.r = "six"
        self.next(self.both)

    @step
    def right(self):
        self.r = "right"
        self.next(self.both)

    @step
    def both(self, inputs):
        self.rs = sorted(one.r for one in inputs)
        self.merge_artifacts(inputs, exclude=["r", "case"])
        self.next(self.end)

    @step
    def end(self):
        print(self.outs, self.kinds, self.rs)


if __name__ == "__main__":
    SwitchForeachFlow()
