"""Why the model reads a text as it does: explain."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from brandmelder.common import opened_store
from brandmelder.console import messages, open_input, put_json, put_line
from brandmelder.errors import UsageError
from brandmelder.models import loaded_explainer
from brandmelder.settings import Settings
from brandmelder.texts import language, tr

if TYPE_CHECKING:
    from nlp.why import Explanation, SentenceReason, WordReason

# Sentences that people are shown, and characters of each; JSON has them all.
SHOWN = 12
LENGTH = 200


class ExplainFormat(StrEnum):
    """How people or programs get the explanation."""

    json = "json"
    text = "text"


def explain(
    settings: Settings,
    text: Annotated[
        str | None, typer.Argument(help=tr("der Text; - für stdin", "the text; - for stdin"), show_default=False)
    ] = None,
    id: Annotated[
        str | None,
        typer.Option(
            help=tr("stattdessen eine gespeicherte Erwähnung", "a stored mention instead"), show_default=False
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help=tr("Titel des Textes", "the text's title"), show_default=False)
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(help=tr("woher er kommt: review, social, …", "where it is from: review, …"), show_default=False),
    ] = None,
    format: Annotated[ExplainFormat, typer.Option(help=tr("json oder text", "json or text"))] = ExplainFormat.text,
) -> None:
    """Print what sentences and words contribute to a text's polarity; stores nothing."""
    if (text is None) == (id is None):
        raise UsageError(
            tr("Nenne entweder einen Text (- für stdin) oder --id.", "Give either a text (- for stdin) or --id.")
        )
    if text is None:
        text, title, channel = _stored(settings, str(id), title, channel)
    elif text == "-":
        text = _from_stdin()
    with messages.status(tr("Das Sprachmodell wird geladen …", "Loading the language model …")):
        found = loaded_explainer(settings)(text, title, channel)
    if format is ExplainFormat.json:
        put_json({"text": text, "title": title, **asdict(found)})
    else:
        _print(found, text, title or "")


def _stored(settings: Settings, id: str, title: str | None, channel: str | None) -> tuple[str, str | None, str | None]:
    if title is not None or channel is not None:
        raise UsageError(
            tr(
                "--title und --channel stehen schon bei der Erwähnung, die --id nennt.",
                "The mention that --id names has its own title and channel.",
            )
        )
    with opened_store(settings) as store:
        mention = store.get(id)
    if mention is None:
        raise UsageError(tr(f"Keine Erwähnung {id!r}.", f"There is no mention {id!r}."))
    return mention.text, mention.title, mention.channel


def _from_stdin() -> str:
    with open_input("-") as stream:
        try:
            return stream.read()
        except UnicodeDecodeError as error:
            raise UsageError(tr("stdin ist kein UTF-8-Text.", "stdin isn't UTF-8 text.")) from error


def _print(found: Explanation, text: str, title: str) -> None:
    if not found.sentences:
        put_line(
            tr("Darin steht nichts, was das Modell lesen kann.", "There is nothing in it that the model can read.")
        )
        return
    labels = {
        "negative": tr("negativ", "negative"),
        "neutral": tr("neutral", "neutral"),
        "positive": tr("positiv", "positive"),
        "mixed": tr("gemischt", "mixed"),
    }
    sure = f"{found.confidence:.0%}".replace("%", tr("\N{NO-BREAK SPACE}%", "%"))
    put_line(
        tr(
            f"{labels[found.sentiment]} (Sicherheit {sure}), Polarität {_signed(found.polarity)} von -1 bis +1",
            f"{labels[found.sentiment]} (confidence {sure}), polarity {_signed(found.polarity)} from -1 to +1",
        )
    )
    _print_sentences(found, text, title)
    _print_words(tr("Am stärksten ins Negative", "Strongest to the negative"), found.negative, text, title)
    _print_words(tr("Am stärksten ins Positive", "Strongest to the positive"), found.positive, text, title)
    if not found.complete:
        put_line(
            "\n" + tr("Der Text geht weiter, als das Modell liest.", "The text goes on behind what the model reads.")
        )


def _print_sentences(found: Explanation, text: str, title: str) -> None:
    put_line(tr("\nSätze (zusammen die Polarität)", "\nSentences (together the polarity)"))
    heavy = sorted(found.sentences, key=lambda sentence: -abs(sentence.contribution))
    for sentence in found.sentences:
        if sentence in heavy[:SHOWN]:
            put_line(f"  {_signed(sentence.contribution)}  {_excerpt(sentence, text, title)}")
    rest = heavy[SHOWN:]
    if rest:
        total = _signed(sum(sentence.contribution for sentence in rest))
        put_line(f"  {total}  " + tr(f"({len(rest)} weitere)", f"({len(rest)} more)"))


def _print_words(head: str, words: tuple[WordReason, ...], text: str, title: str) -> None:
    if not words:
        return
    put_line(f"\n{head}")
    for word in words:
        line = f"  {_signed(word.contribution)}  {_excerpt(word, text, title)}"
        if word.without is not None:
            line += tr(
                f"  (Polarität ohne das Wort: {_signed(word.without)})",
                f"  (polarity without the word: {_signed(word.without)})",
            )
        put_line(line)


def _excerpt(part: SentenceReason | WordReason, text: str, title: str) -> str:
    """One line of a text that anybody may have written: without what a terminal would obey."""
    line = " ".join((title if part.in_title else text)[part.start : part.end].split())
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
    line = line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"
    return line + tr(" (Titel)", " (title)") if part.in_title else line


def _signed(value: float) -> str:
    text = f"{value:+.2f}"
    text = text if text.strip("+-0.") else " 0.00"
    return text.replace(".", ",") if language() == "de" else text
