"""German word lists of the sentence splitter and the language detector."""

from __future__ import annotations


def words(text: str) -> list[str]:
    """The words of a list written as running text."""
    return text.split()


# Abbreviations that often close a sentence; after all others a sentence goes on.
CLOSING_ABBREVIATIONS = frozenset(words("usw. etc. o.ä. u.ä. uvm. u.v.m. u.s.w. u.a.m. usf."))
ABBREVIATIONS = words(
    "abs. abt. allg. anm. aufl. bd. bestnr. bj. bspw. bzgl. bzw. ca. d.h. dh. dr. ebd. eig. eigtl. "
    "einschl. etc. ev. evtl. exkl. ff. fr. frl. gem. ggf. ggfs. hr. hrn. incl. inkl. insb. jhd. jmd. "
    "kd. kfm. kl. lt. max. mg. min. mind. mio. mrd. mtl. mwst. nr. o.ä. o.g. o.k. ok. pkt. pos. prof. "
    "qm. s.o. s.u. sog. std. stk. str. tel. tgl. u.a. u.ä. u.a.m. u.s.w. u.u. u.v.m. usf. usw. uvm. "
    "v.a. vgl. vllt. vmtl. vs. wg. z.b. z.t. zb. zt. zzgl. zzt."
)
MONTHS = frozenset(
    words(
        "januar jänner februar feber märz maerz april mai juni juli august september oktober november "
        "dezember jan feb mär mrz apr jun jul aug sep sept okt nov dez"
    )
)
STARTERS = frozenset(
    words(
        "aber alles als also am auch auf bei bin bitte da dabei daher damit danach dann daraufhin das "
        "dass dem den der des deshalb die dies diese dieser dieses doch dort ein eine einen einer "
        "einfach er erst es fazit für gestern gut hab habe haben hatte heute hier ich ihr im immer in "
        "ist ja jetzt kann kein keine leider man mein meine mit nach nein nicht nie noch nun nur ob "
        "obwohl oder schade schon sehr seit sie so sogar somit super trotzdem um und uns unser vom "
        "von vor war waren warum was weil wenn wer wie wieder wir wird wo wurde zu zum zur zwar"
    )
)

FUNCTION_WORDS = frozenset(
    words(
        "ab aber alles als am auch auf aus bei bin bis danke das dass dem den der des die doch du ein "
        "eine einen er es für fuer gerne gut habe hallo hat ich ihr im immer ist ja kann kein keine "
        "leider man mehr mein mich mir mit nach nicht nichts nie noch nur oder schlecht schon sehr "
        "seit sie sind so und uns vom von vor war warum was weil wenn wer wie wieder wird wo zu zum "
        "zur isch ned nix nich koa des i a net ois scho wos ham hob mia"
    )
)
SHARED_WORDS = frozenset(words("am an in was war die a i so man er du es des den der net mit ab hat vor"))
