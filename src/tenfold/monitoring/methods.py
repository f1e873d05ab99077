"""The table of drift methods: what each is for, its threshold, and which one is chosen when none is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tenfold.base.errors import Invalid
from tenfold.monitoring import distances, significance
from tenfold.monitoring.pairs import Pair
from tenfold.monitoring.record import ColumnKind


@dataclass(frozen=True)
class Method:
    """`drifted` compares a score with a threshold; whether equality counts differs between methods, as in Evidently."""

    name: str
    title: str
    score: Callable[[Pair], float]
    threshold: float
    score_is: Literal["distance", "p-value"]
    kinds: tuple[ColumnKind, ...]
    equal_counts: bool

    def drifted(self, score: float, threshold: float) -> bool:
        """True when the score says drift."""
        if score == threshold:
            return self.equal_counts
        return score > threshold if self.score_is == "distance" else score < threshold


_NUMBER: tuple[ColumnKind, ...] = ("number",)
_BOTH: tuple[ColumnKind, ...] = ("number", "category")

METHODS = {
    method.name: method
    for method in (
        Method("ks", "Kolmogorov-Smirnov", significance.kolmogorov_smirnov, 0.05, "p-value", _NUMBER, True),
        Method("wasserstein", "Wasserstein (normed)", distances.wasserstein, 0.1, "distance", _NUMBER, True),
        Method("psi", "PSI", distances.psi, 0.1, "distance", _BOTH, True),
        Method("jensenshannon", "Jensen-Shannon", distances.jensen_shannon, 0.1, "distance", _BOTH, True),
        Method("kl_div", "Kullback-Leibler", distances.kl_divergence, 0.1, "distance", _BOTH, True),
        Method("hellinger", "Hellinger", distances.hellinger, 0.1, "distance", _BOTH, True),
        Method("chisquare", "chi-square", significance.chi_square, 0.05, "p-value", _BOTH, False),
        Method("z", "Z-test", significance.proportions, 0.05, "p-value", _BOTH, False),
        Method("fisher_exact", "Fisher's exact", significance.fisher_exact, 0.1, "p-value", _BOTH, False),
        Method("g_test", "G-test", significance.g_test, 0.1, "p-value", _BOTH, False),
        Method("TVD", "total variation", significance.total_variation_permuted, 0.1, "p-value", _BOTH, False),
        Method("anderson", "Anderson-Darling", significance.anderson_darling, 0.1, "p-value", _NUMBER, False),
        Method("cramer_von_mises", "Cramér-von Mises", significance.cramer_von_mises, 0.1, "p-value", _NUMBER, True),
        Method("mannw", "Mann-Whitney", significance.mann_whitney, 0.05, "p-value", _NUMBER, False),
        Method("t_test", "t-test", significance.student_t, 0.05, "p-value", _NUMBER, False),
        Method("es", "Epps-Singleton", significance.epps_singleton, 0.05, "p-value", _NUMBER, False),
        Method("ed", "energy distance", significance.energy, 0.1, "distance", _NUMBER, False),
    )
}
"""By Evidently's name, with its threshold. `empirical_mmd` and the text methods are not here."""

SMALL_ROWS = 1000
"""Up to so many reference rows a test is chosen, above a distance."""


def default_method(pair: Pair) -> Method:
    """Evidently's choice, from the reference's usable rows and the different values of both sides."""
    few = pair.kind == "category" or pair.distinct <= 5
    if pair.reference.count > SMALL_ROWS:
        return METHODS["jensenshannon" if few else "wasserstein"]
    return METHODS[("chisquare" if pair.distinct > 2 else "z") if few else "ks"]


def method_named(name: str, kind: ColumnKind) -> Method:
    """The method of that name. Raises Invalid when there is none or it is not for this kind of column."""
    method = METHODS.get(name)
    if method is None:
        raise Invalid(f"There is no drift method {name!r}. There are: {', '.join(METHODS)}", field="methods")
    if kind not in method.kinds:
        fitting = ", ".join(other.name for other in METHODS.values() if kind in other.kinds)
        raise Invalid(f"The method {name} is not for a column of kind {kind}. For that: {fitting}", field="methods")
    return method
