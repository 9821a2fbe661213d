"""Measures the scoring of texts against named alternatives: `python -m tests.bench_nlp` (`make bench-nlp`).

Texts are made sentences whose numbers of words are spread like those of posts and reviews (log-normal, median 35, a
tenth above 130). Each of these runs in a process of its own, all on the same texts and with the same threads:

    ours   what `brandmelder score` does: sentences, sentiment of text and sentences, topics, irony, language
    (a)    `transformers.pipeline("text-classification")` with its defaults, on a randomly initialised BERT of the size
           of German BERT-base (12 layers, 768 wide, 30,000 word pieces)
    (b)    the same with the best of several batch sizes
    (c)    our encoder with the same weights in `transformers.BertModel`, in padded batches of 32 in the order given

The slow ones get an evenly spread part of the texts. Printed: texts per second, ours as a multiple of each, the share
of the matrix products' ceiling measured beforehand, peak memory, labels equal to those from (c)'s vectors, and the time
from starting `brandmelder score` to its first line.

    --texts N      texts for ours (2,000)
    --slow N       texts for the alternatives (100)
    --threads N    threads of each (all cores)
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from nlp.scorer import ScoringInput
from nlp.taxonomy import Taxonomy, Topic
from tests.bench_site import DEEDS, FORMS, TONES, WORDS

ROOT = Path(__file__).resolve().parent.parent
MEDIAN_WORDS, SPREAD, MOST_WORDS = 35, 1.03, 600
BATCHES = (4, 8, 16, 32)
VOCABULARY = 30_000
TAXONOMY = Taxonomy(
    topics=(
        Topic(id="lieferung", label="Lieferung", description="Paket, Fahrer, Termin, Verspätung"),
        Topic(id="preis", label="Preis", description="Kosten, Rabatt, Rechnung, Gutschein"),
        Topic(id="service", label="Kundendienst", description="Hotline, Auskunft, Antwort, Rückruf"),
    )
)


@dataclass(frozen=True)
class Measured:
    """Texts per second, peak memory in MiB, and where asked for the labels or the work in billions of operations."""

    rate: float
    peak: float
    labels: tuple[str, ...] = ()
    gflop: float = 0.0


def texts(count: int) -> list[str]:
    """The same texts for the same number."""
    chance = Random(7)
    made = []
    for _ in range(count):
        words = min(MOST_WORDS, max(3, round(chance.lognormvariate(math.log(MEDIAN_WORDS), SPREAD))))
        parts: list[str] = []
        while len(parts) < words:
            things = chance.sample(WORDS, 5)
            sentence = chance.choice(FORMS).format(
                *things, chance.choice(TONES), chance.choice(DEEDS), chance.randrange(100_000)
            )
            parts += sentence.split()
        made.append(" ".join(parts[:words]))
    return made


def spread(many: Sequence[str], count: int) -> list[str]:
    """An evenly spread part."""
    return [many[at * len(many) // count] for at in range(min(count, len(many)))]


def peak_mib() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rate(count: int, action: Callable[[], object]) -> float:
    """Texts per second."""
    start = time.perf_counter()
    action()
    return count / (time.perf_counter() - start)


def ours(many: Sequence[str], threads: int) -> Measured:
    """The shipped scorer."""
    from nlp.encoder import Encoder
    from nlp.loading import load_scorer
    from nlp.weights import encoder_files

    scorer = load_scorer(threads=threads, precision="auto")
    inputs = [ScoringInput(text, None, "review") for text in many]
    scorer.score(inputs[:8], taxonomy=TAXONOMY)
    labels: list[str] = []
    speed = rate(len(many), lambda: labels.extend(found.sentiment for found in scorer.score(inputs, taxonomy=TAXONOMY)))
    peak = peak_mib()
    encoder = Encoder(encoder_files(), threads=threads)
    prepared = encoder.prepare(many)
    sizes = encoder.sizes
    weights = sizes.layers * (4 * sizes.hidden**2 + 2 * sizes.hidden * sizes.inner)
    gflop = sum(2 * len(item.ids) * weights for item in prepared) / 1e9
    return Measured(speed, peak, tuple(labels), gflop)


def padded(many: Sequence[str], threads: int) -> Measured:
    """(c): the usual way to run the same encoder, up to the label."""
    import torch

    from nlp.adapter import load_adapter
    from nlp.encoder import Encoder
    from nlp.head import LABELS, load_heads
    from nlp.loading import DEFAULT
    from nlp.weights import encoder_files

    heads, adapter = load_heads(DEFAULT), load_adapter(DEFAULT)
    layers = heads.config.layers
    encoder = Encoder(encoder_files(), layers=layers, threads=threads, adapter=adapter, trainable=True)
    model: Any = encoder.network.model  # type: ignore[union-attr]
    model.set_attn_implementation("sdpa")

    def vectors(batch: Sequence[str]) -> np.ndarray:
        rows = [encoder.prepare([text])[0].ids[: encoder.limit] for text in batch]
        ids = [np.array([0, *encoder._prefix, *row.tolist(), 2]) for row in rows]
        longest = max(map(len, ids))
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids])
        filled = np.stack([np.pad(row, (0, longest - len(row)), constant_values=1) for row in ids])
        words = torch.from_numpy(encoder._embed(filled))
        with torch.inference_mode():
            states = model(inputs_embeds=words, attention_mask=mask, output_hidden_states=True).hidden_states
        found = torch.cat([states[layer] for layer in layers], dim=-1)
        first = 1 + len(encoder._prefix)
        return np.stack([found[at, first : len(row) - 1].mean(dim=0).numpy() for at, row in enumerate(ids)])

    labels: list[str] = []

    def run() -> None:
        for start in range(0, len(many), 32):
            raw = heads.scores(vectors(many[start : start + 32]))
            found = heads.probabilities(raw, ["review"] * len(raw)).round(4)
            labels.extend(LABELS[int(row.argmax())] for row in found)

    return Measured(rate(len(many), run), peak_mib(), tuple(labels))


def pipeline(many: Sequence[str], threads: int, batch: int) -> Measured:
    """(a) and (b): `batch` 0 leaves the pipeline's default."""
    import torch
    import transformers
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    transformers.logging.set_verbosity_error()
    pieces = BertWordPieceTokenizer(lowercase=False)
    pieces.train_from_iterator(many, vocab_size=VOCABULARY, show_progress=False)
    special = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]"}
    tokenizer: Any = PreTrainedTokenizerFast(tokenizer_object=pieces._tokenizer, model_max_length=512, **special)
    model = BertForSequenceClassification(BertConfig(vocab_size=VOCABULARY, num_labels=3)).eval()
    run = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer)
    options: dict[str, Any] = {"truncation": True} | ({"batch_size": batch} if batch else {})
    run(list(many[:2]), **options)
    return Measured(rate(len(many), lambda: run(list(many), **options)), peak_mib())


