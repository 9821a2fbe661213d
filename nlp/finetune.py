"""Fine-tunes the encoder: LoRA factors in its upper layers and the heads for sentiment and irony, learned together.

Sentiment is learned for whole texts and, where two texts were joined, for each of them by its own tokens: that is what
makes sentence scores. Each corpus has a bias of its own per label, dropped afterwards, since corpora disagree on what
neutral is. The last layer is kept near the base model's, so that topics can be compared there.
"""

from __future__ import annotations

import hashlib
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlp.adapter import TENSORS, Adapter
from nlp.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from nlp.encoder import Encoder
from nlp.examples import JOINED, MIXED, Example, Lesson, batches, whole_label
from nlp.head import LABELS, Heads
from nlp.quantised import WeightsError
from nlp.recipe import Recipe
from nlp.trainable import Trainable

if TYPE_CHECKING:
    import torch

Vectors = NDArray[np.float32]
Progress = Callable[[str, int, int], None]

logger = logging.getLogger(__name__)

MODULES = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
SCALE = 2
CHECKPOINT_STEPS = 100
UNSEEN = -1e4
TOPIC_SCALE = 10.0
TOPIC_BIAS = -3.0


@dataclass(frozen=True)
class Targets:
    """Where topics are kept: each lesson's last-layer vector in the base model, centred and whitened by these.

    `topics` are such vectors of annotated topics' descriptions, in the order of `Lesson.topics`.
    """

    vectors: Vectors
    mean: Vectors
    whitening: Vectors
    topics: Vectors


@dataclass(frozen=True)
class Tuned:
    """Weights (labels + 1, width) and biases of the learned heads: the labels' rows, then irony's."""

    weight: Vectors
    bias: Vectors


