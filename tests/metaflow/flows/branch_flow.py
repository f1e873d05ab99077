# ruff: noqa
from metaflow import FlowSpec, current, step


class BranchFlow(FlowSpec):
    @step
    def start(self):
        self.seen = ["start"]
        self.next(self.a, self.b, self.c)

    @step
    def a(self):
        self.value = 1
        self.seen.append("a")
        self.next(self.a1, self.a2)

    @step
    def a1(self):
        self.deep = "a1"
        print("in", current.step_name, self.value)
        self.next(self.a_join)

    @step
    def a2(self):
        self.deep = "a2"
        self.next(self.a_join)

    @step
    def a_join(self, inputs):
        self.deep = sorted(one.deep for one in inputs)
        self.merge_artifacts(inputs)
        self.next(self.join)

    @step
    def b(self):
        self.value = 2
        self.only_b = {"b": {1, 2}}
        self.next(self.join)

    @step
    def c(self):
        self.value = 3
        self.next(self.join)

    @step
    def join(self, inputs):
        self.value = sum(one.value for one in inputs)
        self.names = sorted(type(one).__name__ for one in inputs)
        self.got = inputs.b.only_b
        self.merge_artifacts(inputs, include=["deep"])
        self.has_seen = hasattr(self, "seen")
        self.next(self.end)

    @step
    def end(self):
        print(self.value, self.deep, self.got, self.has_seen, len(self.names))


if __name__ == "__main__":
    BranchFlow()
