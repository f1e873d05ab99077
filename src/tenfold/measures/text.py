"""Texts against references by simple measures: no model is asked.

Each is 0 to 1, where 1 is the same text; `length_ratio` alone has no end. A text is compared with the best of its references where there are several.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tenfold.measures.arrays import Floats, Ints, added, ratio

BLEU_ORDER = 4
CHRF_ORDER = 6
CHRF_BETA = 2.0
PER_ROW = (
    "exact_match",
    "normalized_exact_match",
    "token_f1",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "edit_similarity",
    "length_ratio",
)
_APART = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)
"""What mteval-v13a sets apart: signs; stops and commas but between digits; dashes after digits."""
_ESCAPED = (("<skipped>", ""), ("-\n", ""), ("\n", " "), ("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_DROPPED = str.maketrans("", "", string.punctuation)
_LETTERS = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Texts:
    """Measures of each text (rows, 8) in the order of `PER_ROW`, and counts (rows, ...) that BLEU and chrF sum up."""

    values: Floats
    bleu: Floats
    chrf: Floats
    weights: Floats

    @property
    def rows(self) -> int:
        return int(self.values.shape[0])

    def take(self, rows: Any) -> Texts:
        """These texts only."""
        return Texts(self.values[rows], self.bleu[rows], self.chrf[rows], self.weights[rows])

    def sums(self, groups: Ints, count: int) -> Floats:
        """(count, …): weight, the measures, and the counts of BLEU and chrF, each by weight."""
        each = np.concatenate([np.ones((self.rows, 1)), self.values, self.bleu, self.chrf], axis=1)
        return added(list((each * self.weights[:, None]).T), groups, count)

    def finish(self, sums: Floats) -> dict[str, Floats]:
        """Means of the measures, and BLEU and chrF of the corpus."""
        end = 1 + len(PER_ROW)
        found = {name: ratio(sums[:, 1 + i], sums[:, 0]) for i, name in enumerate(PER_ROW)}
        counts = end + self.bleu.shape[1]
        return found | {"bleu": bleu_of(sums[:, end:counts]), "chrf": chrf_of(sums[:, counts:])}

    def rest(self) -> dict[str, float]:
        """Nothing: all are functions of sums."""
        return {}


def texts(references: Sequence[str | Sequence[str]], answers: Sequence[str], weights: Any = None) -> Texts:
    """Measure each answer against its reference, or the best of several.

    exact_match; normalized_exact_match and token_f1 as SQuAD's (lower case, no articles, no punctuation; Rajpurkar et
    al. 2016); rouge_1, rouge_2, rouge_l as F1 over lower-case words without stemming (Lin 2004); edit_similarity is 1
    less Levenshtein's distance by the longer length; bleu of the corpus up to 4-grams with the brevity penalty (Papineni et al.
    2002), words as mteval-v13a has them and missing n-grams smoothed as it does, which is sacreBLEU's default; chrf of the
    corpus, characters 1 to 6, beta 2, no white space (Popović 2015). Both are shares, sacreBLEU's are in percent.
    """
    rows, bleu, chrf = [], [], []
    for given, answer in zip(references, answers, strict=True):
        several = [given] if isinstance(given, str) else list(given)
        rows.append(np.max([_row(reference, answer) for reference in several], axis=0))
        bleu.append(_bleu_counts(several, answer))
        parts = [_chrf_counts(reference, answer) for reference in several]
        chrf.append(parts[int(np.argmax(np.nan_to_num(chrf_of(np.array(parts, np.float64)))))])
    weight = np.ones(len(rows)) if weights is None else np.asarray(weights, np.float64)
    return Texts(np.array(rows, np.float64), np.array(bleu, np.float64), np.array(chrf, np.float64), weight)


def normalized(text: str) -> str:
    """Lower case, without articles, punctuation and doubled white space."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_DROPPED)).split())


def words_of(text: str) -> list[str]:
    """Words and signs as mteval-v13a, the script of the WMT campaigns, sets them apart.

    >>> words_of("It cost 1,200.5 (net).")
    ['It', 'cost', '1,200.5', '(', 'net', ')', '.']
    """
    for written, meant in _ESCAPED:
        text = text.replace(written, meant)
    text = f" {text} "
    for found, apart in _APART:
        text = found.sub(apart, text)
    return text.split()


def edit_distance(a: str, b: str) -> int:
    """Levenshtein's distance: insertions, deletions, replacements of characters."""
    if len(a) < len(b):
        a, b = b, a
    if not b:
        return len(a)
    of_b = np.frombuffer(b.encode("utf-32-le"), np.uint32)
    steps = np.arange(of_b.size + 1)
    before = steps.copy()
    for place, letter in enumerate(np.frombuffer(a.encode("utf-32-le"), np.uint32), 1):
        least = np.minimum(before[1:] + 1, before[:-1] + (of_b != letter))
        # an insertion costs one a step: the running minimum of what remains after those steps are taken off
        before = np.minimum.accumulate(np.concatenate([[place], least]) - steps) + steps
    return int(before[-1])


