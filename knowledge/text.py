"""Text as it is searched: folded, split into words, stemmed in both languages, cut into n-grams.

Nobody tells in which language a question is, and people mix. So every word is stemmed in Dutch and in
English, each stem marked with its language: a word then meets its like in either without a guess.
"""

from __future__ import annotations

import itertools
import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

GRAMS = (3, 4, 5)
"""Lengths of the character n-grams: they see through typing errors and into Dutch compounds."""
PAIR, GRAM = 0.8, 0.5
"""Weights of a pair of stems and of an n-gram beside a stem's 1, chosen on the development set."""
MAX_WORDS = 400
"""Words of a text that are looked at; a question has said by then what it is about."""

_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?|%")
_local = threading.local()


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


FUNCTION_WORDS = {
    "nl": _set(
        "de het een en of maar want dat die dit deze er is zijn was waren ben bent wordt "
        "worden word heb hebt heeft hebben had ik je jij u hij ze zij we wij jullie me mij "
        "mijn mn jouw uw haar ons onze hun hem te om van voor met aan op in bij naar uit over "
        "door tot als dan wel niet geen nog al ook zo hoe wat wie waar wanneer waarom welke "
        "welk kan kun kunnen moet moeten mag mogen zal zou zouden wil willen gaat gaan doe "
        "doen doet n t m ie even ff toch dus daar hier toen heel erg veel meer minder iets "
        "niets iemand men nu eens omdat zonder tegen onder tussen"
    ),
    "en": _set(
        "the a an and or but that this these those there is are was were be been am do does "
        "did have has had i you he she it we they me my mine your his her its our their them "
        "us to of for with at on in by from out over about as than not no nor so how what who "
        "where when why which can could must should may might will would shall if then too "
        "very much more less some any just now also into up down off get got im dont cant "
        "isnt ive youre s t re ve ll d m without against between because"
    ),
}
_FOREIGN = {
    "de": _set(
        "der die das und ist nicht ich wir ein eine einen wie was wer kann mein unsere unser "
        "kunde kunden mit auf für fur zu sie haben soll warum wenn aber auch sind dem den von "
        "bei"
    ),
    "fr": _set(
        "le la les des et est nous vous je un une comment pourquoi que qui quoi avec pour "
        "dans mon ma mes nos notre client clients sur pas du au ce sont avons dois faire si"
    ),
    "es": _set(
        "el la los las y es nosotros yo un una como por que quien con para en mi mis nuestro "
        "cliente clientes no del al son tenemos debo hacer si porque cuando donde"
    ),
}


def fold(text: str) -> str:
    """Lower case, without accents and with plain apostrophes."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The words of a text, folded, at most MAX_WORDS."""
    return [w.replace("’", "'") for w in _WORD.findall(fold(text))[:MAX_WORDS]]


def stems(tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words stemmed as Dutch and as English."""
    dutch, english = _stemmers()
    return dutch.stemWords(tokens), english.stemWords(tokens)


def search_terms(text: str) -> list[str]:
    """What word search compares: both stems of every word that is no function word.

    A text of function words alone keeps them, so that it is not nothing.
    """
    tokens = words(text)
    told = [t for t in tokens if not is_function_word(t)] or tokens
    dutch, english = stems(told)
    return [f"n:{stem}" for stem in dutch] + [f"e:{stem}" for stem in english]


def grams(text: str, lengths: Iterable[int] = (4,)) -> list[str]:
    """The character n-grams of the words that are no function words, `<` and `>` at their ends."""
    out: list[str] = []
    for token in words(text):
        if not is_function_word(token):
            out += word_grams(token, tuple(lengths))
    return out


@lru_cache(maxsize=20_000)
def word_grams(word: str, lengths: tuple[int, ...]) -> tuple[str, ...]:
    """The character n-grams of one word."""
    held = f"<{word}>"
    return tuple(held[i : i + n] for n in lengths for i in range(len(held) - n + 1))


def features(text: str) -> dict[str, float]:
    """What the ranker sees of a text: stems, pairs of stems and character n-grams with weights."""
    tokens = words(text)
    out: dict[str, float] = {}
    dutch, english = stems(tokens)
    for mark, pair, stemmed in (("n:", "nn:", dutch), ("e:", "ee:", english)):
        for stem in stemmed:
            _add(out, mark + stem, 1.0)
        for first, second in itertools.pairwise(stemmed):
            _add(out, f"{pair}{first}_{second}", PAIR)
    for token in tokens:
        for gram in word_grams(token, GRAMS):
            _add(out, "g:" + gram, GRAM)
    return out


def language(text: str) -> str:
    """The language of a text: "nl", "en", "other" when it is plainly another, "" when unclear."""
    tokens = set(words(text))
    if _other_script(text):
        return "other"
    own = {name: len(tokens & found) for name, found in FUNCTION_WORDS.items()}
    foreign = max(len(tokens & found) for found in _FOREIGN.values())
    best = max(own.values())
    if foreign > best and foreign >= 2:
        return "other"
    if own["nl"] == own["en"]:
        return ""
    return "nl" if own["nl"] > own["en"] else "en"


def _other_script(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    foreign = sum(not unicodedata.name(c, "").startswith("LATIN") for c in letters)
    return bool(letters) and foreign * 2 > len(letters)


def is_function_word(token: str) -> bool:
    """Whether a word only holds a sentence together, in Dutch or in English."""
    return token in FUNCTION_WORDS["nl"] or token in FUNCTION_WORDS["en"]


def _add(out: dict[str, float], name: str, weight: float) -> None:
    out[name] = out.get(name, 0.0) + weight


def _stemmers() -> tuple[Any, Any]:
    """One pair a thread: a stemmer's cache is not made for two at once."""
    found = getattr(_local, "stemmers", None)
    if found is None:
        from Stemmer import Stemmer

        found = _local.stemmers = (Stemmer("dutch"), Stemmer("english"))
    return found
