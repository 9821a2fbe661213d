"""How topics are found in texts whose aspects people annotated: `python -m nlp.topic_check DATA_FOLDER`.

Every text of `dev/*.jsonl` is judged as the scorer judges it, sentence by sentence, with the taxonomies that
`data/aspects.json` maps its aspects to, and with what `train/*.jsonl` taught; nothing is fitted on dev.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlp.corpora import CORPORA, Row, read_rows
from nlp.head import Heads
from nlp.loading import DEFAULT, load_parts
from nlp.taxonomy import Taxonomy
from nlp.topic_fitting import f1, last_layer, with_examples, with_judged
from nlp.topic_rows import Flags, Part, Vectors, parts
from nlp.topics import TopicMatcher

FREQUENT = 20
"""Topics that at least that many texts of dev have are frequent: macro-F1 is their mean."""
PER_TOPIC = 8
DRAWS = 5
SEED = 31

Give = Callable[[Part], Taxonomy]


def check(
    heads: Heads, train: Sequence[Part], dev: Sequence[Part], embed: Callable[[Sequence[str]], Vectors]
) -> dict[str, Any]:
    """Macro-F1 over frequent topics, and micro-F1 over all, per way of teaching.

    `described`: label and description alone. `examples`: with the two or three sentences of our own that the mapping
    gives each topic. `eight`: with eight texts of train per topic as examples instead, the mean of `DRAWS` draws with
    the standard deviation and each draw. `trained`: with all texts of train as judged ones. `topics`: per frequent
    topic its texts in dev and F1 in each way. Parts of train and dev go by their groups.
    """
    known = {text: vector for part in train for text, vector in zip(part.texts, part.documents, strict=True)}

    def of(texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(missing, embed(missing) if missing else [], strict=True))
        return np.stack([known[text] for text in texts])

    taught = {part.group.domains: part for part in train}
    pairs = [(part, taught[part.group.domains]) for part in dev if part.group.domains in taught]
    chance = np.random.default_rng(SEED)
    ways: dict[str, Give] = {
        "described": lambda part: without_examples(part.group.taxonomy),
        "examples": lambda part: part.group.taxonomy,
        **{f"eight {draw + 1}": lambda part: with_examples(part, PER_TOPIC, chance) for draw in range(DRAWS)},
        "trained": lambda part: with_judged(part, np.arange(len(part.texts))),
    }
    found = {
        way: [_found(TopicMatcher(heads, of), part, give(shown)) for part, shown in pairs] for way, give in ways.items()
    }
    return _figures(found, [part for part, _ in pairs])


def without_examples(taxonomy: Taxonomy) -> Taxonomy:
    """Labels and descriptions alone."""
    return Taxonomy(topics=tuple(topic.model_copy(update={"examples": ()}) for topic in taxonomy.topics))


def _found(matcher: TopicMatcher, part: Part, taxonomy: Taxonomy) -> Flags:
    return part.found(matcher.match(part.sentences, part.vectors, taxonomy), matcher.threshold)


def _figures(found: dict[str, list[Flags]], dev: Sequence[Part]) -> dict[str, Any]:
    counts = np.concatenate([part.gold.sum(axis=0) for part in dev])
    frequent = counts >= FREQUENT
    each = {
        way: np.concatenate([f1(flags, part.gold) for flags, part in zip(parts, dev, strict=True)])
        for way, parts in found.items()
    }
    draws = [name for name in each if name.startswith("eight")]
    drawn = [round(float(each[name][frequent].mean()), 4) for name in draws]
    names = [f"{part.group.domains[0]}: {topic.id}" for part in dev for topic in part.group.taxonomy.topics]
    shown = {
        **{name: each[name] for name in each if name not in draws},
        "eight": np.mean([each[name] for name in draws], axis=0),
    }
    return {
        "rule": f"macro-F1 over topics with at least {FREQUENT} texts in dev",
        "texts": sum(len(part.texts) for part in dev),
        "frequent": int(frequent.sum()),
        "all": len(frequent),
        "macro_f1": {way: round(float(values[frequent].mean()), 4) for way, values in shown.items()},
        "macro_f1_of_all": {way: round(float(values.mean()), 4) for way, values in shown.items()},
        "micro_f1": {way: _micro(parts, dev) for way, parts in found.items()},
        "eight": {"seed": SEED, "draws": drawn, "deviation": round(float(np.std(drawn, ddof=1)), 4)},
        "topics": {
            name: {
                "texts": int(counts[place]),
                **{way: round(float(values[place]), 2) for way, values in shown.items()},
            }
            for place, name in enumerate(names)
            if frequent[place]
        },
    }


def _micro(found: Sequence[Flags], dev: Sequence[Part]) -> float:
    hits = sum(int((flags & part.gold).sum()) for flags, part in zip(found, dev, strict=True))
    both = sum(int(flags.sum() + part.gold.sum()) for flags, part in zip(found, dev, strict=True))
    return round(2 * hits / max(1, both), 4)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of the shipped model, or of another one, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder with train/*.jsonl and dev/*.jsonl")
    parser.add_argument(
        "--model", type=Path, default=DEFAULT, help="folder of a trained model; default: the shipped one"
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder where vectors are kept (some 40 MB)")
    options = parser.parse_args(arguments)
    heads, encoder = load_parts(options.model)
    train, dev = (parts(_rows(options.data / name), encoder, options.cache) for name in ("train", "dev"))
    sys.stdout.write(json.dumps(check(heads, train, dev, last_layer(encoder)), indent=2, ensure_ascii=False) + "\n")


def _rows(folder: Path) -> list[Row]:
    rows = [row for path in sorted(folder.glob("*.jsonl")) for row in read_rows(path)]
    return [row for row in rows if row.domain not in CORPORA or CORPORA[row.domain].commercial]


if __name__ == "__main__":
    main()
