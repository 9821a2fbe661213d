"""A sequence-classification checkpoint from Hugging Face as a scorer; what it can't tell comes from our own model.

The checkpoint reads the text and the sentences that topics were found in. Topics with their places, irony and the need
for an answer come from `nlp.e5_scorer`, whose encoder reads every text as well: one more pass of a small model.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.cleaning import clean
from nlp.e5_scorer import DIGITS, NEGATIVE, POSITIVE, E5Scorer, compose, decided
from nlp.encoder import GROUP, MAX_TOKENS, MAX_WINDOWS
from nlp.head import LABELS
from nlp.huggingface_files import CheckpointFiles
from nlp.huggingface_labels import LabelMap
from nlp.quantised import WeightsError
from nlp.scorer import AspectScore, ScoringInput, TextScores
from nlp.sentences import MAX_CHARACTERS
from nlp.taxonomy import Taxonomy

Vectors = NDArray[np.float32]

BATCH_TOKENS = 2048
"""Tokens of a batch, padding included: the bound of memory."""
BATCH_TOKENS_GPU = 32_768
WIDER = 1.25
"""The longest window of a batch has at most this many times the tokens of the shortest: the rest would be padding."""
MIN_TOKENS = 8
TINY = np.float32(1e-12)
READING = 1
"""In the revision; raised whenever what the checkpoint is shown, or how windows are averaged, changes."""


@dataclass(frozen=True)
class Window:
    """A part of a text that fits into one pass: what the tokenizer made of it, by the model's argument names."""

    text: int
    fields: Mapping[str, list[int]]
    words: int

    @property
    def tokens(self) -> int:
        """Tokens, special ones included."""
        return len(self.fields["input_ids"])


class HuggingFaceScorer:
    """Sentiment of texts and sentences by a checkpoint, everything else by our own model.

    Labels that the checkpoint doesn't know have probability 0. Its probabilities are taken as they are: no channel has
    a calibration. A text is uncertain below our own model's bound of confidence, and where that takes it for ironic.
    """

    def __init__(self, files: CheckpointFiles, labels: LabelMap, own: E5Scorer) -> None:
        """Loads tokenizer and weights; on a GPU where torch sees one.

        Raises WeightsError where they are damaged, don't fit together, or need code of their own.
        """
        self.name = files.name
        self.revision = f"hf{READING}-{files.digest()[:12]}-{_code(labels)}-{own.revision}"
        self.precision = own.precision
        self.labels = labels
        self.own = own
        self._classifier = Classifier(files, labels)

    def score(self, inputs: Sequence[ScoringInput], *, taxonomy: Taxonomy) -> list[TextScores]:
        """One result per input, in order. Empty texts are neutral and uncertain; long ones are cut (`MAX_WINDOWS`)."""
        found: list[TextScores] = []
        for start in range(0, len(inputs), GROUP):
            part = inputs[start : start + GROUP]
            found.extend(self._group(part, self.own.score(part, taxonomy=taxonomy)))
        return found

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Our own model's document vectors (n, hidden), as `nlp.relevance` takes them."""
        return self.own.vectors(texts)

    def _group(self, inputs: Sequence[ScoringInput], known: Sequence[TextScores]) -> list[TextScores]:
        places = sorted(
            {(index, aspect.start, aspect.end) for index, one in enumerate(known) for aspect in one.aspects}
        )
        texts = [compose(item).whole for item in inputs]
        texts += [inputs[index].text[start:end] for index, start, end in places]
        rows = self._classifier.probabilities(texts)
        sentences = dict(zip(places, map(_polarity, rows[len(inputs) :]), strict=True))
        return [
            self._one(
                one,
                rows[index],
                tuple(replace(aspect, polarity=sentences[index, aspect.start, aspect.end]) for aspect in one.aspects),
            )
            for index, one in enumerate(known)
        ]

    def _one(self, known: TextScores, row: Vectors | None, aspects: tuple[AspectScore, ...]) -> TextScores:
        if row is None:
            even = 1 / len(LABELS)
            return replace(
                known,
                sentiment="neutral",
                probabilities=dict.fromkeys(LABELS, even),
                polarity=0.0,
                confidence=even,
                uncertain=True,
                aspects=aspects,
            )
        sentiment, rounded = decided(row)
        return replace(
            known,
            sentiment=sentiment,
            probabilities=rounded,
            polarity=round(rounded["positive"] - rounded["negative"], DIGITS),
            confidence=rounded[sentiment],
            uncertain=bool(known.irony) or rounded[sentiment] < self.own.heads.config.certain,
            aspects=aspects,
        )


