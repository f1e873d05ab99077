"""Data and schemas that the real TFDV and Tenfold are both asked about: hand-made ones, and frames mutated at random.

A case: columns of training data, which the schema is inferred from by TFDV's rules; what is added to that schema, as
text proto; columns of current data; and what else is compared with. Needs nothing but Python's standard library.
"""

from __future__ import annotations

import random
from typing import Any

Columns = dict[str, list[Any]]
NAN, INF = float("nan"), float("inf")


def base(rows: int = 40, seed: int = 0) -> Columns:
    """A small table with a column of each kind."""
    chance = random.Random(seed)
    return {
        "carrier": [chance.choice(["UA", "DL", "AA"]) for _ in range(rows)],
        "seats": [chance.randint(50, 300) for _ in range(rows)],
        "delay": [round(chance.gauss(5, 20), 1) for _ in range(rows)],
        "gate": [chance.choice(["A1", "B2", None]) for _ in range(rows)],
        "jet": [1, 0] + [chance.randint(0, 1) for _ in range(rows - 2)],
        "flag": ["true", "false"] + [chance.choice(["true", "false"]) for _ in range(rows - 2)],
        "code": [str(chance.randint(10, 99)) for _ in range(rows)],
        "tail": [f"N{i:05d}" for i in range(rows)] if rows > 100 else [f"N{chance.randint(0, 9)}" for _ in range(rows)],
        "legs": [[chance.randint(1, 9) for _ in range(chance.randint(1, 3))] for _ in range(rows)],
        "pair": [[chance.random(), chance.random()] for _ in range(rows)],
        "late": [chance.randint(0, 1) for _ in range(rows)],
    }


def first(values: list[Any], *new: Any) -> list[Any]:
    """The column with its first values replaced."""
    return [*new, *values[len(new) :]]


def _one(name: str, column: str, values: Any, **more: Any) -> dict[str, Any]:
    """A case in which one column of the current data is another."""
    training, current = base(), base()
    changed = values(current[column]) if callable(values) else values
    return {"name": name, "training": training, "current": {**current, column: changed}, **more}


def _hand() -> list[dict[str, Any]]:
    table = base()
    rows = len(table["seats"])
    few = {name: values[:10] for name, values in table.items()}
    return [
        {"name": "the same data", "training": table, "current": table},
        {"name": "other data of the same kind", "training": base(400), "current": base(400, seed=1)},
        {"name": "a new column", "training": table, "current": {**table, "extra": [1] * rows}},
        {"name": "a column gone", "training": table, "current": {n: v for n, v in table.items() if n != "carrier"}},
        {"name": "a column gone that was sometimes missing", "training": table, "current": {n: v for n, v in table.items() if n != "gate"}},
        {"name": "an optional column gone", "training": {**table, "void": [None] * rows}, "current": table},
        {"name": "an empty column stays empty", "training": {**table, "void": [None] * rows}, "current": {**table, "void": [None] * rows}},
        {"name": "an empty column is filled", "training": {**table, "void": [None] * rows}, "current": {**table, "void": ["x"] * rows}},
        {"name": "an empty column gets numbers", "training": {**table, "void": [None] * rows}, "current": {**table, "void": [1] * rows}},
        {"name": "few rows", "training": table, "current": few, "schema": "dataset_constraints { min_examples_count: 20 }"},
        {"name": "enough rows", "training": table, "current": few, "schema": "dataset_constraints { min_examples_count: 10 }"},
        {"name": "many rows", "training": few, "current": table, "schema": "dataset_constraints { min_examples_count: 1 max_examples_count: 20 }"},
        {"name": "fewer rows than before", "training": table, "current": few, "previous": table, "schema": "dataset_constraints { num_examples_drift_comparator { min_fraction_threshold: 0.5 } }"},
        {"name": "more rows than before", "training": table, "current": table, "previous": few, "schema": "dataset_constraints { num_examples_drift_comparator { max_fraction_threshold: 2.0 } }"},
    ]  # fmt: skip


