"""The scorer that the settings name."""

from __future__ import annotations

from brandmelder.console import messages
from brandmelder.settings import Settings
from brandmelder.texts import tr
from nlp.scorer import Scorer


def opened_scorer(settings: Settings) -> Scorer:
    """Load the model; takes some seconds. Raises nlp's own error where its weights are missing."""
    from nlp.loading import load_scorer

    with messages.status(tr("Das Sprachmodell wird geladen …", "Loading the language model …")):
        return load_scorer(settings.model, threads=settings.threads)
