"""What runs in the containers of an exported pipeline: functions that call `tenfold step`, as KFP's components are."""

BOOT = """program_path=$(mktemp -d)
printf "%s" "$0" > "$program_path/ephemeral_component.py"
_KFP_RUNTIME=true {python} -m kfp.dsl.executor_main --component_module_path "$program_path/ephemeral_component.py" "$@"
"""

INSTALL = """{python} -m pip install --quiet --no-warn-script-location {packages}
"""

STEPS = '''import json
import os
import subprocess
import sys

FOLDER = {folder}  # that the steps run in


def tenfold(*words: str, may_fail: bool = False) -> str:
    """Run `tenfold step ...` and give what it printed; what the step prints is this container's log."""
    environ = {{**{environ}, **os.environ}}
    command = [{python}, "-m", "tenfold", "step", *words]
    done = subprocess.run(command, cwd=FOLDER, env=environ, stdout=subprocess.PIPE, text=True)
    if done.returncode == 99:
        print("skipped")
    elif done.returncode == 5 and may_fail:
        print("failed, as an item of this step may: the steps that take the list get None in its place")
    elif done.returncode:
        sys.exit(f"tenfold step {{' '.join(words)}} ended with exit code {{done.returncode}}")
    return done.stdout.strip()


def begin(tenfold_key: str{params}) -> str:
    given = {given}
    params = json.dumps({{name: value for name, value in given.items() if value is not None}})
    return tenfold("begin", {address}, "--key", tenfold_key, "--engine", "Kubeflow", "--params", params{project})


def step(run: str, key: str):
    tenfold("run", "--here", run, key)


def items(run: str, key: str) -> list:
    count = int(tenfold("run", "--here", run, key) or 0)
    return [f"{{run}} {{key}}[{{index}}]" for index in range(count)]


def item(place: str):
    run, _, key = place.partition(" ")
    tenfold("run", "--here", run, key)


def item_that_may_fail(place: str):
    run, _, key = place.partition(" ")
    tenfold("run", "--here", run, key, may_fail=True)


def decide(run: str, key: str) -> bool:
    return tenfold("decide", run, key) == "true"


def end(run: str):
    tenfold("end", run)
'''
