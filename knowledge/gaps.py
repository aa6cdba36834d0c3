"""What went unanswered, put together by likeness, so that the next card to write is obvious."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from knowledge.embeddings import Embedder

APART = {False: 0.65, True: 0.35}
"""Mean cosine distance from which questions are about different things, by whether vectors know meanings."""
MOST = 5_000
"""Questions that are compared; older ones are left out."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One question that was not answered, or not to its asker's liking; `card` was nearest."""

    text: str
    at: dt.datetime
    card: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions about one thing, the most typical first. `card` was nearest most often, or ""."""

    questions: tuple[str, ...]
    count: int
    last: dt.datetime
    card: str


def gaps(asked: Sequence[Unanswered], embedder: Embedder) -> list[Gap]:
    """Groups of like questions, the largest first, of equal ones the latest."""
    recent = sorted(asked, key=lambda question: (question.at, question.text))[-MOST:]
    if not recent:
        return []
    vectors = np.array(embedder.make().embed_documents([question.text for question in recent]))
    out = []
    for members in _groups(vectors, APART[embedder.semantic]):
        likeness = (vectors[members] @ vectors[members].T).sum(axis=1)
        order = [members[place] for place in np.argsort(-likeness, kind="stable").tolist()]
        nearest = Counter(recent[place].card for place in members if recent[place].card)
        out.append(
            Gap(
                questions=tuple(dict.fromkeys(recent[place].text for place in order)),
                count=len(members),
                last=max(recent[place].at for place in members),
                card=nearest.most_common(1)[0][0] if nearest else "",
            )
        )
    return sorted(out, key=lambda gap: (-gap.count, -gap.last.timestamp(), gap.questions))


def _groups(vectors: np.ndarray, apart: float) -> list[list[int]]:
    """The places of each group's members, by mean cosine distance."""
    if len(vectors) == 1:
        return [[0]]
    from sklearn.cluster import AgglomerativeClustering

    found = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=apart
    ).fit_predict(vectors)
    return [np.flatnonzero(found == label).tolist() for label in range(int(found.max()) + 1)]