def _values() -> list[dict[str, Any]]:
    def limits(text: str) -> dict[str, str]:
        return {"seats": f"int_domain {{ {text} }}"}

    return [
        _one("a new word", "carrier", lambda v: first(v, "ZZ")),
        _one("many new words", "carrier", [f"W{i}" for i in range(40)]),
        _one("a word in capitals", "carrier", lambda v: first(v, "ua")),
        _one("an empty word", "carrier", lambda v: first(v, "")),
        _one("few new words, allowed", "carrier", lambda v: first(v, "ZZ"), features={"carrier": "distribution_constraints { min_domain_mass: 0.9 }"}),
        _one("new words, not so many allowed", "carrier", lambda v: first(v, *["ZZ"] * 8), features={"carrier": "distribution_constraints { min_domain_mass: 0.9 }"}),
        _one("mass without a domain", "tail", lambda v: v, features={"seats": "distribution_constraints { min_domain_mass: 0.9 }"}),
        _one("a word missing", "carrier", lambda v: first(v, None)),
        _one("all words missing", "carrier", [None] * 40),
        _one("a sometimes missing column is always there", "gate", ["A1"] * 40),
        _one("a sometimes missing column is never there", "gate", [None] * 40),
        _one("a sometimes missing column is twice in a row", "gate", lambda v: first(v, ["A1", "B2"])),
        _one("fewer than the least number", "gate", lambda v: first(["A1"] * 3 + [None] * 37), features={"gate": "presence { min_count: 10 }"}),
        _one("fewer than the least share", "gate", lambda v: first(["A1"] * 3 + [None] * 37), features={"gate": "presence { min_fraction: 0.5 }"}),
        _one("numbers instead of words", "carrier", list(range(40))),
        _one("floats instead of words", "carrier", [i + 0.5 for i in range(40)]),
        _one("words instead of numbers", "seats", ["many"] * 40),
        _one("words instead of limited numbers", "seats", ["many"] * 40, features=limits("min: 0 max: 500")),
        _one("digits instead of limited numbers", "seats", ["1000"] * 40, features=limits("min: 0 max: 500")),
        _one("floats instead of integers", "seats", [float(i) + 0.5 for i in range(40)]),
        _one("whole floats instead of integers", "seats", [float(i) for i in range(40)]),
        _one("integers instead of floats", "delay", list(range(40))),
        _one("words instead of floats", "delay", ["late"] * 40),
        _one("words instead of limited floats", "delay", ["late"] * 40, features={"delay": "float_domain { min: -100 max: 100 }"}),
        _one("a number too big", "seats", lambda v: first(v, 9999), features=limits("min: 0 max: 500")),
        _one("a number too small", "seats", lambda v: first(v, -1), features=limits("min: 0 max: 500")),
        _one("numbers too big and too small", "seats", lambda v: first(v, -1, 501), features=limits("min: 0 max: 500")),
        _one("numbers at the limits", "seats", lambda v: first(v, 0, 500), features=limits("min: 0 max: 500")),
        _one("a very big number", "seats", lambda v: first(v, 2**62), features=limits("max: 500")),
        _one("a float too big", "delay", lambda v: first(v, 1e6), features={"delay": "float_domain { max: 500 }"}),
        _one("a float too small", "delay", lambda v: first(v, -1e6), features={"delay": "float_domain { min: -500 }"}),
        _one("a float at a limit no binary number has", "delay", [0.1] * 40, features={"delay": "float_domain { min: 0.1 max: 0.1 }"}),
        _one("NaN, allowed", "delay", lambda v: first(v, NAN)),
        _one("NaN, not allowed", "delay", lambda v: first(v, NAN), features={"delay": "float_domain { disallow_nan: true }"}),
        _one("nothing but NaN, not allowed", "delay", [NAN] * 40, features={"delay": "float_domain { disallow_nan: true }"}),
        _one("infinity, allowed", "delay", lambda v: first(v, INF)),
        _one("infinity, not allowed", "delay", lambda v: first(v, INF), features={"delay": "float_domain { disallow_inf: true }"}),
        _one("minus infinity with a limit", "delay", lambda v: first(v, -INF), features={"delay": "float_domain { min: -500 disallow_inf: true }"}),
        _one("two where bits are", "jet", lambda v: first(v, 2)),
        _one("minus one where bits are", "jet", lambda v: first(v, -1)),
        _one("only ones where bits are", "jet", [1] * 40),
        _one("floats where bits are", "jet", [0.0, 1.0] * 20),
        _one("other floats where bits are", "jet", [0.0, 0.5] * 20),
        _one("words where bits are", "jet", ["yes", "no"] * 20),
        _one("another word where true and false are", "flag", lambda v: first(v, "perhaps")),
        _one("True in capitals", "flag", lambda v: first(v, "TRUE")),
        _one("bits where true and false are", "flag", [0, 1] * 20),
        _one("big numbers where true and false are", "flag", [0, 7] * 20),
        _one("a letter where digits are", "code", lambda v: first(v, "A7")),
        _one("nothing but digits where digits are", "code", ["5"] * 40),
        _one("digits with a fraction where digits are", "code", lambda v: first(v, "1.5")),
        _one("numbers where digits are", "code", [5] * 40),
        _one("bytes that are no text", "carrier", lambda v: first(v, b"\xff\xfe")),
        _one("bytes that are no text, where no domain is", "tail", [b"\xff\xfe"] * 40),
        _one("bytes that are no text, where true and false are", "flag", lambda v: first(v, b"\xff")),
        _one("an empty list", "legs", lambda v: first(v, [])),
        _one("a missing list", "legs", lambda v: first(v, None)),
        _one("a long list, no limit", "legs", lambda v: first(v, [1] * 20)),
        _one("a long list, limited", "legs", lambda v: first(v, [1] * 20), features={"legs": "value_count { max: 5 }"}),
        _one("a short list, limited", "legs", lambda v: first([[1, 2]] * 40, [1]), features={"legs": "value_count { min: 2 }"}),
        _one("three where two were", "pair", lambda v: first(v, [0.1, 0.2, 0.3])),
        _one("always three where two were", "pair", [[0.1, 0.2, 0.3]] * 40),
        _one("a pair missing", "pair", lambda v: first(v, None)),
        _one("a number too big in a list", "legs", lambda v: first(v, [1, 99]), features={"legs": "int_domain { max: 9 }"}),
        _one("too few different words", "tail", ["N1"] * 40, features={"tail": "unique_constraints { min: 3 max: 10 }"}),
        _one("too many different words", "tail", [f"N{i}" for i in range(40)], features={"tail": "unique_constraints { min: 3 max: 10 }"}),
        _one("as many different words as allowed", "tail", [f"N{i % 10}" for i in range(40)], features={"tail": "unique_constraints { min: 3 max: 10 }"}),
        _one("a share above one", "seats", lambda v: v, features={"seats": "presence { min_fraction: 1.5 }"}),
        _one("a domain of words for integers", "seats", lambda v: v, features={"seats": 'string_domain { value: "a" }'}),
        _one("a deprecated column breaks everything", "seats", ["x"] * 40, features={"seats": "lifecycle_stage: DEPRECATED"}),
    ]  # fmt: skip


