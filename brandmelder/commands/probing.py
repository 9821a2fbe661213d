"""The command that looks at a site before anybody reads it: probe."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from brandmelder.console import messages, put_json, put_line, say
from brandmelder.errors import AttentionError
from brandmelder.formats import german_time
from brandmelder.settings import Settings
from brandmelder.texts import tr

if TYPE_CHECKING:
    from crawlers.probe_report import Listed, Probe, ProbePost, Size


UNREACHABLE = "reserved/robots_unreachable"


class ProbeFormat(StrEnum):
    """How `probe` answers."""

    text = "text"
    json = "json"


def probe(
    settings: Settings,
    url: Annotated[str, typer.Argument(help=tr("Adresse einer Seite", "a page's address"))],
    format: Annotated[ProbeFormat, typer.Option(help=tr("text oder json", "text or json"))] = ProbeFormat.text,
) -> None:
    """Look at a site through the gate of a crawl; stores nothing."""
    from crawlers.probing import probe as look

    logging.getLogger("scrapy").setLevel(logging.WARNING)

    def report(address: str) -> None:
        if messages.is_terminal:
            say(tr(f"Frage {address}", f"Asking {address}"))

    found = look(url, contact=settings.contact, report=report)
    if format is ProbeFormat.json:
        put_json(found.model_dump(mode="json"))
    else:
        for line in lines_of(found):
            put_line(line)
    if found.verdict == UNREACHABLE:
        raise AttentionError(
            tr(
                f"{found.final_url}: robots.txt antwortet nicht. Stimmt die Adresse, läuft der Rechner?",
                f"{found.final_url}: robots.txt doesn't answer. Is the address right, is the machine up?",
            )
        )


def lines_of(found: Probe) -> list[str]:
    """The findings as lines for a person."""
    return [
        f"{found.title or found.final_url}",
        f"  {tr('Adresse', 'address'):<11}{found.final_url}",
        f"  {tr('Software', 'software'):<11}{_software(found)}",
        f"  {tr('Urteil', 'verdict'):<11}{_verdict(found.verdict)}",
        "",
        tr("Was die Seite Maschinen sagt", "What the site tells machines"),
        *(
            f"  {'!' if signal.reserves else ' '} {signal.name:<15}{signal.found or tr('sagt nichts', 'silent')}"
            for signal in found.signals
        ),
        "",
        tr("Feeds und Sitemaps", "Feeds and sitemaps"),
        *([_listed(entry) for entry in (*found.feeds, *found.sitemaps)] or [tr("  keine gefunden", "  none found")]),
        "",
        tr("Umfang, geschätzt aus dem Gesehenen", "Size, estimated from what was seen"),
        *_size(found.size),
        "",
        tr(
            f"{len(found.posts)} Beiträge, wie sie gespeichert würden",
            f"{len(found.posts)} posts as they would be kept",
        ),
        *(line for number, post in enumerate(found.posts, start=1) for line in _post(number, post)),
        *(f"  ! {note}" for note in found.notes),
        "",
        tr(
            f"Entwurf einer Quellenkarte ({found.requests} Abrufe, nichts gespeichert)",
            f"Draft of a source card ({found.requests} requests, nothing stored)",
        ),
        "",
        found.card.rstrip(),
    ]


def _software(found: Probe) -> str:
    if found.software == "unknown":
        return tr("nicht erkannt", "not recognised")
    return f"{found.software}, {found.kind}" + (f", {found.language}" if found.language else "")


def _verdict(verdict: str) -> str:
    if verdict == "allowed":
        return tr("darf gelesen werden", "may be read")
    kind, _, reason = verdict.partition("/")
    if kind == "reserved":
        return tr(f"vorbehalten, wird nicht gelesen ({reason})", f"reserved, isn't read ({reason})")
    return tr(f"wird nach unseren Regeln nicht gelesen ({reason})", f"isn't read by our own rules ({reason})")


def _listed(entry: Listed) -> str:
    if entry.kind is None:
        return f"  {entry.url}: {entry.answer}"
    newest = "" if entry.newest is None else tr(", neuester ", ", newest ") + german_time(entry.newest)
    return f"  {entry.url}: {entry.kind}, {entry.entries} " + tr("Einträge", "entries") + newest


def _size(size: Size) -> list[str]:
    more = tr(" und weitere Seiten", " and more pages") if size.more_pages else ""
    lines = [
        f"  {size.links_on_page} " + tr("Verweise auf Themen oder Produkte", "links to threads or products") + more
    ]
    if size.pages_in_sitemaps is not None:
        lines.append(
            f"  {size.pages_in_sitemaps} " + tr("Seiten in den gelesenen Sitemaps", "pages in the sitemaps read")
        )
    if size.announced_posts_per_thread is not None:
        number = f"{size.announced_posts_per_thread:g}"
        lines.append(tr(f"  {number} Beiträge je Thema laut Seite", f"  {number} posts per thread, says the site"))
    if size.posts_per_week is None:
        lines.append(tr("  Rhythmus: zu wenige datierte Beiträge gesehen", "  rhythm: too few dated posts seen"))
    else:
        number = f"{size.posts_per_week:.1f}"
        number, place = (number.replace(".", ",") if tr("de", "en") == "de" else number), _place(size)
        lines.append(tr(f"  etwa {number} Beiträge je Woche {place}", f"  about {number} posts a week {place}"))
    if size.newest is not None:
        lines.append(tr("  neuester: ", "  newest: ") + german_time(size.newest))
    return lines


def _place(size: Size) -> str:
    if size.seen_in == "feed":
        return tr("(aus dem Feed)", "(from the feed)")
    return tr("(mindestens; aus wenigen Seiten)", "(at least; from a few pages)")


def _post(number: int, post: ProbePost) -> list[str]:
    head = [f"  [{number}]", post.author_key or "?", f"({post.author_role})", german_time(post.published_at)]
    if post.rating is not None:
        head.append(f"{post.rating.value:g}/{post.rating.best:g}")
    return [" ".join(head), *(f"      {line}" for line in post.text[:400].splitlines())]
