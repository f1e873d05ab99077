"""Will a taxi ride be tipped well? TFX's first pipeline, from a CSV file to a model behind an endpoint.

python rides.py                                 # writes rides.csv
tenfold run taxi.py:taxi                        # a second time all of it is found in the cache
tenfold serve model:taxi@champion --port 8080   # takes raw rows: the transform is in the model
"""

from sklearn.ensemble import GradientBoostingClassifier

import tenfold
from tenfold import components as c

RULES = [tenfold.Rule("roc_auc", at_least=0.6), tenfold.Rule("roc_auc", not_worse_by=0.01, first="pass")]


def preprocess(column):
    """Features from the raw columns; what is fitted is fitted on training rows."""
    minutes = column["trip_seconds"] / 60
    return {
        "miles": c.scale_to_z_score(c.fill_missing(column["trip_miles"])),
        "log_fare": c.scale_to_0_1(c.log1p(column["fare"])),
        "pace": c.fill_missing(minutes / column["trip_miles"]),
        "hour": c.bucketize(column["trip_start_hour"], 4),
        "company": c.one_hot(c.fill_missing(column["company"], "unknown"), top=5),
        "cash": column["payment_type"] == "Cash",
    }


@tenfold.pipeline
def taxi(rides: str = "rides.csv", trees: int = 60):
    """Ingest, split, check, transform, train, judge beside the champion, and push what is blessed."""
    train, holdout, _ = c.split(c.ingest(rides), train=2, eval=1)
    schema = c.infer_schema(c.statistics(train), labels=["tipped"], name="taxi")
    checked = c.validate(c.statistics(holdout), schema)
    fitted = c.transform.after(checked)(preprocess, train)
    model = c.train(
        GradientBoostingClassifier(random_state=7), train, "tipped", fitted, "taxi", {"n_estimators": trees}
    )
    judged = c.evaluate(model, holdout, "tipped", ["company"], baseline=c.champion("taxi", unless=model))
    return c.push(c.bless(judged, RULES))
