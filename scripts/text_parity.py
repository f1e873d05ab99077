"""Write tests/golden/texts.json: what sacreBLEU 2.5.1 and rouge-score 0.1.2 say of texts.

Run by `make texts`, in an environment of its own. Nothing of Tenfold is imported. The file holds the texts too:
{case: {"references": [[text, ...], ...], "answers": [text, ...], "bleu", "chrf", "rouge": [[rouge1, rouge2, rougeL], ...]}},
all as shares of 1.
"""

from __future__ import annotations

import json
import random
from itertools import zip_longest
from pathlib import Path
from typing import Any

from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU, CHRF

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "texts.json"
SAID = """the gate of flight AA-1200 is closed, because a storm (from the north) delayed 3.5 % of crews; they're "late"
again & again - at 12:30 - café naïve 1,000.50 U.S. e-mail don't stop. why? http://a.b/c -5 <b> x/y snow"""
WORDS = SAID.split()
AWKWARD = [
    ([""], ""), (["a"], ""), ([""], "a b c d e"), (["a b c d"], "a b c d"), (["a b"], "b a"), (["x"], "y"), (["ab"], "abc def"),
    (["It's 5&quot; wide &amp; 3-4 long."], 'It is 5" wide & 3-4 long .'), (["Über größe — ja"], "über grosse - ja"), (["日本 の 空"], "日本 の 海"),
    (["line one\nline two"], "line one line two"), (["a a a a a a"], "a a"), (["the the the"], "the cat sat on the mat"),
]  # fmt: skip


def main() -> None:
    """Make the file anew."""
    cases = {f"drawn {seed}": _drawn(seed) for seed in range(6)}
    cases |= {f"awkward {i}": ([references], [answer]) for i, (references, answer) in enumerate(AWKWARD)}
    cases["awkward, together"] = ([references for references, _ in AWKWARD], [answer for _, answer in AWKWARD])
    found = {name: _judged(*case) for name, case in cases.items()}
    GOLDEN.write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n")
    print(f"{len(found)} cases, {GOLDEN.stat().st_size:,} bytes")


def _drawn(seed: int) -> tuple[list[list[str]], list[str]]:
    """Sentences, and answers that leave out, change and move words; half of the sets have up to three references."""
    draw = random.Random(seed)
    references, answers = [], []
    for _ in range(40):
        several = [
            " ".join(draw.choices(WORDS, k=draw.randint(1, 25))) for _ in range(draw.randint(1, 3) if seed % 2 else 1)
        ]
        words = [
            draw.choice(WORDS) if draw.random() < 0.15 * seed / 2 else word
            for word in several[0].split()
            if draw.random() > 0.1
        ]
        if draw.random() < 0.2:
            draw.shuffle(words)
        references.append(several)
        answers.append(" ".join(words))
    return references, answers


def _judged(references: list[list[str]], answers: list[str]) -> dict[str, Any]:
    streams = [list(stream) for stream in zip_longest(*references)]
    rouge = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"])
    scores = [rouge.score_multi(several, answer) for several, answer in zip(references, answers, strict=True)]
    return {
        "references": references, "answers": answers, "bleu": BLEU().corpus_score(answers, streams).score / 100,
        "chrf": CHRF().corpus_score(answers, streams).score / 100,
        "rouge": [[score[kind].fmeasure for kind in ("rouge1", "rouge2", "rougeL")] for score in scores],
    }  # fmt: skip


if __name__ == "__main__":
    main()
