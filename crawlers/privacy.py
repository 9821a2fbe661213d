"""Personal data out of texts before anything is stored or scored, and pseudonyms for authors.

Each finding becomes a typed token such as `[TEL]`, so that a text stays readable and its meaning stays countable. The
rules prefer a missed oddity over a blanked ordinary word where a word is ambiguous (names), and the other way round
where a number is (checked by its check digits or its numbering plan).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban

from crawlers.pages.people import is_placeholder

MAIL, PHONE, IBAN, USER, PROFILE = "[MAIL]", "[TEL]", "[IBAN]", "[NUTZER]", "[PROFIL]"
NUMBER, PLATE, ADDRESS, NAME = "[NUMMER]", "[KENNZEICHEN]", "[ADRESSE]", "[NAME]"

_AT = r"(?:@|\s?[(\[{]\s?(?:at|ät)\s?[)\]}]\s?)"
_DOT = r"(?:\.|\s?[(\[{]\s?(?:dot|punkt)\s?[)\]}]\s?)"
_MAIL = re.compile(rf"(?<![\w.+-])[\w.+%-]+{_AT}(?:[\w-]+{_DOT})+[^\W\d_]{{2,24}}\b", re.I)
_PROFILE = re.compile(
    r"(?:https?://|www\.)\S*?(?:/members?/|/users?/|/profile?/|/u/|/mitglied(?:er)?/|/in/|member\.php\?\S*u=|mode=viewprofile"
    r"|action=profile)[^\s<>\"')\]]*"
    r"|(?:https?://)?(?:www\.|m\.|de-de\.)?(?:facebook\.com|fb\.com|instagram\.com|twitter\.com|x\.com|tiktok\.com|threads\.net"
    r"|t\.me|wa\.me|linkedin\.com/in|xing\.com/profile|youtube\.com/(?:@|user/|c/)|bsky\.app/profile)/?@?[\w.%-]+/?",
    re.I,
)
_IBAN = re.compile(r"\b[A-Z]{2}\s?\d{2}(?:[ \u00a0]?[A-Z0-9]){11,30}\b", re.I)
_IBAN_LENGTHS = range(34, 14, -1)
_LABELLED = re.compile(
    r"(?P<label>\b(?:(?:kunden|vertrags?|bestell|auftrags|rechnungs|sendungs|sendungsverfolgungs|tracking|ticket|vorgangs"
    r"|referenz|fall|versicherungs?(?:schein)?|mitglieds|buchungs|paket|liefer|konto|karten|kreditkarten|zähler|service|anschluss"
    r"|kunde|vertrag|bestellung|auftrag|rechnung|sendung|vorgang|personal(?:ausweis)?|steuer|schadens?|retouren|reklamations"
    r"|kd|best|re|vs|az)\.?[\s-]?(?:nummer|nr|no|id|code)\b\.?|(?:ticket|order|tracking|case|customer)[\s-]?(?:number|no\.?|id)\b"
    r"|(?:bestellung|auftrag|ticket|vorgang|rechnung|sendung|order)\s*#)"
    r"(?:\s+(?:lautet|ist|war|von mir))?\s*[:=#]?\s*(?:lautet\s+|ist\s+)?)"
    r"(?P<number>[A-Z]{0,4}[-/ ]?\d[\dA-Z]*(?:[-/. ]?\d[\dA-Z]*){0,8})",
    re.I,
)
_STREET = (
    r"(?:(?:[A-ZÄÖÜ][\wäöüß.-]+[ -]){0,2}(?:[A-ZÄÖÜ][\wäöüß-]*)?"
    r"(?:[Ss]tra(?:ß|ss)e|[Ss]tr\.|[Ww]eg|[Aa]llee|[Pp]latz|[Gg]asse|[Rr]ing|[Dd]amm|[Uu]fer|[Cc]haussee|[Ss]tieg|[Ss]teig"
    r"|[Hh]of|[Mm]arkt|[Bb]erg|[Pp]fad|[Ww]all|[Gg]raben)"
    r"|(?:Am|An der|An den|Im|In der|Auf dem|Auf der|Unter den|Zum|Zur"
    r"|Hinter der)\s[A-ZÄÖÜ][\wäöüß-]+(?:\s[A-ZÄÖÜ][\wäöüß-]+)?)"
)
_HOUSE = r"\s?\d{1,4}\s?[a-zA-Z]?(?:\s?[-/]\s?\d{1,4}\s?[a-z]?)?\b"
_TOWN = r"(?:D[- ])?\b\d{5}\s+[A-ZÄÖÜ][\wäöüß.-]+(?:\s(?:am|an der|im|bei|ob der)\s[A-ZÄÖÜ][\wäöüß-]+)?"
_ADDRESS = re.compile(rf"\b{_STREET}{_HOUSE}[,;\s]*(?:in\s+)?{_TOWN}|{_TOWN}[,;\s]+{_STREET}{_HOUSE}")
_PLATE = re.compile(r"\b[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} \d{1,4}[EH]?\b(?![.,]\d)(?!\s?(?:€|Euro|EUR|%|GB|MB|W|V|Zoll))")
_PLATE_NAMED = re.compile(
    r"(?P<label>(?:kennzeichen|nummernschild"
    r"|kfz)\W{0,3}(?:\w+\W+){0,2}?)(?P<plate>[A-ZÄÖÜ]{1,3}[ -]?[A-Z]{1,2}[ -]?\d{1,4}[EH]?)\b",
    re.I,
)
_HANDLE = re.compile(r"(?<![\w@/.+-])@(?P<handle>[^\W_][\w.-]{1,40}(?:@[\w.-]+\.\w+)?|_[\w.-]{2,40})", re.I)
_NO_HANDLES = frozenset({"all", "alle", "home", "work", "admin", "mods", "topic", "team", "te", "to", "me"})
_DATE_LIKE = re.compile(r"^\(?\d{1,2}[./-]\s?\d{1,2}[./-]\s?(?:\d{4}|\d{2})\b|^\d{4}-\d{2}-\d{2}|^\d{1,2}:\d{2}")
_NO_PHONE_BEFORE = re.compile(
    r"[-/#_=]$|(?:artikel|art|modell|ean|gtin|isbn|serien|seriennr|pzn|plz|charge|typ|sku|teile|version)\w*\W{0,3}(?:nummer|nr\.?)?\W{0,3}$",
    re.I,
)
_DIGIT = re.compile(r"\d")
MIN_PHONE_DIGITS = 4
_PRICE_AFTER = re.compile(r"^\s?(?:€|EUR\b|Euro\b|%|km\b|kg\b|mm\b|cm\b|mAh\b)", re.I)

_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞĆČĐĞİŁŃŚŞŠŹŻŽ", "a-zß-öø-ÿćčđęěğıłńňőřśşšůźżž"
_WORD = rf"[{_UPPER}][{_LOWER}]+(?:-[{_UPPER}][{_LOWER}]+)?"
_PERSON = rf"{_WORD}(?: (?:{_WORD}|[A-Z]\.?))?"
_TITLED = re.compile(rf"\b(?P<lead>(?:Frau|Herrn?|Hr\.|Fr\.)\s+(?:(?:Dr|Prof)\.\s*)*)(?P<name>{_WORD})")
_GREETING = re.compile(
    rf"(?P<lead>(?:^|(?<=[.!?\n])\s*)(?:@?\s?)(?:Hallo|Hallöchen|Hi|Hey|Moin(?: Moin)?|Servus|Grüß dich"
    rf"|Guten (?:Tag|Morgen|Abend)"
    rf"|Liebe[rs]?|Hallo (?:lieber?|liebe)|Sehr geehrte[r]?)\s+)(?P<name>{_PERSON})(?P<after>\s*(?:[,!.:\n]|$"
    rf"|(?:und|&)\s+(?:liebe[rs]?\s+)?(?P<second>{_WORD})))",
    re.I | re.M,
)
_CLOSING = re.compile(
    rf"(?P<lead>(?:\b(?:Grü(?:ß|ss)(?:e|en)?|Gru(?:ß|ss)|LG|VG|MfG|BG|lg|vg|mfg)|\n\s*(?:Dein|Deine|Euer"
    rf"|Eure|Ihr|Ihre))(?:\s+(?:aus|von|vom)\s+(?:der |dem )?{_WORD})?"
    rf"(?:\s+sendet)?[ ,!.:]*\n?\s*)(?P<name>{_PERSON})\s*(?=$|\n|[.!,]\s*$)",
    re.M,
)
_THANKS = re.compile(
    rf"(?P<lead>\b(?:Danke(?:schön)?|(?:Vielen|Besten|Herzlichen|Lieben) Dank|Dank|Merci)(?:,? (?:an|dir|Dir))?,?\s+)"
    rf"(?P<name>{_WORD})(?=\s*(?:[,!.;]|$)| für\b)",
    re.M,
)
_NO_NAMES = frozenset(word.casefold() for word in {
    "zusammen", "alle", "alles", "leute", "forum", "foristen", "team", "community", "ihr", "euch", "freunde",
    "mitglieder", "liebe", "lieber", "miteinander", "ihrs", "kollegen", "kolleginnen", "gemeinde", "damen",
    "herren", "kunde", "kunden", "kundin", "kundenservice", "kundendienst", "service", "support", "welt",
    "nachbarn", "grüße", "grüssen", "gruß", "gruss", "dank", "danke", "mods", "moderator", "moderatoren", "admin",
    "admins", "experten", "experte", "profis", "jungs", "mädels", "mädchen", "redaktion", "tag", "abend",
    "morgen", "mal", "dein", "deine", "euer", "eure", "ihre", "vielen", "viele", "beste", "schöne", "user",
    "hersteller", "händler", "verkäufer", "werkstatt", "firma", "chef", "frau", "herr", "herrn", "gäste", "fans",
    "forumsmitglieder", "an", "nochmal", "erstmal", "und", "deutschland", "österreich", "schweiz", "europa",
    "support-team", "kundschaft", "anwender", "vorredner", "themenstarter", "allerseits", "beinand", "moin", "hi",
    "hallo", "hey", "hilfe", "problem", "frage", "gott", "himmel", "siri", "google", "echo", "amazon", "paypal",
    "ebay", "telekom", "vodafone", "post", "bahn", "sparkasse", "deutsche", "dhl", "hermes", "ikea", "paket",
    "lieferung", "newsletter", "display", "fernseher", "monitor", "electronics", "eltern", "kinder", "hund",
    "foristinnen", "verehrte", "werte", "nachtrag", "update", "info", "achtung", "vorab", "voraus", "dir", "ihnen",
    "dafür", "trotzdem", "nein", "ja", "aber", "nur", "gut", "super", "gerne", "leider", "endlich", "ich",
    "wir", "das", "die", "der", "es", "sie", "er", "man", "bis", "wie", "was", "wer", "warum", "wieso", "kann",
})  # fmt: skip
_GROUP_WORD = re.compile(
    r"(?:team|service|dienst|leute|freunde|gemeinde|forum|community|fans|mitglieder|nutzer|kunden|runde"
    r"|innen|gäste|eltern|kinder|leser|hörer|zuschauer|bewohner|besitzer|arbeiter|fahrer|streiter|käufer|helfer"
    r"|händler|bürger|teilnehmer|interessent(?:en)?|interessierten?|anwesenden?|experten|spieler|gamer|bastler|tester"
    r"|gemeinschaft|abteilung|verwaltung|zentrale|redaktion|gesellschaft|gmbh|garer|gerät|maschine|akku)$",
    re.I,
)
# "Liebe Hamburger" greets a town, "Liebe Esther" a woman.
_TOWNSFOLK = re.compile(r"\w{3,}er$")
_NAMES_IN_ER = frozenset({"esther", "ester", "jennifer", "summer", "heather", "amber", "inger", "eleanor"})
_PLATE_CITIES = frozenset("ABCDEFGHJKLMNPRSVWYZ")
_NO_PLATE_BEFORE = re.compile(r"(?:modell|serie|typ|version|akku|baureihe|gerät|variante|reihe)\w*\W{1,2}$", re.I)


@dataclass(frozen=True)
class Scrubbed:
    """A text with its personal data replaced by tokens, and how often each token was set."""

    text: str
    counts: Mapping[str, int]


def scrub(text: str, *, names: Collection[str] = (), keep: Collection[str] = ()) -> Scrubbed:
    """Replaces personal data in a German or English text by typed tokens.

    `names` are the authors shown on the same page: their names go where someone is addressed, not wherever the same
    word stands (a user may be called "Sommer"). `keep` are the brand's own names and handles, which always stay.
    """
    counts: Counter[str] = Counter()
    kept = _folded_all(tuple(keep))
    text = _replace(_MAIL, MAIL, text, counts)
    text = _replace(_PROFILE, PROFILE, text, counts, unless=lambda match: _keeps_profile(match.group(), kept))
    text = _ibans(text, counts)
    text = _labelled(text, counts)
    text = _replace(_ADDRESS, ADDRESS, text, counts)
    text = _phones(text, counts)
    text = _plates(text, counts)
    authors, any_author = _authors(tuple(names), kept)
    if any_author is not None and any_author.search(text):
        for name in authors:
            text = _author_name(name, text, counts)
    text = _replace(_HANDLE, USER, text, counts, unless=lambda match: _keeps_handle(match["handle"], kept))
    text = _people(text, counts, kept)
    return Scrubbed(text, dict(counts))


def author_key(key: bytes, *, host: str, author: str | None) -> str | None:
    """The pseudonym of an author on a host: HMAC-SHA-256 of "host|name", 128 bits in hex.

    The name is NFKC-normalised and case-folded. Guests, deleted accounts and placeholders ("Verifizierter Käufer") are
    nobody: None. Raises ValueError for an empty key.
    """
    if not key:
        raise ValueError("the pseudonym key must not be empty")
    if author is None or is_placeholder(author):
        return None
    message = f"{host.casefold()}|{_folded(author)}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split()).lstrip("@")


def _replace(
    pattern: re.Pattern[str],
    token: str,
    text: str,
    counts: Counter[str],
    unless: Callable[[re.Match[str]], bool] = lambda _match: False,
) -> str:
    def substitute(match: re.Match[str]) -> str:
        if unless(match):
            return match.group()
        counts[token] += 1
        return token

    return pattern.sub(substitute, text)


def _keeps_profile(link: str, kept: frozenset[str]) -> bool:
    return _folded(re.split(r"[/@]", link.rstrip("/"))[-1]) in kept


def _keeps_handle(handle: str, kept: frozenset[str]) -> bool:
    name = _folded(handle.rstrip(".-"))
    return name in kept or name in _NO_HANDLES


def _ibans(text: str, counts: Counter[str]) -> str:
    def substitute(match: re.Match[str]) -> str:
        found = match.group()
        for length in _IBAN_LENGTHS:
            end = _position(found, length)
            if end is not None and iban.is_valid(found[:end].replace("\u00a0", " "), check_country=False):
                counts[IBAN] += 1
                return IBAN + found[end:]
        return found

    return _IBAN.sub(substitute, text)


def _position(text: str, count: int) -> int | None:
    """Where the first `count` characters that are no spaces end, at the end of a word."""
    seen = 0
    for index, character in enumerate(text):
        seen += not character.isspace()
        if seen == count:
            following = text[index + 1 : index + 2]
            return index + 1 if not following.isalnum() else None
    return None


def _labelled(text: str, counts: Counter[str]) -> str:
    def substitute(match: re.Match[str]) -> str:
        if sum(character.isdigit() for character in match["number"]) < 3:
            return match.group()
        counts[NUMBER] += 1
        return match["label"] + NUMBER

    return _LABELLED.sub(substitute, text)


def _phones(text: str, counts: Counter[str]) -> str:
    """Valid numbers of the German plan or with a country code; dates and amounts that happen to be valid stay."""
    # No number has fewer digits, most posts have none, and the search is slow.
    if len(_DIGIT.findall(text)) < MIN_PHONE_DIGITS:
        return text
    parts: list[str] = []
    last = 0
    for match in PhoneNumberMatcher(text, "DE", leniency=Leniency.VALID):
        before, after = text[: match.start], text[match.end :]
        if _DATE_LIKE.match(match.raw_string) or _PRICE_AFTER.match(after) or _NO_PHONE_BEFORE.search(before[-24:]):
            continue
        parts += [text[last : match.start], PHONE]
        last = match.end
        counts[PHONE] += 1
    return "".join([*parts, text[last:]])


def _plates(text: str, counts: Counter[str]) -> str:
    def substitute(match: re.Match[str]) -> str:
        counts[PLATE] += 1
        return match["label"] + PLATE

    def is_model(match: re.Match[str]) -> bool:
        city = match.group().partition("-")[0]
        before = match.string[max(0, match.start() - 24) : match.start()]
        return (len(city) == 1 and city not in _PLATE_CITIES) or _NO_PLATE_BEFORE.search(before) is not None

    return _replace(_PLATE, PLATE, _PLATE_NAMED.sub(substitute, text), counts, unless=is_model)


@lru_cache(maxsize=16)
def _folded_all(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_folded, names))


@lru_cache(maxsize=16)
def _authors(names: tuple[str, ...], kept: frozenset[str]) -> tuple[tuple[str, ...], re.Pattern[str] | None]:
    """The authors of a page, longest name first, and a pattern that finds any of them: most posts name nobody."""
    usable = tuple(sorted(_usable(names, kept), key=lambda name: (-len(name), name)))
    return usable, re.compile("|".join(map(re.escape, usable)), re.I) if usable else None


def _usable(names: Collection[str], kept: frozenset[str]) -> set[str]:
    stripped = {" ".join(name.split()) for name in names}
    return {name for name in stripped if len(name) > 1 and not is_placeholder(name) and _folded(name) not in kept}


def _author_name(name: str, text: str, counts: Counter[str]) -> str:
    """An author's name with @ before it, in addressing positions, and anywhere if it can be no ordinary word."""
    exact = re.escape(name)
    text = _replace(re.compile(rf"(?<!\w)@\s?{exact}(?!\w)", re.I), USER, text, counts)
    if _is_distinctive(name):
        return _replace(re.compile(rf"(?<![\w@]){exact}(?!\w)"), NAME, text, counts)
    addressed = re.compile(
        rf"(?P<lead>(?:^|(?<=\n)|(?<=[.!?] ))\s*)(?P<a>{exact})(?=\s*[,:!])"
        rf"|(?P<lead2>\b(?:hallo|hi|hey|moin|servus|danke(?:schön)?(?: dir)?|lieber?|liebe[rs]?|dank an|gruß an"
        rf"|grüße an|an den|@)\s+)(?P<b>{exact})(?!\w)"
        rf"|(?P<lead3>)(?P<c>{exact})(?=\s+(?:schrieb|schreibt|sagte?|meinte?|hat (?:geschrieben|gesagt|gemeint))\b)",
        re.I,
    )

    def substitute(match: re.Match[str]) -> str:
        counts[NAME] += 1
        return (match["lead"] or match["lead2"] or "") + NAME

    return addressed.sub(substitute, text)