def ceiling(threads: int) -> float:
    """Billions of operations per second of the largest matrix product of our encoder, fp32."""
    import torch

    torch.set_num_threads(threads)
    states, weight = torch.randn(2048, 384), torch.randn(1536, 384)
    speeds = []
    with torch.inference_mode():
        for _ in range(40):
            start = time.perf_counter()
            states @ weight.t()
            speeds.append(2 * 2048 * 384 * 1536 / 1e9 / (time.perf_counter() - start))
    return sorted(speeds)[len(speeds) // 2]


def first_score() -> float:
    """Seconds from the start of `brandmelder score` to its first line; the median of three."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        command = [sys.executable, "-m", "brandmelder", "score", "--input", "-", "--output", "-"]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            line, _ = process.communicate(json.dumps({"text": "Der Fahrer war freundlich."}) + "\n")
        assert json.loads(line.splitlines()[0])
        taken.append(time.perf_counter() - start)
    return sorted(taken)[1]


def work(role: str, options: argparse.Namespace) -> Measured:
    """What a process of its own does."""
    many = texts(options.texts)
    if role == "ours":
        return ours(many, options.threads)
    if role == "ceiling":
        return Measured(ceiling(options.threads), 0.0)
    few = spread(many, options.slow)
    if role == "padded":
        return padded(few, options.threads)
    return pipeline(few, options.threads, int(role.partition(":")[2]))


def measured(role: str, options: argparse.Namespace) -> Measured:
    """One role, in a process of its own."""
    sizes = ["--texts", str(options.texts), "--slow", str(options.slow), "--threads", str(options.threads)]
    command = [sys.executable, "-m", "tests.bench_nlp", "--role", role, *sizes]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return Measured(**found | {"labels": tuple(found["labels"])})


def report(options: argparse.Namespace) -> None:
    """Measure all and print."""
    write = sys.stdout.write
    top = measured("ceiling", options).rate
    mine = measured("ours", options)
    write(f"ours: {mine.rate:.1f} texts/s, peak memory {mine.peak:,.0f} MiB, {options.threads} threads\n")
    share = mine.rate * mine.gflop / options.texts / top
    write(f"matrix products: ceiling {top:.0f} GFLOP/s in fp32, used {share:.0%}\n")
    same = measured("padded", options)
    write(
        f"(c) BertModel, padded batches of 32: {same.rate:.1f} texts/s; ours: {mine.rate / same.rate:.1f} times that\n"
    )
    indices = [at * options.texts // options.slow for at in range(options.slow)]
    equal = sum(mine.labels[index] == label for index, label in zip(indices, same.labels, strict=True))
    write(f"labels as in (c): {equal} of {len(same.labels)}\n")
    plain = measured("pipeline:0", options)
    write(f"(a) pipeline, defaults: {plain.rate:.1f} texts/s; ours: {mine.rate / plain.rate:.1f} times that\n")
    found = {batch: measured(f"pipeline:{batch}", options).rate for batch in BATCHES}
    best = max(found, key=lambda batch: found[batch])
    write(
        f"(b) pipeline, batches of {best}: {found[best]:.1f} texts/s; ours: {mine.rate / found[best]:.1f} times that\n"
    )
    write(f"first score after start: {first_score():.1f} s\n")


def main() -> None:
    """Measure and print, or one role's part of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--slow", type=int, default=100)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--role", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.slow = min(options.slow, options.texts)
    if options.role:
        sys.stdout.write(json.dumps(asdict(work(options.role, options))) + "\n")
    else:
        report(options)


if __name__ == "__main__":
    main()
