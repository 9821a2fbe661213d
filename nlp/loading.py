"""Loads scorers lazily: importing this costs nothing, the first call loads torch, the weights and the heads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlp.e5_scorer import E5Scorer

MODELS = Path(__file__).resolve().parent / "models"
DEFAULT = MODELS / "e5"


def check_model(folder: Path | None = None) -> None:
    """Looks at everything that `load_scorer` would load, without torch.

    Raises WeightsError where weights, heads or adapter are missing, damaged or don't fit together.
    """
    from nlp.adapter import load_adapter
    from nlp.encoder import revision_of
    from nlp.head import load_heads
    from nlp.quantised import WeightsError
    from nlp.weights import encoder_files

    place = folder or DEFAULT
    encoder_files()
    config = load_heads(place).config
    if config.encoder != revision_of(load_adapter(place), one_spelling=config.one_spelling):
        raise WeightsError(f"the heads in {place} were fitted with another adapter than the one beside them")


def load_scorer(folder: Path | None = None, *, threads: int | None = None) -> E5Scorer:
    """The scorer whose heads (and adapter, where it has one) lie in `folder`, None for the shipped ones.

    `threads` bounds the processor cores; None takes OMP_NUM_THREADS or all that the process may use. Raises
    WeightsError with what to do where weights or heads are missing, damaged or don't fit together.
    """
    from nlp.adapter import load_adapter
    from nlp.e5_scorer import E5Scorer
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
    )
    return E5Scorer(encoder, heads)
