"""How the scorer does on our own sentences whose templates training never saw: `python -m nlp.contrast_check`."""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlp.contrast import Contrast, contrasts
from nlp.scorer import Scorer, ScoringInput, TextScores
from nlp.spelling import respelled
from nlp.taxonomy import Taxonomy

SPELLINGS = 3
SEED = 11


def check(scorer: Scorer, items: Sequence[Contrast]) -> dict[str, Any]:
    """Figures on contrast sentences, scored without a channel.

    `kinds`: n and accuracy per kind; `labels`: per label n and recall; `spelling`: the share of other spellings that
    get the same label; `irony`: the share of ironic texts that are flagged or uncertain, and the shares of plain ones
    that are flagged (`false_flags`) or uncertain (`plain_uncertain`).
    """
    found = _scores(scorer, [item.text for item in items])
    right = [result.sentiment == item.label for result, item in zip(found, items, strict=True)]
    ironic = [result for result, item in zip(found, items, strict=True) if item.irony]
    plain = [result for result, item in zip(found, items, strict=True) if not item.irony]
    return {
        "kinds": _shares([item.kind for item in items], right),
        "labels": _shares([item.label for item in items], right),
        "all": _share(right),
        "spelling": _invariance(scorer, items, found),
        "irony": {
            "n": len(ironic),
            "flagged": _share([bool(result.irony) for result in ironic])["share"],
            "flagged_or_uncertain": _share([bool(result.irony) or result.uncertain for result in ironic])["share"],
            "false_flags": _share([bool(result.irony) for result in plain])["share"],
            "plain_uncertain": _share([result.uncertain for result in plain])["share"],
        },
    }


def _invariance(scorer: Scorer, items: Sequence[Contrast], found: Sequence[TextScores]) -> dict[str, Any]:
    chance = random.Random(SEED)
    others = [(place, respelled(item.text, chance)) for place, item in enumerate(items) for _ in range(SPELLINGS)]
    again = _scores(scorer, [text for _, text in others])
    pairs = zip(others, again, strict=True)
    return _share([result.sentiment == found[place].sentiment for (place, _), result in pairs])


def _scores(scorer: Scorer, texts: Sequence[str]) -> list[TextScores]:
    return scorer.score([ScoringInput(text) for text in texts], taxonomy=Taxonomy())


def _shares(groups: Sequence[str], right: Sequence[bool]) -> dict[str, Any]:
    return {
        name: _share([hit for group, hit in zip(groups, right, strict=True) if group == name])
        for name in sorted(set(groups))
    }


def _share(hits: Sequence[bool]) -> dict[str, Any]:
    return {"n": len(hits), "share": round(sum(hits) / len(hits), 4) if hits else None}


def main() -> None:
    """Prints the figures of the shipped scorer, or of the one in the folder named, as JSON."""
    from nlp.loading import load_scorer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", help="folder with a trained model; default: the shipped one")
    figures = check(load_scorer(parser.parse_args().model), contrasts("test"))
    sys.stdout.write(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
