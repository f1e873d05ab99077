# ruff: noqa
from metaflow import FlowSpec, current, parallel, step


class ParallelFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.train, num_parallel=3)

    @parallel
    @step
    def train(self):
        self.rank = current.parallel.node_index
        self.world = current.parallel.num_nodes
        self.ip = current.parallel.main_ip
        self.next(self.join)

    @step
    def join(self, inputs):
        self.ranks = sorted(one.rank for one in inputs)
        self.worlds = {one.world for one in inputs}
        self.next(self.end)

    @step
    def end(self):
        print(self.ranks, self.worlds)


if __name__ == "__main__":
    ParallelFlow()
