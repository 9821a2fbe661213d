"""Who writes: staff or customer, and names that are no persons."""

from __future__ import annotations

import re
import unicodedata

from index.mention import AuthorRole

_STAFF_RANK = re.compile(
    r"(?<![\w-])(?:(?:super|global|co|haupt|bereichs)?[ -]?(?:administrator|moderator|admin|mod)(?:in|en|innen|s)?"
    r"|(?:forums?|foren|board|site)[ -]?(?:admin|administrator|moderator|team|leitung|betreiber)(?:in|en)?"
    r"|(?:\w+-)?(?:team|mitarbeiter(?:in)?|moderator(?:in|en)?)|team-?mitglied|teamleit\w+|staff(?: member)?"
    r"|support(?:[ -]?team)?|kundenservice|kundendienst|kundenbetreu\w+|kundenberater(?:in)?|service[ -]?team"
    r"|community[ -]?manager(?:in)?|community[ -]?team|hersteller(?:vertreter(?:in)?)?|betreiber(?:in)?|webmaster"
    r"|redaktion|redakteur(?:in)?|official|offiziell\w*|employee|admina|keymaster|schlüsselmeister(?:in)?"
    r"|(?:haupt|foren)?verwalter(?:in)?)(?![\w-])",
    re.I,
)
_FORMER = re.compile(r"\b(?:ex|ehemalig\w*|ehren|former|kein)\b[ -]*", re.I)
_STAFF_NAME = re.compile(
    r"kundenservice|kundendienst|kundenbetreuung|(?:service|support|community|social[ -]?media)[ _-]?team"
    r"|(?<=\w)[ _-]team$|^(?:das |dein |ihr )?team[ _-]\w|[ _-]support$|\bhilft\b.*\bteam|\bofficial\b|\boffiziell",
    re.I,
)
_PLACEHOLDER = re.compile(
    r"^(?:ein(?:e)? )?(?:gast[_-]?\d*|guest[_-]?\d*|(?:unregistriert|nicht registriert)(?:er)?(?: (?:benutzer|nutzer))?"
    r"|unregistered|former (?:member|user)|besucher|anonym(?:e[rs]?)?(?: (?:benutzer|nutzer|user|kunde"
    r"|kundin)(?:in)?)?|anonymous(?: user)?"
    r"|unbekannt(?:er)?(?: (?:benutzer|nutzer|autor))?|unknown(?: user)?|nobody|n/?a|-+"
    r"|(?:gelöscht|deleted|entfernt|removed|ehemalig|inaktiv|gesperrt)\w*(?: (?:benutzer|nutzer|user|account"
    r"|mitglied|member|konto)\w*)?"
    r"(?: \d+)?|(?:benutzer|nutzer|user|account|mitglied|konto) (?:gelöscht|deleted|entfernt)"
    r"|\[?deleted\]?|(?:verifizierte?|bestätigte?|verified)\S*(?:\s+\S+){0,2}|kunde|kundin|ein kunde|käufer"
    r"|käuferin|customer"
    r"|(?:amazon|ebay|otto|google)[ -]?(?:kunde|kundin|customer|nutzer|user))$",
    re.I,
)


def is_placeholder(name: str | None) -> bool:
    """Whether a shown author is no person: a guest, a deleted account, "Verifizierter Käufer"."""
    plain = unicodedata.normalize("NFKC", name or "").strip(" .,:;*[]()\"'“”„")
    return not plain or bool(_PLACEHOLDER.match(plain))


def role_of(author: str | None, *, badges: str = "", known: bool = True) -> AuthorRole:
    """The author's role from badges and rank titles of the profile box, and from names such as "Muster-Team".

    `known` says whether the page shows who is staff at all; without it a plain author is "unknown".
    """
    if _STAFF_RANK.search(_without_former(badges)) or (author and _STAFF_NAME.search(author)):
        return "staff"
    return "customer" if known else "unknown"


def _without_former(badges: str) -> str:
    return re.sub(rf"{_FORMER.pattern}\w+", " ", badges, flags=re.I)
