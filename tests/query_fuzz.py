"""Queries that nobody would type, each from its number: mutations, noise, operator soup, sizes, hard patterns."""

from __future__ import annotations

from random import Random

from factories import make_mention
from query_cases import CASES

from index.mention import Mention

WORDS = [
    *("Zug", "Züge", "Bahn", "Bahnhof", "Hauptbahnhof", "Straße", "strasse", "Müller", "Mueller", "Lieferung"),
    *("geliefert", "Karton", "Kornblume", "DM", "dm", "WLAN", "Router", "App", "Apps", "Problem", "Probleme", "Kunde"),
    *("Kundin", "Preis", "teuer", "neue", "Quelle", "Rechnung", "Hotline", "Filiale", "Äpfel", "faul", "nie", "kaputt"),
]
PIECES = (
    *("AND", "OR", "NOT", "UND", "ODER", "NICHT", "and", "oder", "&&", "||", "!", "+", "-", "TO", "NEAR/3"),
    *("(", ")", "((", "))", "[", "]", "{", "}", '"', "„", "“", "»", "'", "~", "~1", "~2", "~99", "^", "^2", "^-1", "*"),
    *("?", "**", "*?", "\\", "\\\\", "/", "//", ":", "::", "<", ">", "<=", ">=", "=", ",", ".", "...", "#", "@", "|"),
    *(
        "text:",
        "title:",
        "rating:",
        "date:",
        "source:",
        "exact:",
        "case:",
        "_exists_:",
        "topics:",
        "unbekannt:",
        "url:",
    ),
    *("is_copy:", "text.folded:", "title.case:", "work.due:", "sentiment.polarity:", "aspects:", "published_week:"),
    *("5", "2,5", "-0", "1e9", "2026", "2026-03", "1.3.2026", "heute", "now-7d", "now/w", "2026-W12", "18:30", "ja"),
    *(
        "zug",
        "Straße",
        "E-Mail",
        "rout*",
        "*hof",
        "M?ller",
        "Ruoter~1",
        '"deutsche bahn"',
        '"a b c"~3',
        "😡",
        "❤️",
        "漢字",
    ),
)
SIGNS = "()[]{}\"~^*?:\\/+-!&|<>=„“»«.,;'#@ \n\t\u00a0\u202f\u200d\u0308\u0301\u00ad\ufeff\u202e😡👍🏽ẞİßΣ\x00\x1b漢"


def mentions(number: int = 2_000) -> list[Mention]:
    """A small store's worth of mentions with words that the queries ask for."""
    random = Random(20260301)
    made = []
    for at in range(number):
        own = ["".join(random.choices("abcdefghijklmnoprstuvwzäöüß", k=random.randint(1, 12))) for _ in range(8)]
        text = " ".join(random.choices(WORDS, k=random.randint(5, 40)) + own)
        title = " ".join(random.choices(WORDS, k=3)) if at % 3 == 0 else None
        made.append(make_mention(at, text=text, title=title, is_copy=at % 4 == 0))
    return made


def fuzzed(number: int) -> str:
    """The query of a number, always the same."""
    random = Random(number)
    return _KINDS[number % len(_KINDS)](random)


def _mutation(random: Random) -> str:
    text = list(random.choice(CASES).query)
    for _ in range(random.randint(1, 4)):
        place = random.randint(0, len(text))
        what = random.randrange(5)
        if what == 0:
            text[place : place + 1] = []
        elif what == 1:
            text.insert(place, random.choice(SIGNS))
        elif what == 2:
            text[place:place] = random.choice(PIECES)
        elif what == 3:
            text[place:place] = text[max(0, place - random.randint(1, 10)) : place]
        else:
            text[place : place + 1] = random.choice(SIGNS)
    return "".join(text)


def _two_cases(random: Random) -> str:
    left, right = (random.choice(CASES).query for _ in range(2))
    return f"{left}{random.choice((' ', ' AND ', ' OR ', ' NOT ', '', ') OR (', ' ODER -', '~2 '))}{right}"


