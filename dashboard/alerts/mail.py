"""The mail about an event, as HTML and plain text. Everything crawled is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from dashboard.alerts.evidence import Evidence
from dashboard.alerts.log import AlertEvent
from dashboard.alerts.wording import Wording


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("dashboard.alerts"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def compose(
    event: AlertEvent,
    evidence: Evidence,
    *,
    wording: Wording,
    labels: Mapping[str, str],
    sources: Mapping[str, str],
    sender: str,
    recipients: str,
) -> EmailMessage:
    """The mail. `labels` are the topics' names, `sources` the sources' titles; what is missing there shows its id."""
    values = {
        "language": wording.language,
        "say": wording,
        "event": event,
        "evidence": evidence,
        "lines": _lines(event, evidence, wording, labels, sources),
        "headline": wording("headline", topic=_label(event.topics[0], labels)),
        "link_text": wording("link", since=wording.day(event.since)),
        "source_titles": sources,
    }
    message = EmailMessage()
    message["Subject"] = _one_line(
        wording(
            "subject",
            brand=event.brand,
            topic=_label(event.topics[0], labels),
            count=event.count,
            expected=wording.number(event.expected),
        )
    )
    message["From"], message["To"] = sender, recipients or sender
    message["Date"] = format_datetime(event.opened_at)
    # The same event always has the same id, so that a mail which is delivered twice shows once.
    message["Message-ID"] = f"<{event.id}@brandmelder.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_templates().get_template("alert.txt").render(values))
    message.add_alternative(_templates().get_template("alert.html").render(values), subtype="html")
    return message


def _label(topic: str, labels: Mapping[str, str]) -> str:
    return labels.get(topic, topic)


def _lines(
    event: AlertEvent, evidence: Evidence, wording: Wording, labels: Mapping[str, str], sources: Mapping[str, str]
) -> list[str]:
    window = wording(f"window_{event.window_days}")
    lines = [
        wording("what", count=event.count, window=window, expected=wording.number(event.expected)),
        wording("since", since=wording.day(event.since)),
    ]
    if evidence.sources:
        counted = [f"{sources.get(name, name)} ({count})" for name, count in evidence.sources]
        lines.append(wording("where", sources=wording.listing(counted)))
    if len(event.topics) > 1:
        lines.append(wording("also", topics=wording.listing([_label(topic, labels) for topic in event.topics[1:]])))
    return lines


def _one_line(text: str) -> str:
    """Header-safe: names come from a file that people edit."""
    return " ".join(text.split())
