# ruff: noqa
import json

from metaflow import Config, FlowSpec, IncludeFile, JSONType, Parameter, config_expr, current, project, retry, step


def parse(text):
    return dict(line.split(": ") for line in text.splitlines() if line)


@project(name=config_expr("settings.team"))
class GivenFlow(FlowSpec):
    settings = Config("settings", default="settings.json")
    lines = Config("lines", default_value="a: 1\nb: 2", parser=parse)
    number = Parameter("number", default=3, help="a number")
    ratio = Parameter("ratio", type=float, default=settings.ratio)
    flag = Parameter("flag", default=False, type=bool)
    words = Parameter("words", default="x,y", separator=",")
    shape = Parameter("shape", type=JSONType, default='{"a": [1, 2]}')
    late = Parameter("late", default=lambda context: f"of {context.parameter_name}")
    none = Parameter("none-given", default=None)
    must = Parameter("must", required=True)
    text = IncludeFile("text", default="text.txt")
    raw = IncludeFile("raw", is_text=False, default="text.txt")
    CONSTANT = {"k": (1, 2)}

    @retry(times=settings.times, minutes_between_retries=0)
    @step
    def start(self):
        self.tried = current.retry_count
        if self.tried < 2:
            raise RuntimeError("again")
        self.all = [self.number, self.ratio, self.flag, self.words, self.shape, self.late, self.none, self.must]
        self.config = [self.settings.team, self.settings["deep"]["x"], self.settings.deep.y[0].z, dict(self.lines)]
        self.files = [self.text, len(self.raw), type(self.raw).__name__]
        self.project = [current.project_name, current.is_production]
        try:
            self.number = 9
        except AttributeError as error:
            self.refused = str(error)
        self.next(self.end)

    @step
    def end(self):
        print(json.dumps(self.all), self.config, self.files, self.refused, current.get("no such", "none"))
        print(sorted(current.parameter_names), current.flow_name, self.CONSTANT)


if __name__ == "__main__":
    GivenFlow()
