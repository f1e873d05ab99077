"""The table of drift methods: what each is for, its threshold, and which one is chosen when none is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tenfold.base.errors import Invalid
from tenfold.monitoring import distances, kernel, significance, text
from tenfold.monitoring.pairs import Pair
from tenfold.monitoring.record import ColumnKind

if TYPE_CHECKING:
    import polars as pl

CustomMethod = Callable[["pl.Series", "pl.Series", ColumnKind, float], tuple[float, bool]]
"""`fn(reference, current, kind, threshold) -> (score, drifted)`: Polars series of the usable values, in the order of the rows."""
AnyMethod = str | CustomMethod


@dataclass(frozen=True)
class Method:
    """`drifted` compares a score with a threshold; whether equality counts differs between methods, as in Evidently."""

    name: str
    title: str
    score: Callable[[Pair], float]
    threshold: float
    score_is: Literal["distance", "p-value"]
    kinds: tuple[ColumnKind, ...]
    equal_counts: bool = False
    judge: Callable[[Pair, float, float], bool] | None = None
    """Says drift from pair, score and threshold, where comparing the two is not enough."""

    def drifted(self, pair: Pair, score: float, threshold: float) -> bool:
        """True when the score says drift."""
        return self.exceeds(score, threshold) if self.judge is None else self.judge(pair, score, threshold)

    def exceeds(self, score: float, threshold: float) -> bool:
        """True when the score is on the far side of the threshold."""
        if score == threshold:
            return self.equal_counts
        return score > threshold if self.score_is == "distance" else score < threshold


_NUMBER: tuple[ColumnKind, ...] = ("number",)
_BOTH: tuple[ColumnKind, ...] = ("number", "category")
_TEXT: tuple[ColumnKind, ...] = ("text",)

METHODS = {
    method.name: method
    for method in (
        Method("ks", "Kolmogorov-Smirnov", significance.kolmogorov_smirnov, 0.05, "p-value", _NUMBER, True),
        Method("wasserstein", "Wasserstein (normed)", distances.wasserstein, 0.1, "distance", _NUMBER, True),
        Method("psi", "PSI", distances.psi, 0.1, "distance", _BOTH, True),
        Method("jensenshannon", "Jensen-Shannon", distances.jensen_shannon, 0.1, "distance", _BOTH, True),
        Method("kl_div", "Kullback-Leibler", distances.kl_divergence, 0.1, "distance", _BOTH, True),
        Method("hellinger", "Hellinger", distances.hellinger, 0.1, "distance", _BOTH, True),
        Method("chisquare", "chi-square", significance.chi_square, 0.05, "p-value", _BOTH),
        Method("z", "Z-test", significance.proportions, 0.05, "p-value", _BOTH),
        Method("fisher_exact", "Fisher's exact", significance.fisher_exact, 0.1, "p-value", _BOTH),
        Method("g_test", "G-test", significance.g_test, 0.1, "p-value", _BOTH),
        Method("TVD", "total variation", significance.total_variation_permuted, 0.1, "p-value", _BOTH),
        Method("anderson", "Anderson-Darling", significance.anderson_darling, 0.1, "p-value", _NUMBER),
        Method("cramer_von_mises", "Cramér-von Mises", significance.cramer_von_mises, 0.1, "p-value", _NUMBER, True),
        Method("mannw", "Mann-Whitney", significance.mann_whitney, 0.05, "p-value", _NUMBER),
        Method("t_test", "t-test", significance.student_t, 0.05, "p-value", _NUMBER),
        Method("es", "Epps-Singleton", significance.epps_singleton, 0.05, "p-value", _NUMBER),
        Method("ed", "energy distance", significance.energy, 0.1, "distance", _NUMBER),
        Method("empirical_mmd", "maximum mean discrepancy", kernel.empirical_mmd, 0.1, "p-value", _NUMBER),
        Method("perc_text_content_drift", "text classifier, against chance", text.domain_auc, 0.95, "distance", _TEXT, judge=text.beyond_chance),
        Method("abs_text_content_drift", "text classifier", text.domain_auc, 0.55, "distance", _TEXT, judge=text.beyond_threshold),
    )
}  # fmt: skip
"""By Evidently's name, with its threshold."""

CUSTOM_THRESHOLD = 0.05
"""What a function is told when no threshold was given."""
SMALL_ROWS = 1000
"""Up to so many reference rows a test is chosen, above a distance."""


def default_method(pair: Pair) -> Method:
    """Evidently's choice, from the reference's usable rows and the different values of both sides."""
    large = pair.reference.count > SMALL_ROWS
    if pair.kind == "text":
        return METHODS["abs_text_content_drift" if large else "perc_text_content_drift"]
    few = pair.kind == "category" or pair.distinct <= 5
    if large:
        return METHODS["jensenshannon" if few else "wasserstein"]
    return METHODS[("chisquare" if pair.distinct > 2 else "z") if few else "ks"]


def method_named(asked: AnyMethod, threshold: float | None = None) -> Method:
    """The method of that name, or one made of a function. Raises Invalid when there is none of that name."""
    if callable(asked):
        return _custom(asked, CUSTOM_THRESHOLD if threshold is None else threshold)
    method = METHODS.get(asked)
    if method is None:
        raise Invalid(f"There is no drift method {asked!r}. There are: {', '.join(METHODS)}", field="methods")
    return method


def _custom(function: CustomMethod, threshold: float) -> Method:
    """A user's function as a method for every kind; it decides itself what drift is."""
    said: dict[str, bool] = {}

    def score(pair: Pair) -> float:
        found, said["drifted"] = function(pair.reference.values, pair.current.values, pair.kind, threshold)
        return float(found)

    def judge(_: Pair, score: float, threshold: float) -> bool:
        return bool(said["drifted"])

    name = getattr(function, "__name__", type(function).__name__)
    kinds: tuple[ColumnKind, ...] = ("number", "category", "text")
    return Method(name, name, score, threshold, "distance", kinds, judge=judge)
