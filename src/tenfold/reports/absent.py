"""Names of Evidently that are not here, and what to use instead. Importing one from `tenfold.reports` says so."""

from __future__ import annotations

_JUDGE = (
    "asks a language model, and Tenfold calls none: score the texts yourself, with CustomColumnDescriptor('answer', "
    "func=my_model) or as a column of your own, and test that"
)
_MODEL = (
    "needs a model that has to be downloaded, and Tenfold downloads none: compute it with the library you choose in "
    "CustomColumnDescriptor or CustomDescriptor, and test the column"
)
LANGUAGE_MODELS = (
    "BiasLLMEval", "BinaryClassificationLLMEval", "CompletenessLLMEval", "ContextQualityLLMEval", "CorrectnessLLMEval",
    "DeclineLLMEval", "FaithfulnessLLMEval", "LLMEval", "LLMJudge", "MulticlassClassificationLLMEval",
    "NegativityLLMEval", "OpenAI", "PIILLMEval", "ToxicityLLMEval",
)  # fmt: skip
MODELS = ("BERTScore", "ContextRelevance", "HuggingFace", "HuggingFaceToxicity", "SemanticSimilarity", "Sentiment")
ABSENT: dict[str, str] = {
    **dict.fromkeys(LANGUAGE_MODELS, _JUDGE),
    **dict.fromkeys(MODELS, _MODEL),
    "RecCasesTable": (
        "shows rows of the data, and a report here holds none: look at them with "
        "df.filter(pl.col('user_id') == 7), and compare lists with Personalization, Diversity and ItemBias"
    ),
    "IsValidSQL": (
        "needs a parser of one SQL dialect: parse with the one you run, as in CustomColumnDescriptor('query', "
        "func=lambda s: [is_valid(q) for q in s])"
    ),
}


def refusal(name: str) -> str:
    """Why `tenfold.reports` has no such name, and what to use instead; '' when Evidently has none either."""
    return f"tenfold.reports has no {name}: it {ABSENT[name]}. See docs/from-evidently.md" if name in ABSENT else ""