class Learner:
    """The encoder with LoRA factors, the heads and their optimiser; a checkpoint holds all of it."""

    def __init__(
        self,
        encoder: Encoder,
        recipe: Recipe,
        corpora: Sequence[str],
        standard: tuple[Vectors, Vectors],
        targets: Targets,
    ) -> None:
        """`standard` is mean and scale (width) of document vectors; `corpora` name the biases.

        Raises TypeError where the encoder isn't trainable.
        """
        import torch
        from peft import LoraConfig, get_peft_model

        if not isinstance(encoder.network, Trainable):
            raise TypeError("only a trainable encoder can be fine-tuned")
        model = encoder.network.model
        torch.manual_seed(recipe.seed)
        self.encoder, self.recipe, self.origin = encoder, recipe, ""
        self.config = LoraConfig(
            r=recipe.rank,
            lora_alpha=SCALE * recipe.rank,
            target_modules=list(MODULES),
            layers_to_transform=list(range(recipe.first_layer - 1, encoder.sizes.layers)),
            layers_pattern="layer",
        )
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = recipe.dropout
        with warnings.catch_warnings():
            # PEFT asks transformers by a name that is being replaced.
            warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
            self.wrapped: Any = get_peft_model(model, self.config)
        self.mean, self.scale = (torch.from_numpy(values) for values in standard)
        self.weight = torch.zeros(len(LABELS) + 1, encoder.width, requires_grad=True)
        self.bias = torch.zeros(len(LABELS) + 1, requires_grad=True)
        self.own = torch.zeros(len(corpora), len(LABELS), requires_grad=True)
        self.targets = tuple(torch.from_numpy(values) for values in (targets.vectors, targets.mean, targets.whitening))
        # The heads of annotated topics begin as likeness to their descriptions.
        self.topics = (TOPIC_SCALE * _whitened(torch.from_numpy(targets.topics), *self.targets[1:])).requires_grad_()
        self.topic_bias = torch.full((len(targets.topics),), TOPIC_BIAS, requires_grad=True)
        self.corpora = {name: number for number, name in enumerate(corpora)}
        self.factors = {name: values for name, values in self.wrapped.named_parameters() if values.requires_grad}
        heads = {"weight": self.weight, "bias": self.bias, "own": self.own}
        if recipe.topics:
            heads |= {"topics": self.topics, "topic_bias": self.topic_bias}
        self.parameters = {**self.factors, **heads}
        self.optimiser = torch.optim.AdamW(
            [
                {"params": list(self.factors.values()), "lr": recipe.rate, "peak": recipe.rate},
                {"params": list(heads.values()), "lr": recipe.head_rate, "peak": recipe.head_rate},
            ],
            weight_decay=recipe.decay,
        )

    def begin_at(self, adapter: Adapter, heads: Heads) -> None:
        """Takes over what an earlier training learned, of the same layers or fewer and the same rank or a lower one.

        What is new begins without an effect. Raises WeightsError where the earlier one doesn't fit.
        """
        # A row for needed answers is fitted after the training, to its vectors.
        rows = len(self.bias)
        values = {"weight": heads.weight[:rows], "bias": heads.bias[:rows]}
        for module, (a, b) in adapter.factors.items():
            place = f"base_model.model.{module}"
            values |= {f"{place}.lora_A.default.weight": a, f"{place}.lora_B.default.weight": b}
        fits = values.keys() <= self.parameters.keys() and all(
            np.all(np.array(found.shape) <= np.array(self.parameters[name].shape)) for name, found in values.items()
        )
        if not fits or not np.isclose(adapter.scale, SCALE):
            raise WeightsError("the model to start from has layers that the recipe doesn't have, or a higher rank")
        for name, found in values.items():
            self._begin_with(self.parameters[name], found)
        self.origin = f"{adapter.revision}-{heads.revision}"

    def _begin_with(self, parameter: torch.Tensor, found: Vectors) -> None:
        """Fills the first places; the rest of B (out, rank) is zero, so that the rest of A has no effect."""
        import torch

        with torch.no_grad():
            parameter[tuple(slice(size) for size in found.shape)] = torch.from_numpy(np.ascontiguousarray(found))

    def set_rate(self, done: float) -> None:
        """Linear warm-up, then half a cosine to zero; `done` is the share of the training behind us."""
        warmup = self.recipe.warmup
        factor = done / warmup if done < warmup else 0.5 * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup)))
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * max(factor, 0.01)

    def step(self, number: int, batch: Sequence[Example], shown: Sequence[Lesson]) -> float:
        """One optimiser step; returns the loss."""
        import torch

        # Dropout of a step depends on its number alone, so that a resumed training goes the same way.
        torch.manual_seed(1_000_003 * self.recipe.seed + number)
        self.wrapped.train()
        loss: Any = self._loss(batch, shown)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self.parameters.values()), 1.0)
        self.optimiser.step()
        return float(loss.detach())

    def _loss(self, batch: Sequence[Example], shown: Sequence[Lesson]) -> torch.Tensor:
        import torch

        states = self.encoder.states([np.concatenate(example.ids) for example in batch], self.encoder.layers)
        parts = [number for example in batch for number in example.parts]
        lengths = torch.tensor([len(ids) for example in batch for ids in example.ids])
        owner = torch.repeat_interleave(torch.arange(len(parts)), lengths)
        sums = torch.zeros(len(parts), self.encoder.width).index_add(0, owner, torch.cat(states, dim=-1))
        vectors = sums / lengths[:, None]
        lessons = [shown[number] for number in parts]
        loss = self._sentiment(self._scores(vectors), lessons) + self._joined(sums, lengths, batch, shown)
        loss = loss + self.recipe.irony * self._irony(self._scores(vectors), lessons)
        wanted, mean, whitening = self.targets
        white = _whitened(vectors[:, -len(mean) :], mean, whitening)
        kept = _whitened(wanted[parts], mean, whitening)
        loss = loss + self.recipe.keep * (1 - (white * kept).sum(dim=-1).mean())
        return loss + self.recipe.topics * self._topics(white, lessons) if self.recipe.topics else loss

    def _scores(self, vectors: torch.Tensor) -> torch.Tensor:
        return (vectors - self.mean) / self.scale @ self.weight.T + self.bias

    def _sentiment(self, scores: torch.Tensor, lessons: Sequence[Lesson]) -> torch.Tensor:
        import torch

        own = self.own[[self.corpora[lesson.corpus] for lesson in lessons]]
        unseen = torch.tensor([[0.0] * MIXED + [0.0 if lesson.mixed else UNSEEN] for lesson in lessons])
        labels = torch.tensor([lesson.label for lesson in lessons])
        weights = torch.tensor([lesson.weight for lesson in lessons])
        entropy = torch.nn.functional.cross_entropy(scores[:, :-1] + own + unseen, labels, reduction="none")
        return (entropy * weights).sum() / len(lessons)

    def _joined(
        self, sums: torch.Tensor, lengths: torch.Tensor, batch: Sequence[Example], shown: Sequence[Lesson]
    ) -> torch.Tensor:
        """The loss of joined texts as wholes."""
        import torch

        wholes = [whole_label([shown[number].label for number in example.parts]) for example in batch]
        judged = [place for place, label in enumerate(wholes) if label is not None and len(batch[place].parts) > 1]
        if not judged:
            return torch.zeros(())
        owner = torch.repeat_interleave(torch.arange(len(batch)), torch.tensor([len(item.parts) for item in batch]))
        totals = torch.zeros(len(batch), sums.shape[1]).index_add(0, owner, sums)
        tokens = torch.zeros(len(batch), dtype=lengths.dtype).index_add(0, owner, lengths)
        labels = torch.tensor([wholes[place] for place in judged])
        scores = self._scores((totals / tokens[:, None])[judged])[:, :-1] + self.own[self.corpora[JOINED]]
        return torch.nn.functional.cross_entropy(scores, labels, reduction="sum") / len(sums)

    def _irony(self, scores: torch.Tensor, lessons: Sequence[Lesson]) -> torch.Tensor:
        import torch

        gold = torch.tensor([max(0.0, lesson.irony) for lesson in lessons])
        weights = torch.tensor([lesson.irony_weight for lesson in lessons])
        entropy = torch.nn.functional.binary_cross_entropy_with_logits(scores[:, -1], gold, reduction="none")
        return (entropy * weights).sum() / len(lessons)

    def _topics(self, white: torch.Tensor, lessons: Sequence[Lesson]) -> torch.Tensor:
        """The loss of annotated topics, from whitened vectors of the last layer."""
        import torch

        judged = [(place, lesson.topics) for place, lesson in enumerate(lessons) if lesson.topics is not None]
        if not judged:
            return torch.zeros(())
        gold = torch.from_numpy(np.stack([topics for _, topics in judged]))
        scores = white[[place for place, _ in judged]] @ self.topics.T + self.topic_bias
        entropy = torch.nn.functional.binary_cross_entropy_with_logits(scores, gold.clamp(min=0), reduction="none")
        return (entropy * (gold >= 0)).sum() / len(lessons)

    def tensors(self) -> dict[str, Vectors]:
        """Parameters and optimiser moments by name."""
        found = {}
        for name, values in self.parameters.items():
            found[f"value.{name}"] = values.detach().numpy()
            for key in ("exp_avg", "exp_avg_sq"):
                if values in self.optimiser.state:
                    found[f"{key}.{name}"] = self.optimiser.state[values][key].numpy()
        return found

    def restore(self, tensors: dict[str, Vectors], steps: int) -> None:
        """Takes over what `tensors` gave after `steps` steps."""
        import torch

        for name, values in self.parameters.items():
            with torch.no_grad():
                values.copy_(torch.from_numpy(tensors[f"value.{name}"]))
            # What never had a gradient, such as heads of topics that no row was annotated with, has no moments.
            if f"exp_avg.{name}" in tensors:
                state = {key: torch.from_numpy(tensors[f"{key}.{name}"].copy()) for key in ("exp_avg", "exp_avg_sq")}
                self.optimiser.state[values] = {"step": torch.tensor(float(steps)), **state}

    def save_adapter(self, folder: Path) -> None:
        """Writes the LoRA factors in PEFT's format, in half precision."""
        from peft import get_peft_model_state_dict
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        tensors = {
            name: values.detach().half().contiguous()
            for name, values in get_peft_model_state_dict(self.wrapped).items()
        }
        save_file(tensors, folder / TENSORS)
        self.config.save_pretrained(str(folder))


