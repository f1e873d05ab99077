# ruff: noqa
import os

from metaflow import FlowSpec, catch, environment, resources, retry, step, timeout


class CaughtFlow(FlowSpec):
    @environment(vars={"MODE": "fast"})
    @step
    def start(self):
        self.mode = os.environ["MODE"]
        self.items = [1, 0, 4]
        self.next(self.divide, foreach="items")

    @resources(memory=100, cpu=1)
    @catch(var="trouble", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def divide(self):
        self.begun = True
        self.result = 12 // self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [None if one.trouble else one.result for one in inputs]
        self.said = [str(one.trouble.exception) for one in inputs if one.trouble]
        self.kind = [one.trouble.type for one in inputs if one.trouble]
        self.begun = [one.begun for one in inputs]
        self.next(self.plain)

    @catch(print_exception=False)
    @step
    def plain(self):
        self.half = 1
        raise KeyError("no such")
        self.next(self.end)

    @step
    def end(self):
        print(self.results, self.said, self.kind, self.begun, self.half)


if __name__ == "__main__":
    CaughtFlow()
