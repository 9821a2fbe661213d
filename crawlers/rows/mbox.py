"""Mails of an mbox file: the sender's newest own words, without what they quote, their signature and disclaimers."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import BinaryIO

from crawlers.pages.dates import DateHints
from crawlers.pages.document import parse, select
from crawlers.pages.text import plain_text
from crawlers.rows.mail_text import own_words
from crawlers.rows.row import Row

MAX_MAIL_BYTES = 30_000_000
MAX_PARTS = 200
MAX_TEXT_CHARACTERS = 400_000
_REPLY = re.compile(r"^\s*(?:(?:re|aw|antw|antwort|wg|fwd?|wtr)(?:\[\d+\])?\s*:\s*)+", re.I)
_QUOTES = (
    "blockquote, .gmail_quote, .gmail_quote_container, .gmail_extra, .moz-cite-prefix, .moz-signature,"
    " .gmail_signature,"
    " #divRplyFwdMsg, #divRplyFwdMsg ~ *, #appendonsend, #appendonsend ~ *, .yahoo_quoted, .protonmail_quote,"
    " [id^='Signature'], .OutlookMessageHeader, .tutanota_quote, #mail-editor-reference-message-container"
)
_NOW = datetime(2100, 1, 1, tzinfo=UTC)


def mbox_rows(stream: BinaryIO, *, staff: tuple[str, ...] = ()) -> Generator[Row, None, None]:
    """The mails of an mbox file, numbered from 1, as values text, title, date, author, id, parent and role.

    `staff` are the brand's own mail domains or addresses. Automatic replies, bounces and lists are dropped.
    """
    own = tuple(name.casefold().lstrip("@") for name in staff)
    for number, data in enumerate(_messages(stream), start=1):
        yield Row(number, fault=f"größer als {MAX_MAIL_BYTES} Bytes") if data is None else _row(number, data, own)


def _messages(stream: BinaryIO) -> Iterator[bytes | None]:
    """The raw messages; None for one that is too large. A line "From " after an empty one begins the next."""
    lines: list[bytes] = []
    size, blank = 0, True
    stream.seek(0)
    while line := stream.readline(1_000_000):
        if blank and line.startswith(b"From ") and size:
            yield None if size > MAX_MAIL_BYTES else b"".join(lines)
            lines, size = [], 0
        elif not (blank and line.startswith(b"From ")):
            size += len(line)
            if size <= MAX_MAIL_BYTES:
                lines.append(line[1:] if re.match(rb">+From ", line) else line)
        blank = not line.strip()
    if size:
        yield None if size > MAX_MAIL_BYTES else b"".join(lines)


def _row(number: int, data: bytes, own: tuple[str, ...]) -> Row:
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        if dropped := _automatic(message):
            return Row(number, dropped=dropped)
        return Row(number, _values(message, own))
    except (ValueError, LookupError, RecursionError, AttributeError, TypeError, IndexError, AssertionError) as error:
        # The parser of headers stumbles over some broken ones.
        return Row(number, fault=f"keine lesbare Mail ({type(error).__name__})")


def _header(message: EmailMessage, name: str) -> str:
    value = message.get(name)
    return "" if value is None else " ".join(str(value).split())


def _automatic(message: EmailMessage) -> str | None:
    """The fate of mails that no person wrote."""
    submitted = _header(message, "Auto-Submitted").lower()
    if (submitted and submitted != "no") or _header(message, "X-Autoreply") or _header(message, "X-Autorespond"):
        return "dropped/automatic"
    if _header(message, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply") or message.get("List-Id"):
        return "dropped/automatic"
    sender = parseaddr(_header(message, "From"))[1].casefold()
    if sender.startswith(("mailer-daemon@", "postmaster@")) or message.get_content_type() == "multipart/report":
        return "dropped/automatic"
    return None


def _values(message: EmailMessage, own: tuple[str, ...]) -> dict[str, object]:
    name, address = parseaddr(_header(message, "From"))
    sender = address.casefold()
    subject = _REPLY.sub("", _header(message, "Subject"))
    from_us = bool(own) and (sender in own or sender.rpartition("@")[2] in own)
    return {
        "text": own_words(_text(message), names=(name,)),
        "title": subject or None,
        "date": _date(message),
        "author": sender or name or None,
        "id": _header(message, "Message-ID") or None,
        "parent": _header(message, "In-Reply-To") or None,
        "role": "staff" if from_us else "customer",
        "names": (name,) if name else (),
    }


def _date(message: EmailMessage) -> datetime | None:
    try:
        at = parsedate_to_datetime(_header(message, "Date"))
    except (ValueError, TypeError, IndexError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _text(message: EmailMessage) -> str:
    """The plain text of a mail; its HTML where there is none, or where the plain part is only a hint at it."""
    plain, html = list[str](), list[str]()
    for place, part in enumerate(message.walk()):
        if place >= MAX_PARTS:
            break
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        if part.get_content_type() == "text/plain":
            plain.append(_content(part))
        elif part.get_content_type() == "text/html":
            html.append(_content(part))
    joined = "\n".join(plain)
    if len(joined.split()) > 3 or not html:
        return joined
    return _from_html("\n".join(html)) or joined


def _content(part: EmailMessage) -> str:
    data = part.get_payload(decode=True)
    raw = data if isinstance(data, bytes) else b""
    try:
        return raw.decode(part.get_content_charset() or "utf-8")[:MAX_TEXT_CHARACTERS]
    except (LookupError, UnicodeDecodeError):
        pass
    try:
        return raw.decode("utf-8")[:MAX_TEXT_CHARACTERS]
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")[:MAX_TEXT_CHARACTERS]


def _from_html(html: str) -> str:
    document = parse(html, url="http://mail.invalid/", hints=DateHints(now=_NOW))
    for element in select(document.root, _QUOTES):
        parent = element.getparent()
        if parent is not None:
            element.drop_tree()
    return plain_text(document.root)
