"""What the labels of a Hugging Face checkpoint mean: by their names, else by a setting."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nlp.head import LABELS
from nlp.quantised import WeightsError
from nlp.scorer import Label

SETTING = "BRANDMELDER_MODEL_LABELS"
SHOWN = 20
"""So many labels stand in a message."""
WORDS: Mapping[str, Label] = {
    **dict.fromkeys(("negative", "negativ", "neg", "bad", "schlecht"), "negative"),
    **dict.fromkeys(("neutral", "neu", "neut", "neutral sentiment"), "neutral"),
    **dict.fromkeys(("positive", "positiv", "pos", "good", "gut"), "positive"),
    **dict.fromkeys(("mixed", "gemischt", "ambivalent"), "mixed"),
}
DEGREE = re.compile(r"(?:very|extremely|strongly|slightly|somewhat|rather|sehr|stark|leicht|eher) ")
STARS = re.compile(r"([1-5]) ?(stars?|sterne?|★)?")
NUMBERED = re.compile(r"(?:label|class|klasse)?[ _-]?(\d{1,3})", re.IGNORECASE)
OF_STARS: tuple[Label, ...] = ("negative", "negative", "neutral", "positive", "positive")
SIGNS: Mapping[str, Label] = {"-1": "negative", "0": "neutral", "1": "positive"}
BY_NUMBER: Mapping[int, tuple[Label, ...]] = {
    2: ("negative", "positive"),
    3: ("negative", "neutral", "positive"),
    5: OF_STARS,
}
"""Labels that have numbers only usually go from bad to good; not always, so whoever uses this says so."""


@dataclass(frozen=True)
class LabelMap:
    """Which of our labels each of a checkpoint's labels is. `guessed` where they have nothing but numbers."""

    names: tuple[str, ...]
    ours: tuple[Label, ...]
    guessed: bool = False

    def __str__(self) -> str:
        return ", ".join(f"{name}={label}" for name, label in zip(self.names, self.ours, strict=True))


def map_labels(names: Sequence[str], given: str = "") -> LabelMap:
    """Our label for each of a checkpoint's, in its order: first as `given` says, then by what they are called.

    `given` is a list like "LABEL_0=negative,LABEL_1=neutral"; in place of a label may stand its number, from 0. Several
    labels may mean the same of ours. Raises WeightsError, with all labels and how to name them, where one is unknown.
    """
    said = _said(given, names)
    known, guessed = _by_name(names)
    found = [said.get(index, known[index]) for index in range(len(names))]
    ours = tuple(label for label in found if label is not None)
    if len(ours) < len(found):
        unknown = [name for name, label in zip(names, found, strict=True) if label is None]
        raise WeightsError(f"it is not known what the labels {_listed(unknown)} mean; {_how_to(names)}")
    if len(set(ours)) < 2:
        raise WeightsError(f"labels that all mean the same ({_listed(names)}) tell no sentiment; {_how_to(names)}")
    return LabelMap(tuple(names), ours, guessed=guessed and len(said) < len(names))


def _by_name(names: Sequence[str]) -> tuple[list[Label | None], bool]:
    """Our labels by the names alone, and whether they are only a guess."""
    stripped = [name.strip() for name in names]
    if set(stripped) == set(SIGNS):
        return [SIGNS[name] for name in stripped], False
    stars = [STARS.fullmatch(name.casefold().replace("_", " ")) for name in stripped]
    if sorted(match[1] for match in stars if match) == ["1", "2", "3", "4", "5"] and len(names) == 5:
        guessed = not any(match[2] for match in stars if match)
        return [OF_STARS[int(match[1]) - 1] for match in stars if match], guessed
    numbers = [int(match[1]) for match in map(NUMBERED.fullmatch, stripped) if match]
    if sorted(numbers) == list(range(len(names))) and len(names) in BY_NUMBER:
        return [BY_NUMBER[len(names)][number] for number in numbers], True
    return [_word(name) for name in stripped], False


def _word(name: str) -> Label | None:
    words = " ".join(re.split(r"[\s_-]+", name.casefold()))
    return WORDS.get(DEGREE.sub("", words, count=1))


def _said(given: str, names: Sequence[str]) -> dict[int, Label]:
    """Our labels by number as the setting gives them. Raises WeightsError where it names what isn't there."""
    places = {str(index): index for index in range(len(names))}
    places |= {name.strip().casefold(): index for index, name in enumerate(names)}
    found: dict[int, Label] = {}
    for part in filter(None, (part.strip() for part in given.split(","))):
        theirs, _, ours = part.rpartition("=")
        place, label = places.get(theirs.strip().casefold()), _word(ours.strip())
        if place is None or label is None:
            raise WeightsError(f"{SETTING} can't be read at {part!r}; {_how_to(names)}")
        found[place] = label
    return found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _how_to(names: Sequence[str]) -> str:
    example = ",".join(f"{name}=…" for name in names[:SHOWN])
    return f'please set {SETTING}="{example}" with one of {", ".join(LABELS)} for each …'
