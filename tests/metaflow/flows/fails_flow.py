# ruff: noqa
from metaflow import FlowSpec, retry, step


class FailsFlow(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.work, self.other)

    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        raise ZeroDivisionError("always")
        self.next(self.join)

    @step
    def other(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailsFlow()
