"""Pieces of the pages as safe HTML: every value goes through `escape` here or in `highlight`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import urlsplit

from dashboard import formats
from dashboard.context import Context
from dashboard.intervals import Change, Share
from dashboard.state import EVERY_BRAND, VIEWS, FilterState, Language, link

# The filter's lists by field, in the order in which they are offered, with the kind of their labels.
LISTS = {
    "sources": "source",
    "topics": "topic",
    "experiences": "experience",
    "channels": "channel",
    "phases": "phase",
    "touchpoints": "touchpoint",
}


def anchor(href: str, inner: str, *, css: str = "", label: str = "", extra: str = "") -> str:
    """A link within the dashboard around safe HTML."""
    attributes = f" class='{css}'" if css else ""
    attributes += f" aria-label='{escape(label)}' title='{escape(label)}'" if label else ""
    return f"<a href='{escape(href)}'{attributes}{extra}>{inner}</a>"


def web_address(url: str) -> str | None:
    """The URL if it is one of the web that a person may follow, else None."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def header(page: Context) -> str:
    """The name, the pages and the languages. Links keep the filter."""
    pages = "".join(
        anchor(page.href(view), escape(page.words(f"page_{view}")), extra=_current(view == page.view)) for view in VIEWS
    )
    languages = "".join(_language(page, code) for code in ("de", "en"))
    return (
        "<header class='bm-header'>"
        f"{anchor(page.href('overview'), '<span class=bm-sign aria-hidden=true></span>Brandmelder', css='bm-word')}"
        f"<nav class='bm-nav' aria-label='{escape(page.words('navigation'))}'>{pages}</nav>"
        f"<div class='bm-lang' role='group' aria-label='{escape(page.words('language_choice'))}'>{languages}</div>"
        "</header>"
    )


def _language(page: Context, code: Language) -> str:
    href = link(page.view, page.chosen.but(language=code, page=page.chosen.page))
    return anchor(href, code.upper(), extra=f" lang='{code}'{_current(code == page.words.language)}")


def _current(is_current: bool) -> str:
    return " aria-current='true'" if is_current else ""


def heading(page: Context, title: str, *, count: int | None, with_before: bool, with_period: bool = True) -> str:
    """The page's title and what it covers."""
    facts = [_brand(page)] if page.config.competitors or page.chosen.brand else [page.config.brand]
    if with_period:
        facts.append(page.period)
    if count is not None:
        facts.append(page.words("covers_one") if count == 1 else page.words("covers", n=page.number(count)))
    if with_before and page.before is not None and page.before.start is not None and page.before.end is not None:
        before = formats.period(page.before.start, page.before.end, page.words.language)
        facts.append(page.words("compared_with", period=before))
    return f"<div class='bm-heading'><h1>{escape(title)}</h1><p>{escape(' · '.join(facts))}</p></div>"


def _brand(page: Context) -> str:
    return page.words("brand_all") if page.state.brand == EVERY_BRAND else str(page.state.brand)


def chips(page: Context) -> str:
    """The active filters, each a link that removes it, and one that removes all; nothing where there is none."""
    items = [_chip(page, text, changed) for text, changed in active_filters(page)]
    if not items:
        return ""
    bare = FilterState(period=page.chosen.period, start=page.chosen.start, end=page.chosen.end)
    reset = link(page.view, bare.but(language=page.chosen.language))
    return f"<div class='bm-chips'>{''.join(items)}{anchor(reset, escape(page.words('reset')), css='bm-reset')}</div>"


