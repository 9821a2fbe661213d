"""Mentions for measuring: any number of them, always the same, made faster than any store writes them.

Two years of German posts, reviews and comments about three fictional home-delivery shops. What matters for speed is
like in a real archive: lengths of texts, a vocabulary that keeps growing, few frequent and many rare authors, several
topics with aspects, copies, mentions without a date, without scores, and with people's corrections.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from index.mention import Aspect, Correction, MatchedTerm, Mention, Provenance, Rating, Sentiment, Work

BLOCK = 1_000
BEGINNING = datetime(2024, 7, 1, tzinfo=UTC)
DAYS = 730
NEWEST = (BEGINNING + timedelta(days=DAYS - 1)).date()
AUTHORS = 150_000
BRANDS = ("kornblume", "distel", "klee")

# Source, platform, channel; in the order of how much they write.
SOURCES = (
    ("marktforum", "phpbb", "forum"),
    ("testportal", "jsonld", "review"),
    ("kuechenrunde", "xenforo2", "forum"),
    ("appladen", "appstore", "app_store"),
    ("zwitscherbaum", "mastodon", "social"),
    ("sternchen", "microdata", "review"),
    ("gartenblog", "wordpress", "blog"),
    ("hofladenforum", "woltlab5", "forum"),
    ("umfrage", "import", "survey"),
    ("postfach", "mbox", "mail"),
)
PHASES = ("usage", "support", "purchase", "onboarding", "consideration", "loyalty", "exit", None)
TOUCHPOINTS = ("online", "laden", "app", "telefon", None)
LABELS = ("negative", "neutral", "positive", "mixed")

# What is said about each topic: bad, neutral, good. {ding} is a thing with a name of many, {n} a number.
SAYINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "lieferung": (
        (
            "Die Lieferung kam {n} Tage zu spät und der Fahrer hat nicht einmal geklingelt.",
            "Seit {n} Stunden steht in der Verfolgung nur, dass unser {ding} unterwegs sei.",
            "Wieder wurde das Paket einfach vor die Haustür in den Regen gestellt.",
        ),
        ("Geliefert wird bei uns zwischen {n} und 18 Uhr.",),
        ("Pünktlich auf die Minute, der Bote trägt sogar alles in den vierten Stock.", "Schneller Versand, klasse!"),
    ),
    "verpackung": (
        (
            "Der Karton war aufgerissen und das {ding} völlig zerdrückt.",
            "So viel Plastik um ein einziges {ding}, das ist doch Wahnsinn.",
        ),
        ("Alles steckte in einer großen Papiertüte.",),
        ("Die Verpackung ist durchdacht und kommt ohne Folie aus.",),
    ),
    "kundendienst": (
        (
            "Nach {n} Minuten Warteschleife wurde einfach aufgelegt.",
            "Auf meine Mail von vor {n} Wochen kam bis heute keine Antwort, unverschämt.",
            "Der Kundendienst schiebt die Schuld für das {ding} auf den Paketdienst.",
        ),
        ("Ich habe dem Kundendienst wegen {ding} geschrieben und warte ab.",),
        ("Am Telefon war eine sehr freundliche Dame, die das Problem mit dem {ding} sofort gelöst hat.",),
    ),
    "qualitaet": (
        (
            "Das {ding} war schon nach {n} Tagen verdorben.",
            "Früher schmeckte das {ding} deutlich besser, jetzt nur noch fade und teuer.",
        ),
        ("Das {ding} gibt es jetzt in einer anderen Größe.",),
        ("Das {ding} ist jedes Mal frisch und schmeckt wie vom Markt.", "Beste Qualität, gerne wieder."),
    ),
    "app": (
        (
            "Seit dem letzten Update stürzt die App beim Öffnen vom {ding} ab, Fehler {n}.",
            "In der App verschwindet der Warenkorb nach {n} Minuten, ich könnte ausrasten.",
        ),
        ("In der neuen Version {n} sieht die Übersicht anders aus.",),
        ("Die App läuft flüssig und die Suche findet jedes {ding}.",),
    ),
    "preis": (
        (
            "Für ein {ding} jetzt {n},99 € zu verlangen ist eine Frechheit.",
            "Still und heimlich wurden die Preise um {n} Prozent erhöht.",
        ),
        ("Das {ding} kostet derzeit {n} Euro.",),
        ("Für {n} Euro bekommt man nirgends ein besseres {ding}.",),
    ),
    "bestellung": (
        (
            "Meine Bestellung mit der Nummer {n} wurde ohne Begründung storniert.",
            "Statt dem {ding} kam etwas ganz anderes, und das schon zum {n}. Mal.",
        ),
        ("Ich habe gestern {n} Stück bestellt.",),
        ("Bestellen geht in zwei Minuten, besser geht es kaum.",),
    ),
    "rueckgabe": (
        (
            "Auf die Erstattung für das {ding} warte ich seit {n} Wochen.",
            "Die Rücksendung sollte ich auch noch selbst bezahlen!",
        ),
        ("Zurückgeben kann man das {ding} innerhalb von {n} Tagen.",),
        ("Die Rückgabe vom {ding} lief völlig problemlos.",),
    ),
    "beratung": (
        ("Im Laden konnte mir niemand sagen, ob das {ding} glutenfrei ist.",),
        ("Beraten wird im Geschäft am Hafen bis {n} Uhr.",),
        ("Toll beraten worden, der junge Mann wusste alles über das {ding}.",),
    ),
    "auswahl": (
        ("Schon wieder ist das {ding} seit {n} Wochen ausverkauft.",),
        ("Neu im Sortiment ist das {ding}.",),
        ("Riesige Auswahl, sogar ein {ding} haben sie da.",),
    ),
    "zahlung": (
        ("Zweimal wurden mir {n} Euro abgebucht, obwohl nur ein {ding} ankam.",),
        ("Bezahlt habe ich per Rechnung.",),
        ("Die Zahlung auf Rechnung klappt ohne Mühe.",),
    ),
    "filiale": (
        ("In der Filiale stank es, und an der Kasse standen {n} Leute vor mir.",),
        ("Die Filiale am Markt hat ab {n} Uhr geöffnet.",),
        ("Sauberer Laden, freundliche Leute, immer ein Lächeln.",),
    ),
}
TOPICS = tuple(SAYINGS)
ASIDES = (
    "Mal ehrlich, so etwas habe ich noch nicht erlebt.",
    "Was meint ihr dazu?",
    "Vielleicht hatte ich auch nur Pech.",
    "Meine Nachbarin in der {ding}straße sagt dasselbe.",
    "Nächste Woche probiere ich es noch einmal.",
    "Grüße aus dem Norden!",
    "Edit: inzwischen hat sich jemand gemeldet.",
    "Ich bin seit {n} Jahren Kunde.",
    "Danke für die vielen Antworten hier im Thema.",
    "😡😡😡",
    "Naja, wir werden sehen ...",
)
_FIRST_WORDS = """
Hafer Dinkel Roggen Apfel Birnen Quitten Kürbis Möhren Sellerie Kräuter Honig Nuss Mandel Käse Quark Butter Senf Linsen
Bohnen Erbsen Kirsch Holunder Pflaumen Zimt Rosmarin Oliven Tomaten Paprika Gurken Zwiebel
"""
_LAST_WORDS = """
brot müsli mus saft kuchen auflauf suppe paket korb riegel kekse schnitten marmelade aufstrich bratling pfanne salat
tüte glas becher mischung flocken mehl öl essig tee pulver würfel scheiben creme
"""
_HEADS, _TAILS = _FIRST_WORDS.split(), _LAST_WORDS.split()


def mentions(start: int, stop: int) -> Iterator[Mention]:
    """The mentions with the numbers from `start` to before `stop`; a number's mention never changes."""
    for block in range(start // BLOCK, (stop + BLOCK - 1) // BLOCK):
        first = block * BLOCK
        yield from _block(block)[max(0, start - first) : stop - first]


def _block(block: int) -> list[Mention]:
    random = Random(block)
    return [_mention(block * BLOCK + place, random) for place in range(BLOCK)]


def _pick(random: Random, items: tuple[Any, ...], skew: float = 1.0) -> Any:
    """One of the items; the higher `skew`, the more often an early one."""
    return items[int(random.random() ** skew * len(items))]


def _mention(number: int, random: Random) -> Mention:
    chance = random.random
    source, platform, channel = _pick(random, SOURCES, 2.0)
    key = f"{number * 2654435761 % (1 << 32):08x}"
    label = _pick(random, LABELS, 1.3)
    text, aspects = _text(random, label)
    topics = tuple(sorted({aspect.topic for aspect in aspects}))
    brand = _pick(random, BRANDS, 2.5)
    stars = 1 + int(chance() * 5)
    thread = int(chance() * number) // 8 if number else 0
    return Mention(
        id=hashlib.sha256(key.encode()).hexdigest()[:32],
        content_hash=hashlib.sha256(text.encode()).hexdigest()[:32],
        source=source,
        platform=platform,
        channel=channel,
        url=f"https://{source}.example/beitrag/{key}",
        thread_url=f"https://{source}.example/thema/{thread}",
        thread_title=f"{_thing(random)}: Erfahrungen mit {brand.title()}, Teil {thread % 50}" if thread else None,
        native_id=f"p{number}",
        parent_id=f"p{number - 1}" if number % 3 else None,
        author_key=None if chance() < 0.02 else f"{int(chance() ** 3 * AUTHORS) * 2246822519 % (1 << 32):08x}" * 4,
        author_role=_pick(random, ("customer", "unknown", "staff"), 4.0),
        published_at=None if chance() < 0.02 else BEGINNING + timedelta(seconds=int(chance() * DAYS * 86_400)),
        date_precision="minute",
        crawled_at=BEGINNING + timedelta(days=DAYS),
        scored_at=BEGINNING + timedelta(days=DAYS, minutes=1),
        title=f"{_thing(random)}: nie wieder" if channel in ("review", "app_store") else None,
        text=text,
        language="de",
        rating=_rating(stars) if channel in ("review", "app_store", "survey") else None,
        brands=(brand,) if chance() < 0.95 else BRANDS[:2],
        matched_terms=_TERM,
        relevance=round(0.5 + chance() / 2, 4),
        sentiment=None if chance() < 0.01 else _sentiment(label, int(chance() * 60)),
        aspects=aspects,
        topics=topics,
        journey_phase=_pick(random, PHASES, 1.5),
        touchpoint=_pick(random, TOUCHPOINTS, 1.5),
        needs_answer=None if chance() < 0.3 else chance() < 0.2,
        irony=chance() < 0.02,
        copy_group=f"gruppe-{number // 40}" if number % 11 == 0 else None,
        is_copy=number % 22 == 0,
        provenance=_PROVENANCE,
        work=_CORRECTED if chance() < 0.01 else _NOT_US if chance() < 0.01 else _WORK,
    )


def _text(random: Random, label: str) -> tuple[str, tuple[Aspect, ...]]:
    parts: list[str] = []
    aspects: list[Aspect] = []
    length = 0
    for _ in range(1 + int(random.random() ** 2 * 7)):
        if random.random() < 0.25:
            sentence = _filled(random, _pick(random, ASIDES))
        else:
            topic = _pick(random, TOPICS, 1.8)
            felt = _felt(random, label)
            sentence = _filled(random, _pick(random, SAYINGS[topic][felt]))
            polarity = (-0.8, 0.0, 0.8)[felt]
            end = length + len(sentence)
            aspects.append(Aspect(topic=topic, polarity=polarity, probability=0.9, start=length, end=end))
        parts.append(sentence)
        length += len(sentence) + 1
    return " ".join(parts), tuple(aspects)


def _felt(random: Random, label: str) -> int:
    chance = random.random()
    if label == "mixed":
        return 0 if chance < 0.5 else 2
    own = ("negative", "neutral", "positive").index(label)
    return own if chance < 0.8 else int(chance * 15) % 3


def _filled(random: Random, template: str) -> str:
    if "{ding}" in template:
        template = template.replace("{ding}", _thing(random))
    if "{n}" in template:
        template = template.replace("{n}", str(1 + int(random.random() ** 3 * 5_000)))
    return template


def _thing(random: Random) -> str:
    """A compound noun: 900 common ones, and rarer ones of three parts."""
    head = _HEADS[int(random.random() * len(_HEADS))]
    tail = _TAILS[int(random.random() ** 1.5 * len(_TAILS))]
    if random.random() < 0.1:
        return head + _HEADS[int(random.random() * len(_HEADS))].lower() + tail
    return head + tail


@cache
def _rating(stars: int) -> Rating:
    return Rating(value=stars, best=5, worst=1, normalised=(stars - 1) / 4)


@cache
def _sentiment(label: str, step: int) -> Sentiment:
    confidence = round(0.4 + step / 100, 4)
    rest = round((1 - confidence) / 3, 4)
    shares: Any = {word: confidence if word == label else rest for word in LABELS}
    polarity = round(shares["positive"] - shares["negative"], 4)
    return Sentiment(
        label=label,  # type: ignore[arg-type]
        probabilities=shares,
        polarity=polarity,
        confidence=confidence,
        uncertain=confidence < 0.5,
    )


_TERM = (MatchedTerm(brand="kornblume", term="Kornblume", start=0, end=9),)
_PROVENANCE = Provenance(
    model="e5",
    model_revision="messung",
    rules_version="r1",
    taxonomy_version="t1",
    spider="forum",
    spider_version="1",
    gate="allowed",
)
_CORRECTION = Correction(sentiment="negative", topics=("lieferung",), by="jule", at=BEGINNING + timedelta(days=DAYS))
_CORRECTED = Work(correction=_CORRECTION, status="done", owner="jule")
_NOT_US = Work(not_us=True)
_WORK = Work()