def _soup(random: Random) -> str:
    return random.choice(("", " ")).join(random.choices(PIECES, k=random.randint(1, 30)))


def _noise(random: Random) -> str:
    top = random.choice((0x7F, 0xFF, 0x2FF, 0x3000, 0xFFFF, 0x10FFFF))
    return "".join(chr(random.randint(0, top)) for _ in range(random.randint(1, 60)))


def _signs(random: Random) -> str:
    return "".join(random.choices(f"{SIGNS}ab", k=random.randint(1, 40)))


def _tree(random: Random, depth: int = 4) -> str:
    if depth == 0 or random.random() < 0.25:
        return _leaf(random)
    if random.random() < 0.2:
        return f"{random.choice(('NOT ', '-', '!'))}({_tree(random, depth - 1)})"
    parts = [_tree(random, depth - 1) for _ in range(random.randint(2, 4))]
    return f"({random.choice((' AND ', ' OR ', ' ')).join(parts)})"


def _leaf(random: Random) -> str:
    word = random.choice(WORDS)
    several = " ".join(random.choices(WORDS, k=random.randint(2, 5)))
    return random.choice(
        (
            word,
            word,
            f'"{several}"',
            f'"{several}"~{random.randint(0, 9)}',
            f"{word[:3]}*",
            f"*{word[-3:]}",
            f"{word}~{random.randint(1, 2)}",
            f"exact:{word}",
            f"rating:[{random.randint(0, 3)} TO {random.randint(2, 5)}]",
            f"date:>=2026-0{random.randint(1, 9)}",
        )
    )


def _deep(random: Random) -> str:
    depth = random.choice((3, 10, 20, 30, 49, 60, 500, 3_000))
    opened = random.choice(("(", "NOT (", "(a OR ", "-(a ", "(a OR b AND NOT "))
    kept = depth if random.random() < 0.7 else random.randint(0, depth)
    return opened * depth + random.choice(WORDS) + ")" * kept


def _many(random: Random) -> str:
    count = random.choice((50, 300, 1_000, 3_000))
    make = random.choice(
        (
            lambda: random.choice(WORDS),
            lambda: f"-{random.choice(WORDS)}",
            lambda: f"{random.choice(WORDS)}~",
            lambda: f"{random.choice(WORDS)[:3]}*",
            lambda: f"id:{random.randint(0, 999)}",
            lambda: "rating:>2",
            lambda: "date:now-1d",
            lambda: '"a b c"~2',
            lambda: '"Zug Bahn"~9',
            lambda: "_exists_:title",
        )
    )
    return random.choice((" ", " OR ", " AND ")).join(make() for _ in range(count))[: random.choice((9_999, 20_000))]


def _far(random: Random) -> str:
    words = " ".join(random.choices(WORDS, k=random.randint(1, 40)))
    return f'"{words}"~{random.choice((0, 1, 2, 3, 5, 8, 20, 21, 50, 100, 101, 10**6, 10**30))}'


def _pattern(random: Random) -> str:
    kind = random.randrange(6)
    if kind == 0:
        return "".join(random.choices("ab*?", k=random.randint(1, 20)))
    if kind == 1:
        return "*".join(random.choices(("a", "aa", "ab", "e", "?", "zug", "ä"), k=random.randint(2, 12)))
    if kind == 2:
        return "url:*" + "ab" * random.choice((5, 50, 500)) + "*" + "?" * random.randint(0, 9) + "b"
    if kind == 3:
        return f"/({random.choice(('a+', 'a*', '.*', '(x|x)*'))})+$/"
    if kind == 4:
        return "-".join(random.choices(("a*", "b*", "*ug", "e", "?a*", "mail", "ab?*"), k=random.randint(2, 5)))
    return "a" * random.choice((10, 100, 1_000, 9_000)) + random.choice(("*", "~2", "?", "*b", ""))


_KINDS = (_mutation, _soup, _tree, _mutation, _noise, _two_cases, _signs, _deep, _many, _far, _pattern, _tree)
