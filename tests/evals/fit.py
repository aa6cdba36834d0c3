"""Fit the border between answered and not, and say how it does on cards it has not seen.

    python -m tests.evals.fit            what is measured, with whole topics as folds
    python -m tests.evals.fit --write    the same, and knowledge/bands.json anew

Logistic regression on what a Retriever judges by (`Retriever.judged`), over the development set. The
weights of the fusion stand as they are. The border is set where OFF_TOPIC of the off-topic questions
are answered, by predictions of models that saw neither the question nor others of its topic.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from knowledge import evaluate
from knowledge.library import Library
from knowledge.retriever import BANDS, Retriever, bands

HERE = Path(__file__).parent
FILES = (HERE / "questions.json", HERE / "off_topic.json")
OFF_TOPIC = 0.08
"""A little under the 10 % that may be answered: other questions will differ."""
CLOSEST_BELOW = 0.35
"""From which share of the border's chance on three principles are offered."""
FOLDS = 10
DIGITS = 3


def main() -> None:
    """Fit, report, and write where asked to."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true")
    write = arguments.parse_args().write
    library = Library(HERE.parents[1] / ".pytest_cache" / "coach")
    library.rebuild()
    retriever = Retriever(library.opened())
    names: list[str] = []
    rows, real, groups = [], [], []
    for number, question in enumerate(evaluate.read(FILES)):
        if question.kind == evaluate.REFUSAL:
            continue
        found = retriever.evidence(question.text)
        judged = retriever.judged(found, found.fused(retriever.weights))
        names = list(judged)
        rows.append(list(judged.values()))
        real.append(question.kind == evaluate.PRINCIPLE)
        groups.append(min(question.topics, default=f"off-topic {number % FOLDS}"))
    told, wanted = np.array(rows), np.array(real)
    centre, spread = told.mean(axis=0), told.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.3, class_weight="balanced", max_iter=1_000)
    chance = cross_val_predict(
        model,
        (told - centre) / spread,
        wanted,
        groups=np.array(groups),
        cv=GroupKFold(FOLDS),
        method="predict_proba",
    )[:, 1]
    border = float(np.quantile(chance[~wanted], 1 - OFF_TOPIC))
    answered = evaluate.Share(int((chance[wanted] > border).sum()), int(wanted.sum()))
    wrongly = evaluate.Share(int((chance[~wanted] > border).sum()), int((~wanted).sum()))
    print(f"AUC, cross-validated: {roc_auc_score(wanted, chance):.3f}")
    print(f"real questions answered: {answered.as_data()}")
    print(f"off-topic answered: {wrongly.as_data()}")
    model.fit((told - centre) / spread, wanted)
    weights = model.coef_[0] / spread
    judge = {name: round(float(w), DIGITS) for name, w in zip(names, weights, strict=True)}
    judge["bias"] = round(float(model.intercept_[0] - (weights * centre).sum()), DIGITS)
    fitted = dict(bands()) | {
        "judge": judge,
        "answer": round(border, DIGITS),
        "closest": round(border * CLOSEST_BELOW, DIGITS),
    }
    if write:
        BANDS.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
        print(f"written: {BANDS.name}")


if __name__ == "__main__":
    main()
