# ruff: noqa
from metaflow import FlowSpec, step


class NamedEndsFlow(FlowSpec):
    @step(start=True)
    def begin(self):
        self.x = 1
        self.next(self.finish)

    @step(end=True)
    def finish(self):
        print(self.x)


if __name__ == "__main__":
    NamedEndsFlow()