def _compared() -> list[dict[str, Any]]:
    table = base(200)
    same, other = (
        base(200),
        {**base(200), "carrier": ["UA"] * 150 + ["DL"] * 50, "delay": [x * 0.1 + 50 for x in base(200)["delay"]]},
    )
    no_carrier = {name: values for name, values in table.items() if name != "carrier"}
    cases = []
    for which, control in (("drift", "previous"), ("skew", "serving")):
        linf = {"carrier": f"{which}_comparator {{ infinity_norm {{ threshold: 0.2 }} }}"}
        norm = {"carrier": f"{which}_comparator {{ normalized_abs_difference {{ threshold: 0.1 }} }}"}
        js = {"delay": f"{which}_comparator {{ jensen_shannon_divergence {{ threshold: 0.3 }} }}"}
        words = {"carrier": f"{which}_comparator {{ jensen_shannon_divergence {{ threshold: 0.05 }} }}"}
        for name, features in (
            ("L-infinity", linf),
            ("normalised", norm),
            ("divergence", js),
            ("divergence of words", words),
        ):
            cases += [
                {"name": f"{which} {name}: far", "training": table, "current": other, control: same, "features": features},
                {"name": f"{which} {name}: near", "training": table, "current": base(200, seed=3) if name == "L-infinity" else same, control: same, "features": features},
                {"name": f"{which} {name}: nothing to compare with", "training": table, "current": other, "features": features},
            ]  # fmt: skip
        cases.append(
            {
                "name": f"{which}: the column is not there",
                "training": table,
                "current": same,
                control: no_carrier,
                "features": linf,
            }
        )
        for said, control_values in (("numbers", list(range(200))), ("nothing", [None] * 200)):
            for name, features in (("L-infinity", linf), ("normalised", norm), ("divergence", words)):
                beside = {**same, "carrier": control_values}
                cases.append({"name": f"{which} {name}: words beside {said}", "training": table, "current": same, control: beside, "features": features})  # fmt: skip
        odd = {**same, "delay": [NAN] * 100 + same["delay"][100:]}
        cases.append(
            {"name": f"{which} divergence: NaN", "training": table, "current": odd, control: same, "features": js}
        )
        infinite = {**same, "delay": [INF] * 150 + same["delay"][150:]}
        cases.append(
            {
                "name": f"{which} divergence: infinities",
                "training": table,
                "current": infinite,
                control: same,
                "features": js,
            }
        )
        constant = {**same, "delay": [3.0] * 200}
        cases.append(
            {
                "name": f"{which} divergence: constant",
                "training": table,
                "current": constant,
                control: same,
                "features": js,
            }
        )
        cases.append(
            {
                "name": f"{which} divergence: both constant",
                "training": table,
                "current": constant,
                control: constant,
                "features": js,
            }
        )
    return cases


