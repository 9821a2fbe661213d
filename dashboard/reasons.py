"""An explanation as safe HTML: its sentences with their words marked, the weightiest words, what it doesn't say."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dashboard import formats
from dashboard.context import Context
from dashboard.explaining import Explanation, SentenceShare, WordShare
from index.mention import Mention

# Sentences that are shown; of a longer text those that contribute most.
SHOWN = 6
# From this part of the weightiest word's contribution on a word gets a weaker, a middle, a stronger shade.
SHADES = (0.25, 0.45, 0.75)
# Characters of a word in the list: a crawled link may be long.
WORD_LENGTH = 40


def explained(page: Context, mention: Mention, found: Explanation) -> str:
    """The panel under a mention's card."""
    words = page.words
    if not found.sentences:
        return _panel(page, f"<p>{escape(words('why_nothing'))}</p>")
    lead = words(
        "why_lead",
        label=words(f"experience_{found.sentiment}"),
        percent=page.percent(found.confidence),
        polarity=formats.polarity(found.polarity, words.language),
    )
    parts = [
        f"<p>{escape(lead)}</p>",
        _legend(page),
        _sentences(page, mention, found),
        _weightiest(page, mention, found),
    ]
    notes = [words("why_note")]
    if not found.complete:
        notes.append(words("why_cut"))
    stored = mention.sentiment.label if mention.sentiment is not None else found.sentiment
    if stored != found.sentiment:
        notes.append(words("why_other", label=words(f"experience_{stored}")))
    parts += [f"<p class='bm-note'>{escape(note)}</p>" for note in notes]
    return _panel(page, "".join(parts))


def unexplained(page: Context, reason: str) -> str:
    """The panel where nothing can be explained."""
    return _panel(page, f"<p>{escape(page.words('why_no_model', reason=reason))}</p>")


def _panel(page: Context, inner: str) -> str:
    return f"<section class='bm-why' aria-label='{escape(page.words('why'))}'>{inner}</section>"


def _legend(page: Context) -> str:
    return (
        "<p class='bm-marks'>"
        f"<span class='bm-w bm-wneg bm-w3'>{escape(page.words('why_legend_negative'))}</span>"
        f"<span class='bm-w bm-wpos bm-w3'>{escape(page.words('why_legend_positive'))}</span>"
        f"<span>{escape(page.words('why_legend_note'))}</span></p>"
    )


def _sentences(page: Context, mention: Mention, found: Explanation) -> str:
    heavy = sorted(range(len(found.sentences)), key=lambda index: -abs(found.sentences[index].contribution))
    shown = sorted(heavy[:SHOWN])
    most = max((abs(word.contribution) for word in found.words), default=0.0)
    rows = [_sentence(page, mention, found.sentences[index], found.words, most) for index in shown]
    rest = [found.sentences[index].contribution for index in heavy[SHOWN:]]
    if rest:
        key = "why_rest_one" if len(rest) == 1 else "why_rest"
        rows.append(f"<li>{_value(page, sum(rest))}<span class='bm-quiet'>{_text(page, key, len(rest))}</span></li>")
    return f"<ol class='bm-whysentences'>{''.join(rows)}</ol>"


def _text(page: Context, key: str, count: int) -> str:
    return escape(page.words(key, n=page.number(count)))


def _sentence(page: Context, mention: Mention, sentence: SentenceShare, words: Sequence[WordShare], most: float) -> str:
    text = _source(mention, sentence)
    inside = [
        word
        for word in words
        if word.in_title == sentence.in_title and sentence.start <= word.start and word.end <= sentence.end
    ]
    parts: list[str] = []
    last = sentence.start
    for word in inside:
        parts += escape(text[last : word.start]), _word(page, text[word.start : word.end], word.contribution, most)
        last = word.end
    parts.append(escape(text[last : sentence.end]))
    place = f"<span class='bm-badge'>{escape(page.words('why_title'))}</span> " if sentence.in_title else ""
    language = escape(mention.language or "de")
    return f"<li>{_value(page, sentence.contribution)}<span lang='{language}'>{place}{''.join(parts)}</span></li>"


def _word(page: Context, text: str, contribution: float, most: float) -> str:
    shade = sum(abs(contribution) >= least * most for least in SHADES) if most else 0
    if not shade:
        return escape(text)
    kind = "neg" if contribution < 0 else "pos"
    value = formats.polarity(contribution, page.words.language)
    return f"<mark class='bm-w bm-w{kind} bm-w{shade}' title='{value}'>{escape(text)}</mark>"


def _weightiest(page: Context, mention: Mention, found: Explanation) -> str:
    lists = [("why_negative", "neg", found.negative), ("why_positive", "pos", found.positive)]
    parts = [_list(page, mention, found, *item) for item in lists if item[2]]
    return "".join(parts) or f"<p>{escape(page.words('why_no_word'))}</p>"


def _list(
    page: Context, mention: Mention, found: Explanation, title: str, kind: str, words: Sequence[WordShare]
) -> str:
    items = "".join(f"<li>{_named(page, mention, found, kind, word)}</li>" for word in words)
    return f"<div class='bm-whywords'><b>{escape(page.words(title))}</b><ul>{items}</ul></div>"


def _named(page: Context, mention: Mention, found: Explanation, kind: str, word: WordShare) -> str:
    text = " ".join(_source(mention, word)[word.start : word.end].split())
    text = text if len(text) <= WORD_LENGTH else text[: WORD_LENGTH - 1] + "…"
    language = page.words.language
    own, whole = formats.polarity(word.contribution, language), formats.polarity(found.polarity, language)
    html = f"<span class='bm-w bm-w{kind} bm-w2'>{escape(text)}</span> {escape(own)}"
    without = None if word.without is None else formats.polarity(word.without, language)
    if without in (None, whole):
        return html
    note = page.words("why_without", without=without, whole=whole)
    return f"{html} <small>{escape(note)}</small>"


def _source(mention: Mention, part: SentenceShare) -> str:
    return (mention.title or "") if part.in_title else mention.text


def _value(page: Context, contribution: float) -> str:
    kind = "neg" if contribution < 0 else "pos"
    return f"<b class='bm-whyvalue bm-{kind}'>{escape(formats.polarity(contribution, page.words.language))}</b>"