class Classifier:
    """The checkpoint itself: texts in, probabilities of our labels out."""

    def __init__(self, files: CheckpointFiles, labels: LabelMap) -> None:
        """See `HuggingFaceScorer`."""
        import torch

        self._tokenizer, self._model = _loaded(files, labels)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model.to(self._device)
        self._budget = BATCH_TOKENS if self._device.type == "cpu" else BATCH_TOKENS_GPU
        # Models that find a text's last token by the padding can't do so without any.
        self._alone = self._tokenizer.pad_token_id is None or self._model.config.pad_token_id is None
        self._limit = _limit(self._tokenizer, self._model.config)
        self._taken = set(signature(self._model.forward).parameters)
        self._apart = self._model.config.problem_type == "multi_label_classification"
        self._ours = np.zeros((len(labels.ours), len(LABELS)), dtype=np.float32)
        for index, label in enumerate(labels.ours):
            self._ours[index, LABELS.index(label)] = 1.0

    def probabilities(self, texts: Sequence[str]) -> list[Vectors | None]:
        """Each text's probabilities of `LABELS`, in order; None for a text of which nothing is left to read.

        The windows of a long text count by their tokens.
        """
        windows = sorted(self._windows(texts), key=lambda window: window.tokens)
        totals = np.zeros((len(texts), len(LABELS)), dtype=np.float64)
        words = np.zeros(len(texts), dtype=np.float64)
        for batch in self._batches(windows):
            for window, row in zip(batch, self._forward(batch), strict=True):
                totals[window.text] += window.words * row.astype(np.float64)
                words[window.text] += window.words
        return [
            None if not count else np.asarray(total / count, dtype=np.float32)
            for total, count in zip(totals, words, strict=True)
        ]

    def _windows(self, texts: Sequence[str]) -> Iterator[Window]:
        lines = [clean(text[:MAX_CHARACTERS]) for text in texts]
        filled = [index for index, line in enumerate(lines) if line]
        if not filled:
            return
        found = self._tokenizer(
            [lines[index] for index in filled],
            truncation=True,
            max_length=self._limit,
            return_overflowing_tokens=True,
            return_special_tokens_mask=True,
            # What a text calls [SEP] is a word of it.
            split_special_tokens=True,
        )
        special = found.pop("special_tokens_mask")
        rows = found.pop("overflow_to_sample_mapping")
        # Some tokenizers also tell what their model doesn't ask for, such as token_type_ids.
        fields = {name: values for name, values in found.items() if name in self._taken}
        seen = [0] * len(filled)
        for row, place in enumerate(rows):
            words = special[row].count(0)
            seen[place] += 1
            if words and seen[place] <= MAX_WINDOWS:
                yield Window(filled[place], {name: values[row] for name, values in fields.items()}, words)

    def _batches(self, windows: Sequence[Window]) -> Iterator[list[Window]]:
        batch: list[Window] = []
        for window in windows:
            if batch and (
                self._alone
                or (len(batch) + 1) * window.tokens > self._budget
                or window.tokens > WIDER * max(batch[0].tokens, MIN_TOKENS)
            ):
                yield batch
                batch = []
            batch.append(window)
        if batch:
            yield batch

    def _forward(self, batch: Sequence[Window]) -> Vectors:
        """Probabilities of `LABELS` (n, 4)."""
        import torch

        fields = {name: [window.fields[name] for window in batch] for name in batch[0].fields}
        padded = fields if len(batch) == 1 else dict(self._tokenizer.pad(fields))
        tensors = {name: torch.tensor(values, device=self._device) for name, values in padded.items()}
        with torch.inference_mode():
            logits = self._model(**tensors).logits.float()
            found = torch.sigmoid(logits) if self._apart else torch.softmax(logits, dim=-1)
        rows = np.maximum(found.cpu().numpy(), TINY) @ self._ours
        return np.asarray(rows / rows.sum(axis=1, keepdims=True), dtype=np.float32)