def _environments() -> list[dict[str, Any]]:
    both = 'default_environment: "TRAINING" default_environment: "SERVING"'
    label = {"late": 'not_in_environment: "SERVING"'}
    added = {"late": 'in_environment: "SERVING"'}
    table = base()
    unlabelled = {name: values for name, values in table.items() if name != "late"}
    empty = {**table, "late": [None] * 40}
    return [
        {"name": f"environment {environment}: {name}", "training": table, "current": data, "schema": both, "features": features, "environment": environment}
        for environment in ("TRAINING", "SERVING")
        for name, data, features in (
            ("label there", table, label), ("label gone", unlabelled, label), ("label empty", empty, label), ("added, gone", unlabelled, added),
        )
    ]  # fmt: skip


def _random(count: int) -> list[dict[str, Any]]:
    """Tables with several columns mutated at once, limits on some, environments on others."""
    cases = []
    for seed in range(count):
        chance = random.Random(1000 + seed)
        training, current = base(60, seed), base(60, seed + 500)
        features = {
            "seats": "int_domain { min: 60 max: 290 }",
            "delay": "float_domain { min: -40 max: 50 disallow_nan: true disallow_inf: true }",
        }
        for column in chance.sample(list(current), chance.randint(2, 6)):
            mutate = chance.choice(_MUTATIONS)
            mutated = mutate(current[column], chance)
            if mutated is None:
                del current[column]
            else:
                current[column] = mutated
        if chance.random() < 0.3:
            current["extra"] = [chance.random() for _ in range(60)]
        cases.append({"name": f"mutated {seed}", "training": training, "current": current, "features": features})
    return cases


def _replace(values: list[Any], chance: random.Random, new: Any) -> list[Any]:
    hit = set(chance.sample(range(len(values)), chance.randint(1, len(values))))
    return [new if i in hit else value for i, value in enumerate(values)]


def _scalar(values: list[Any]) -> Any:
    value = next((value for value in values if value is not None), None)
    return value[0] if isinstance(value, list) and value else value


def _outside(values: list[Any], chance: random.Random) -> list[Any]:
    """Another value of the same type: a stranger, or a number far out."""
    sample = _scalar(values)
    new: Any = (
        chance.choice(["ZZ", "", "7", "true"]) if isinstance(sample, (str, bytes)) else chance.choice([-7, 2, 10**6])
    )
    if isinstance(sample, float):
        new = chance.choice([NAN, INF, -1e9, 0.0])
    return _replace(values, chance, [new] if isinstance(values[0], list) else new)


_MUTATIONS: list[Any] = [
    _outside,
    _outside,
    lambda values, chance: _replace(values, chance, None),
    lambda values, chance: [None] * len(values),
    lambda values, chance: [chance.choice([0, 1]) for _ in values],
    lambda values, chance: [chance.random() * 10 for _ in values],
    lambda values, chance: [str(chance.randint(0, 99)) for _ in values],
    lambda values, chance: [chance.choice(["true", "false"]) for _ in values],
    lambda values, chance: [b"\xff\x01" if chance.random() < 0.5 else b"ok" for _ in values],
    lambda values, chance: [[1, 2] if chance.random() < 0.5 else [3] for _ in values],
    lambda values, chance: [[] if chance.random() < 0.2 else [1, 2, 3] for _ in values],
    lambda values, chance: None,
]

CASES = [*_hand(), *_values(), *_compared(), *_environments(), *_random(40)]
