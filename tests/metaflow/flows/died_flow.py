# ruff: noqa
import os
import signal

from metaflow import FlowSpec, catch, step


class DiedFlow(FlowSpec):
    @catch(var="gone", print_exception=False)
    @step
    def start(self):
        self.lost = 1
        os.kill(os.getpid(), signal.SIGKILL)
        self.next(self.end)

    @step
    def end(self):
        self.was = [bool(self.gone), hasattr(self, "lost"), self.gone.type.rpartition(".")[2]]
        print(self.was)


if __name__ == "__main__":
    DiedFlow()