def active_filters(page: Context) -> list[tuple[str, FilterState]]:
    """What narrows the selection besides the period, in words, with the filter that lacks it."""
    found = []
    for field, kind in LISTS.items():
        chosen = getattr(page.chosen, field)
        for value in chosen:
            rest = tuple(other for other in chosen if other != value)
            text = f"{page.words(kind)}: {page.label(kind, value)}"
            found.append((text, page.chosen.but(**{field: rest})))
    if page.chosen.brand is not None and page.chosen.brand != page.config.brand:
        found.append((f"{page.words('brand')}: {_brand(page)}", page.chosen.but(brand=None)))
    if page.chosen.copies == "all":
        found.append((page.words("copies_all_chip"), page.chosen.but(copies="once")))
    if page.chosen.search:
        found.append((page.words("search_chip", text=page.chosen.search), page.chosen.but(search="")))
    return found


def _chip(page: Context, text: str, without: FilterState) -> str:
    inner = f"<span>{escape(text)}</span><span class='bm-x' aria-hidden='true'>×</span>"
    return anchor(link(page.view, without), inner, css="bm-chip", label=page.words("remove", what=text))


def tile(title: str, value: str, lines: Iterable[str], *, href: str, kind: str = "") -> str:
    """A headline figure that opens its mentions. `lines` are safe HTML."""
    body = "".join(f"<span class='bm-line'>{line}</span>" for line in lines)
    inner = f"<span class='bm-title'>{escape(title)}</span><span class='bm-value'>{escape(value)}</span>{body}"
    return anchor(href, inner, css=f"bm-tile {kind}")


def change_line(page: Context, change: Change, *, is_clear: bool | None = None) -> str:
    """A change in points as safe HTML, said to be clear or perhaps chance, with its test as a tooltip."""
    if change.difference is None or change.p_value is None:
        return f"<span class='bm-quiet'>{escape(page.words('no_before'))}</span>"
    clear = change.is_clear if is_clear is None else is_clear
    text = page.words("clear_change" if clear else "unclear_change", points=points(page, change.difference))
    note = page.words(
        "test_note",
        p=formats.p_value(change.p_value, page.words.language),
        now=page.number(change.now.n),
        before=page.number(change.before.n),
    )
    css = "bm-clear" if clear else "bm-quiet"
    return f"<span class='{css}' title='{escape(note)}'>{escape(text)} <small>{escape(note)}</small></span>"


def points(page: Context, difference: float, *, absolute: bool = False) -> str:
    """A difference of shares in percentage points, with its sign unless `absolute`."""
    value = round(difference * 100)
    text = page.number(abs(value)) if absolute else formats.signed(value, page.words.language)
    return page.words("points_one" if abs(value) == 1 else "points", value=text)


def share_line(page: Context, share: Share) -> str:
    """`43 of 120 · 95 % interval 27–45 %` as safe HTML."""
    count = page.words("figure_n", count=page.number(share.count), n=page.number(share.n))
    bounds = page.words("figure_interval", interval=formats.interval(share, page.words.language))
    return f"{escape(count)} · {escape(bounds)}"


def badge(text: str, kind: str = "") -> str:
    """A small label."""
    return f"<span class='bm-badge {kind}'>{escape(text)}</span>"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str) -> str:
    """A plain table; the cells are safe HTML, the first of each row is its heading."""
    head = "".join(f"<th scope='col'>{escape(column)}</th>" for column in columns)
    body = "".join(
        f"<tr><th scope='row'>{first}</th>{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>" for first, *rest in rows
    )
    return (
        "<div class='bm-scroll' tabindex='0'><table class='bm-table'>"
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def card_head(title: str, note: str, more: str = "") -> str:
    """The head of a card; `more` is a link."""
    note_html = f"<p>{escape(note)}</p>" if note else ""
    return f"<div class='bm-cardhead'><div><h2>{escape(title)}</h2>{note_html}</div>{more}</div>"


def panel(title: str, text: str, *, command: str = "", extra: str = "", kind: str = "") -> str:
    """A message that takes the place of content: what is the matter, and the command that helps."""
    code = f"<pre class='bm-command'>{escape(command)}</pre>" if command else ""
    return f"<section class='bm-panel {kind}'><h2>{escape(title)}</h2><p>{escape(text)}</p>{code}{extra}</section>"
