"""The scorer that the settings name, and what explains its scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from brandmelder.console import messages
from brandmelder.settings import Settings
from brandmelder.texts import tr
from nlp.scorer import Scorer, ScoringInput

if TYPE_CHECKING:
    from nlp.why import Explanation


def opened_scorer(settings: Settings) -> Scorer:
    """Load the model; takes some seconds. Raises nlp's own error where its weights are missing."""
    from nlp.loading import load_scorer

    with messages.status(tr("Das Sprachmodell wird geladen …", "Loading the language model …")):
        return load_scorer(settings.model, threads=settings.threads)


def loaded_explainer(settings: Settings) -> Callable[[str, str | None, str | None], Explanation]:
    """Load the model; gives a function from text, title and channel to an explanation. Raises nlp's own error."""
    from nlp.loading import load_scorer
    from nlp.why import explain

    scorer = load_scorer(settings.model, threads=settings.threads)
    return lambda text, title, channel: explain(scorer, ScoringInput(text, title=title, channel=channel))