def _is_distinctive(name: str) -> bool:
    """Digits, underscores or a capital inside a word: "kiste_77" and "AndyB" are in no dictionary."""
    return len(name) >= 4 and re.search(r"[a-zäöüß][A-ZÄÖÜ]|[^\W\d_]\d|_", name) is not None


def _people(text: str, counts: Counter[str], kept: frozenset[str]) -> str:
    def substitute(match: re.Match[str]) -> str:
        start, found = match.start(), match.group()
        for group in ("second", "name"):
            name = match.groupdict().get(group)
            if name and _may_be_person(name, kept) and not _greets_town(match["lead"], name):
                counts[NAME] += 1
                found = found[: match.start(group) - start] + NAME + found[match.end(group) - start :]
        return found

    for pattern in (_TITLED, _GREETING, _CLOSING, _THANKS):
        text = pattern.sub(substitute, text)
    return text


def _greets_town(lead: str, name: str) -> bool:
    many = lead.casefold().rstrip().endswith("liebe")
    return many and _TOWNSFOLK.search(name) is not None and name.casefold() not in _NAMES_IN_ER


def _may_be_person(name: str, kept: frozenset[str]) -> bool:
    words = name.split()
    if _folded(name) in kept or any(_folded(word) in kept for word in words):
        return False
    # The patterns ignore case for their first words, so the capital of a name is checked here.
    return all(word[:1].isupper() for word in words) and not any(
        word.casefold().rstrip(".") in _NO_NAMES or _GROUP_WORD.search(word) for word in words
    )
