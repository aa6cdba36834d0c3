"""Which vectors the index holds: one setting names the embedding.

"local" (the default) needs no model: stems and character n-grams hashed into a vector. Any other is
LangChain's: "openai:text-embedding-3-small", "ollama:nomic-embed-text", or the folder of a model on
this machine. Each has a collection of its own, for vectors of two makings cannot be compared.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings

from knowledge import text as texts
from knowledge.errors import KnowledgeError

LOCAL = "local"
DIMENSIONS = 256
_COMMON = 0.15
"""Weight of a function word: it says little, but a question may hold nothing else."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """An embedding under the name of its setting; made when first used."""

    name: str
    make: Callable[[], Embeddings]

    @property
    def semantic(self) -> bool:
        """Whether its vectors know meanings, and so may weigh more than words."""
        return self.name != LOCAL

    @property
    def floor(self) -> float:
        """The cosine that texts about different things have: vectors of models are never far apart."""
        return 0.3 if self.semantic else 0.0

    @property
    def slug(self) -> str:
        """The name as a folder and collection are called."""
        if self.name == LOCAL:
            return LOCAL
        told = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[-40:].strip("-")
        return f"{told}-{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"


def embedder(name: str = LOCAL) -> Embedder:
    """The embedder a setting names. KnowledgeError for a name that cannot be one."""
    wanted = name.strip() or LOCAL
    if wanted == LOCAL:
        return Embedder(LOCAL, HashedWords)
    if wanted.startswith((".", "/", "~")) or Path(wanted).is_dir():
        folder = Path(wanted).expanduser()
        if not folder.is_dir():
            raise KnowledgeError("BALLOTAGE_EMBEDDINGS: there is no folder {name}.", name=wanted)
        return Embedder(wanted, lambda: _from_folder(folder))
    if ":" not in wanted:
        raise KnowledgeError(
            "BALLOTAGE_EMBEDDINGS: {name} is no embedding. Write local, PROVIDER:MODEL such as "
            "openai:text-embedding-3-small, or the folder of a model.",
            name=wanted,
        )
    return Embedder(wanted, lambda: _from_provider(wanted))


class HashedWords(Embeddings):  # type: ignore[misc]  # untyped here: see mypy in pyproject
    """Stems and character 4-grams, each hashed to a place and a sign: no model, no learning.

    Vectors have length 1, so that their inner product is a cosine.
    """

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector of DIMENSIONS a text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a text."""
        vector = np.zeros(DIMENSIONS, dtype=np.float32)
        tokens = texts.words(text)
        dutch, english = texts.stems(tokens)
        for token, *stemmed in zip(tokens, dutch, english, strict=True):
            weight = _COMMON if texts.is_function_word(token) else 1.0
            for mark, stem in zip("ne", stemmed, strict=True):
                _put(vector, f"{mark}:{stem}", weight)
            for gram in texts.word_grams(token, (4,)):
                _put(vector, gram, weight * 0.4)
        length = float(np.linalg.norm(vector))
        if length == 0.0:
            vector[0] = length = 1.0  # a text without words still needs a direction
        return (vector / length).tolist()  # type: ignore[no-any-return]


def _put(vector: np.ndarray, name: str, weight: float) -> None:
    place = zlib.crc32(name.encode())
    vector[place % DIMENSIONS] += weight if place & 0x10000 else -weight


def _from_folder(folder: Path) -> Embeddings:
    try:
        from langchain_huggingface import HuggingFaceEmbeddings  # type: ignore[import-not-found]
    except ImportError:
        raise KnowledgeError(
            "A model from a folder needs one more library; run: "
            ".venv/bin/python -m pip install langchain-huggingface"
        ) from None
    # Never asks the hub: what is not in the folder is missing.
    made: Embeddings = HuggingFaceEmbeddings(
        model_name=str(folder), model_kwargs={"local_files_only": True}
    )
    return made


def _from_provider(name: str) -> Embeddings:
    from langchain.embeddings import init_embeddings

    try:
        made = init_embeddings(name)
    except ImportError as error:
        raise KnowledgeError(
            "{name} needs one more library: {detail}", name=name, detail=str(error)
        ) from None
    except ValueError as error:
        raise KnowledgeError(
            "BALLOTAGE_EMBEDDINGS: {name} does not work: {detail}", name=name, detail=str(error)
        ) from None
    if not isinstance(made, Embeddings):
        raise KnowledgeError("BALLOTAGE_EMBEDDINGS: {name} is no embedding.", name=name)
    return made