def _polarity(row: Vectors | None) -> float:
    return 0.0 if row is None else round(float(row[POSITIVE] - row[NEGATIVE]), DIGITS)


def _code(labels: LabelMap) -> str:
    """Our labels by their numbers, in the checkpoint's order."""
    return "".join(str(LABELS.index(label)) for label in labels.ours)


def _limit(tokenizer: Any, config: Any) -> int:
    """Tokens of a window: what tokenizer and model bear, `MAX_TOKENS` at most."""
    positions = getattr(config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:
        return int(min(tokenizer.model_max_length, MAX_TOKENS))
    # Models of RoBERTa's kind count positions from behind the padding's number.
    padding = config.pad_token_id if isinstance(config.pad_token_id, int) and config.pad_token_id < MIN_TOKENS else 0
    return int(max(MIN_TOKENS, min(tokenizer.model_max_length, MAX_TOKENS, positions - padding - 1)))


def _loaded(files: CheckpointFiles, labels: LabelMap) -> tuple[Any, Any]:
    """Tokenizer and model, from a folder that holds nothing but the files named in `nlp.huggingface_files`.

    So neither a pickle nor code nor an adapter beside them is ever looked at.
    """
    import torch
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging

    quiet: Any = logging
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
    safe = {"trust_remote_code": False, "local_files_only": True}
    with tempfile.TemporaryDirectory(prefix="brandmelder-") as name:
        folder = Path(name)
        for path in files.paths():
            (folder / path.name).symlink_to(path.resolve())
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
            model, report = AutoModelForSequenceClassification.from_pretrained(
                folder, use_safetensors=True, output_loading_info=True, dtype=torch.float32, **safe
            )
        except (
            *(OSError, ValueError, TypeError, LookupError, AttributeError, ImportError, RuntimeError, ArithmeticError),
            *(SafetensorError, StrictDataclassError),
        ) as error:
            reason = str(error).replace(name, str(files.folder)).strip() or type(error).__name__
            raise WeightsError(f"{files.name} can't be loaded: {reason.splitlines()[0]}") from error
    _check(files, labels, tokenizer, model, report)
    return tokenizer, model.eval().requires_grad_(False)


def _check(files: CheckpointFiles, labels: LabelMap, tokenizer: Any, model: Any, report: Mapping[str, Any]) -> None:
    missing = sorted(report["missing_keys"])
    if missing:
        raise WeightsError(f"{files.name} lacks the weights {', '.join(missing[:3])}: it was not trained for this")
    if int(model.config.num_labels) != len(labels.ours):
        raise WeightsError(f"{files.name} has {model.config.num_labels} outputs, but {len(labels.ours)} labels")
    if not tokenizer.is_fast:
        raise WeightsError(f"{files.name} has a tokenizer of an old kind; a tokenizer.json is needed")
    words = getattr(model.get_input_embeddings(), "num_embeddings", None)
    if words is not None and len(tokenizer) > words:
        raise WeightsError(f"{files.name} has {words} word vectors, but its tokenizer {len(tokenizer)} words")
    if not all(bool(values.isfinite().all()) for values in model.parameters()):
        raise WeightsError(f"the weights of {files.name} are damaged: not all of them are numbers")
