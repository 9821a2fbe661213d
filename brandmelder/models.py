"""The scorer that the settings name, and what explains its scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from brandmelder.console import messages, say
from brandmelder.errors import UsageError
from brandmelder.precisions import keep_precision, precision_of
from brandmelder.settings import Settings
from brandmelder.texts import tr
from nlp.scorer import ScoringInput

if TYPE_CHECKING:
    from nlp.e5_scorer import E5Scorer
    from nlp.huggingface_scorer import HuggingFaceScorer
    from nlp.why import Explanation


def opened_scorer(settings: Settings) -> E5Scorer | HuggingFaceScorer:
    """Load the model; takes some seconds, minutes where one has to be fetched first.

    Where the settings leave its precision open, the first call on a machine tests which is the fastest. Raises nlp's
    own error where its weights are missing.
    """
    from nlp.head import NONCOMMERCIAL
    from nlp.huggingface_files import is_checkpoint
    from nlp.loading import open_scorer

    known = precision_of(settings)
    with messages.status(tr("Das Sprachmodell wird geladen …", "Loading the language model …")):
        scorer = open_scorer(
            settings.model, labels=settings.model_labels, threads=settings.threads, precision=known or "auto"
        )
    if known is None:
        keep_precision(settings, scorer.precision)
    if is_checkpoint(settings.model):
        _tell_guessed_labels(scorer)
    elif scorer.name == NONCOMMERCIAL:
        say(
            tr(
                "Dieses Modell lernte auch aus Texten, deren Lizenz (CC BY-NC) kommerziellen Gebrauch ausschließt.",
                "This model also learned from texts whose licence (CC BY-NC) forbids commercial use.",
            )
        )
    return scorer


def _tell_guessed_labels(scorer: E5Scorer | HuggingFaceScorer) -> None:
    from nlp.huggingface_scorer import HuggingFaceScorer

    if isinstance(scorer, HuggingFaceScorer) and scorer.labels.guessed:
        say(
            tr(
                f"{scorer.name} nennt seine Klassen nur mit Nummern; angenommen wird {scorer.labels}. "
                "Ist das falsch, hilft BRANDMELDER_MODEL_LABELS.",
                f"{scorer.name} gives its labels numbers only; they are taken as {scorer.labels}. "
                "Where that is wrong, set BRANDMELDER_MODEL_LABELS.",
            )
        )


def loaded_explainer(settings: Settings) -> Callable[[str, str | None, str | None], Explanation]:
    """Load the model; gives a function from text, title and channel to an explanation.

    Raises nlp's own error, and `UsageError` for a model of others: contributions need heads like ours, and what another
    model would say is no reason for what this one said.
    """
    from nlp.huggingface_files import is_checkpoint
    from nlp.loading import load_scorer
    from nlp.why import explain

    if is_checkpoint(settings.model):
        raise UsageError(
            tr(
                f"Warum {settings.model} einen Text so liest, lässt sich nicht zeigen: Das geht nur mit dem "
                "mitgelieferten Modell und mit selbst trainierten (BRANDMELDER_MODEL).",
                f"Why {settings.model} reads a text as it does can't be shown: that works only with the shipped model "
                "and with those trained here (BRANDMELDER_MODEL).",
            )
        )
    scorer = load_scorer(None if settings.model is None else Path(settings.model), threads=settings.threads)
    return lambda text, title, channel: explain(scorer, ScoringInput(text, title=title, channel=channel))
