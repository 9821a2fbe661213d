"""What people say of single mentions: judge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from brandmelder.common import opened_store
from brandmelder.console import put_json, say
from brandmelder.errors import UsageError
from brandmelder.settings import Settings
from brandmelder.texts import tr
from index.document import to_document
from index.judgement import told
from index.mention import SENTIMENTS, Correction, Work


def judge(
    settings: Settings,
    ids: Annotated[list[str], typer.Argument(help=tr("Kennungen der Erwähnungen", "ids of mentions"))],
    by: Annotated[str, typer.Option(help=tr("wer urteilt", "who judges"))],
    not_us: Annotated[
        bool | None,
        typer.Option(
            "--not-us/--us", help=tr("das sind nicht wir / doch, das sind wir", "that isn't us / it is us after all")
        ),
    ] = None,
    topics: Annotated[
        str | None,
        typer.Option(
            help=tr(
                "alle Themen des Textes, mit Komma getrennt; leer: keines", "all of its topics, by commas; empty: none"
            )
        ),
    ] = None,
    sentiment: Annotated[
        str | None, typer.Option(help=tr("negative, neutral, positive oder mixed", "the right sentiment"))
    ] = None,
) -> None:
    """Say what mentions are; the next run learns from it. Prints the documents."""
    if not_us is None and topics is None and sentiment is None:
        raise UsageError(
            tr(
                "Was stimmt? --not-us, --us, --topics oder --sentiment.",
                "Give --not-us, --us, --topics or --sentiment.",
            )
        )
    if sentiment not in (None, *SENTIMENTS):
        raise UsageError(tr(f"Die Stimmung {sentiment!r} gibt es nicht.", f"There is no sentiment {sentiment!r}."))
    named = None if topics is None else tuple(part.strip() for part in topics.split(",") if part.strip())
    with opened_store(settings) as store:
        found = {id: store.get(id) for id in dict.fromkeys(ids)}
        unknown = [id for id, mention in found.items() if mention is None]
        if unknown:
            raise UsageError(tr(f"Keine Erwähnung {unknown[0]!r}.", f"There is no mention {unknown[0]!r}."))
        judged = []
        for id, mention in found.items():
            work = Work() if mention is None else mention.work
            work = work if not_us is None else told(work, not_us=not_us)
            if named is not None or sentiment is not None:
                work = work.model_copy(update={"correction": _corrected(work.correction, named, sentiment, by)})
            judged.append(store.amend(id, work))
    put_json([to_document(mention) for mention in judged])
    say(tr(f"{len(judged)} beurteilt.", f"{len(judged)} judged."))


def _corrected(before: Correction | None, topics: tuple[str, ...] | None, sentiment: str | None, by: str) -> Correction:
    """The correction with what is new; what was corrected before and isn't named now stays."""
    values = {
        "topics": topics if topics is not None else before.topics if before else None,
        "sentiment": sentiment or (before.sentiment if before else None),
        "by": by,
        "at": datetime.now(UTC),
    }
    return Correction.model_validate(values)