def _whitened(vectors: torch.Tensor, mean: torch.Tensor, whitening: torch.Tensor) -> torch.Tensor:
    """Centred, decorrelated vectors of length 1, as `nlp.topics` compares them."""
    import torch

    return torch.nn.functional.normalize((vectors - mean) @ whitening, dim=-1)


def finetune(learner: Learner, shown: Sequence[Lesson], folder: Path, *, progress: Progress | None = None) -> Tuned:
    """Trains to the end, from the checkpoint in `folder` where there is one; writes the adapter there."""
    plan = _plan(shown, learner)
    known = read_checkpoint(folder, plan=plan)
    if known is not None:
        learner.restore(known.tensors, known.steps)
    losses: list[float] = []
    for number, done, batch in _steps(shown, learner, skip=known.steps if known else 0):
        learner.set_rate(done)
        losses.append(learner.step(number, batch, shown))
        if number % CHECKPOINT_STEPS == 0:
            logger.info("%.1f %% done, mean loss %.3f", 100 * done, sum(losses) / len(losses))
            write_checkpoint(folder, Checkpoint(learner.tensors(), number, plan))
            losses.clear()
        if progress:
            progress("fine-tuning", round(1000 * done), 1000)
    learner.save_adapter(folder)
    return Tuned(learner.weight.detach().numpy().copy(), learner.bias.detach().numpy().copy())


def _plan(shown: Sequence[Lesson], learner: Learner) -> str:
    """A hash of everything that the training's steps depend on: encoder, recipe, texts and their labels."""
    digest = hashlib.sha256(f"{learner.encoder.revision}|{learner.recipe.model_dump_json()}|{learner.origin}".encode())
    for lesson in shown:
        topics = None if lesson.topics is None else lesson.topics.tolist()
        facts = (lesson.text, lesson.label, lesson.corpus, lesson.mixed, lesson.weight, lesson.irony, topics)
        digest.update(repr(facts).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()[:32]


def _steps(shown: Sequence[Lesson], learner: Learner, *, skip: int) -> Iterator[tuple[int, float, list[Example]]]:
    """Number, share of the training done before it, and batch of every step after the first `skip`."""
    recipe = learner.recipe
    number = 0
    for epoch in range(recipe.epochs):
        planned = list(batches(shown, learner.encoder, recipe, epoch=epoch))
        for place, batch in enumerate(planned):
            number += 1
            if number > skip:
                yield number, (epoch + place / len(planned)) / recipe.epochs, batch
