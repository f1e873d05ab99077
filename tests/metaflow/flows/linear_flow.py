# ruff: noqa
import time

from metaflow import FlowSpec, Parameter, catch, current, environment, resources, retry, step, timeout


class Base(FlowSpec):
    rate = Parameter("learning-rate", default=0.5, help="of it")
    flag = Parameter("flag", type=bool, default=False)
    words = Parameter("words", default="a,b", separator=",")
    nothing = Parameter("nothing", default=None)

    @retry(times=2, minutes_between_retries=0)
    @environment(vars={"MODE": "fast"})
    @step
    def start(self):
        import os

        if current.retry_count < 2:
            raise RuntimeError("again")
        self.tried = current.retry_count
        self.mode = os.environ["MODE"]
        self.next(self.slow)


class LinearFlow(Base):
    @resources(memory=100)
    @catch(var="late", print_exception=False)
    @timeout(seconds=1)
    @step
    def slow(self):
        self.begun = True
        time.sleep(20)
        self.next(self.end)

    @step
    def end(self):
        self.was_late = bool(self.late)
        self.summary = [self.rate * 2, self.flag, self.words, self.nothing, current.flow_name, current.step_name]
        self.params = sorted(current.parameter_names)


if __name__ == "__main__":
    LinearFlow()