def bleu_of(counts: Floats) -> Floats:
    """BLEU of each row of (rows, 10): matches and totals of 1- to 4-grams, length of answers and of references."""
    matches, totals = counts[:, :BLEU_ORDER], counts[:, BLEU_ORDER : 2 * BLEU_ORDER]
    answer, reference = counts[:, -2], counts[:, -1]
    missed = (matches == 0) & (totals > 0)
    halved = 0.5 ** np.cumsum(missed, axis=1)  # each order without a match counts half as much as the one before it
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(totals > 0, np.where(missed, halved, matches) / totals, 0.0)
        mean = np.where(matches.any(1), np.exp(np.log(precision).mean(1)), 0.0)
        brevity = np.where(answer >= reference, 1.0, np.exp(1 - reference / answer))
    return np.where(answer > 0, np.nan_to_num(mean * brevity), np.where(reference > 0, 0.0, np.nan))


def chrf_of(counts: Floats) -> Floats:
    """chrF of each row of (rows, 18): matches, and n-grams of answers and of references, of lengths 1 to 6."""
    match, answer, reference = (
        counts[:, :CHRF_ORDER],
        counts[:, CHRF_ORDER : 2 * CHRF_ORDER],
        counts[:, 2 * CHRF_ORDER :],
    )
    seen = (answer > 0) & (reference > 0)
    orders = seen.sum(1)
    precision = ratio(np.where(seen, match / np.maximum(answer, 1), 0).sum(1), orders)
    recall = ratio(np.where(seen, match / np.maximum(reference, 1), 0).sum(1), orders)
    square = CHRF_BETA**2
    found = np.nan_to_num(ratio((1 + square) * precision * recall, square * precision + recall))
    return np.where((answer.sum(1) + reference.sum(1)) > 0, found, np.nan)


def _row(reference: str, answer: str) -> list[float]:
    plain, given = normalized(reference), normalized(answer)
    words, said = _LETTERS.findall(reference.lower()), _LETTERS.findall(answer.lower())
    longest = max(len(reference), len(answer))
    return [
        float(reference == answer),
        float(plain == given),
        _overlap(Counter(plain.split()), Counter(given.split())),
        _overlap(Counter(words), Counter(said), of_nothing=0.0),
        _overlap(Counter(pairwise(words)), Counter(pairwise(said)), of_nothing=0.0),
        _harmonic(_common(words, said), len(said), len(words), of_nothing=0.0),
        1 - edit_distance(reference, answer) / longest if longest else 1.0,
        len(answer) / len(reference) if reference else float(not answer),
    ]


def _overlap(a: Counter[Any], b: Counter[Any], *, of_nothing: float = 1.0) -> float:
    return _harmonic(sum((a & b).values()), sum(b.values()), sum(a.values()), of_nothing=of_nothing)


def _harmonic(match: int, answer: int, reference: int, *, of_nothing: float) -> float:
    """`of_nothing` where neither has anything: SQuAD calls that equal, ROUGE does not."""
    if answer == 0 or reference == 0:
        return of_nothing if answer == reference else 0.0
    return 2 * match / (answer + reference)


def _common(a: list[str], b: list[str]) -> int:
    """Length of the longest common subsequence (Hunt and Szymanski's bits: Hyyrö 2004)."""
    if not a or not b:
        return 0
    where: dict[str, int] = {}
    for place, word in enumerate(a):
        where[word] = where.get(word, 0) | (1 << place)
    full = (1 << len(a)) - 1
    row = full
    for word in b:
        both = row & where.get(word, 0)
        row = ((row + both) | (row - both)) & full
    return len(a) - row.bit_count()


def _grams(items: Sequence[Any], n: int) -> Counter[Any]:
    return Counter(tuple(items[i : i + n]) for i in range(len(items) - n + 1))


def _bleu_counts(references: Sequence[str], answer: str) -> list[float]:
    said, given = words_of(answer), [words_of(reference) for reference in references]
    matches, totals = [], []
    for n in range(1, BLEU_ORDER + 1):
        grams = _grams(said, n)
        most: Counter[Any] = Counter()
        for words in given:
            most |= _grams(words, n)
        matches.append(sum((grams & most).values()))
        totals.append(max(len(said) - n + 1, 0))
    nearest = min((abs(len(words) - len(said)), len(words)) for words in given)[1]
    return [*matches, *totals, len(said), nearest]


def _chrf_counts(reference: str, answer: str) -> list[float]:
    given, said = "".join(reference.split()), "".join(answer.split())
    found: list[list[float]] = [[], [], []]
    for n in range(1, CHRF_ORDER + 1):
        a, b = _slices(given, n), _slices(said, n)
        found[0].append(sum((a & b).values()))
        found[1].append(max(len(said) - n + 1, 0) if a else 0)
        found[2].append(max(len(given) - n + 1, 0))
    return found[0] + found[1] + found[2]


def _slices(text: str, n: int) -> Counter[str]:
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))
