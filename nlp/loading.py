"""Loads scorers lazily: importing this costs nothing, the first call loads torch, the weights and the heads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlp.e5_scorer import E5Scorer
    from nlp.encoder import Encoder
    from nlp.head import Heads
    from nlp.huggingface_labels import LabelMap
    from nlp.huggingface_scorer import HuggingFaceScorer
    from nlp.precision import Wanted

MODELS = Path(__file__).resolve().parent / "models"
DEFAULT = MODELS / "e5"


def shipped(name: str) -> Path | None:
    """The folder of the model that ships under this name, such as `e5`; None for other names."""
    folder = MODELS / name
    return folder if folder.parent == MODELS and (folder / "config.json").exists() else None


def check_model(model: str | Path | None = None, *, labels: str = "") -> LabelMap | None:
    """Looks at everything that `open_scorer` would load, without torch and without the network.

    Gives what the labels of a Hugging Face checkpoint mean, None for a model of our own. Raises WeightsError where
    files are missing, damaged or don't fit together.
    """
    from nlp.adapter import load_adapter
    from nlp.encoder import revision_of
    from nlp.head import load_heads
    from nlp.huggingface_files import checkpoint_files, is_checkpoint
    from nlp.quantised import WeightsError
    from nlp.weights import encoder_files

    foreign = model if model is not None and is_checkpoint(model) else None
    place = DEFAULT if model is None or foreign else Path(model)
    encoder_files()
    config = load_heads(place).config
    if config.encoder != revision_of(load_adapter(place), one_spelling=config.one_spelling):
        raise WeightsError(f"the heads in {place} were fitted with another adapter than the one beside them")
    return checkpoint_files(foreign, download=False).labels(labels) if foreign else None


def open_scorer(
    model: str | Path | None = None, *, labels: str = "", threads: int | None = None, precision: Wanted = "fp32"
) -> E5Scorer | HuggingFaceScorer:
    """The scorer that settings name: None for the shipped one, a folder with a model of our own (see `load_scorer`), or
    a Hugging Face sequence-classification checkpoint, as a folder or as a name on the Hub.

    `labels` says what a checkpoint's labels mean where their names don't (`nlp.huggingface_labels`). A name is taken
    from Hugging Face's cache or fetched. Raises WeightsError with what to do.
    """
    from nlp.huggingface_files import checkpoint_files, is_checkpoint

    if model is None or not is_checkpoint(model):
        return load_scorer(None if model is None else Path(model), threads=threads, precision=precision)
    from nlp.huggingface_scorer import HuggingFaceScorer

    files = checkpoint_files(model)
    return HuggingFaceScorer(files, files.labels(labels), load_scorer(threads=threads, precision=precision))


def load_scorer(folder: Path | None = None, *, threads: int | None = None, precision: Wanted = "fp32") -> E5Scorer:
    """The scorer whose heads (and adapter, where it has one) lie in `folder`, None for the shipped ones.

    `threads` bounds the processor cores; None takes OMP_NUM_THREADS or all that the process may use. `precision` "auto"
    takes the fastest on this machine, by a self-test of a second at most (`nlp.precision`). Raises WeightsError with
    what to do where weights or heads are missing, damaged or don't fit together.
    """
    from nlp.e5_scorer import E5Scorer

    heads, encoder = load_parts(folder, threads=threads, precision=precision)
    return E5Scorer(encoder, heads)


def load_parts(
    folder: Path | None = None, *, threads: int | None = None, precision: Wanted = "fp32"
) -> tuple[Heads, Encoder]:
    """The heads in `folder`, None for the shipped ones, and the encoder that they belong to. See `load_scorer`."""
    from nlp.adapter import load_adapter
    from nlp.encoder import Encoder, default_threads
    from nlp.head import load_heads
    from nlp.weights import encoder_files

    place = folder or DEFAULT
    heads = load_heads(place)
    encoder = Encoder(
        encoder_files(),
        layers=heads.config.layers,
        threads=threads or default_threads(),
        adapter=load_adapter(place),
        one_spelling=heads.config.one_spelling,
        precision=precision,
    )
    return heads, encoder
