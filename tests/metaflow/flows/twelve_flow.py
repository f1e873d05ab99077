# ruff: noqa
import os

from metaflow import FlowSpec, step


class TwelveFlow(FlowSpec):
    @step
    def start(self):
        self.items = list(range(12))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        if self.input == 7 and not os.path.exists("mended"):
            raise ValueError("seven")
        self.result = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.result for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("total", self.total)


if __name__ == "__main__":
    TwelveFlow()
