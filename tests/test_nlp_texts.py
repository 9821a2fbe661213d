"""Cleaning, language and near-copy signatures."""

import subprocess
import sys

import pytest

from nlp.cleaning import canonical, clean, detokenise
from nlp.language import detect
from nlp.near_copies import PERMUTATIONS, signature, similarity

POST = "Gestern kam endlich der neue Staubsauger, aber der Schlauch war schon beim Auspacken gerissen."


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("@Muster_Laden  schaut mal https://t.example/abc", "@user schaut mal http"),
        ("Soooooo gut!!!!!!", "Sooo gut!!!"),
        ("a&amp;b\u200b\x07c", "a&b c"),
        ("Rechnung über 100000 Euro", "Rechnung über 100000 Euro"),
        ("\ud800", "\ufffd"),
        ("@Muster_Laden DAS IST DOCH NICHT EUER ERNST!", "@user das ist doch nicht euer ernst!"),
        ("DB, ÖBB und SBB im ICE", "DB, ÖBB und SBB im ICE"),
    ],
)
def test_cleaning_leaves_what_carries_meaning(raw, expected):
    assert clean(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("@laden @leitung: DIE STRASSENBAHN KOMMT NICHT!!! https://t.example/abc", "die strassenbahn kommt nicht."),
        ("Groooße Freude :D", "grosse freude :)"),
        ("Neue Steuer, teure Quelle, aktuelle Mauer", "neue steuer, teure quelle, aktuelle mauer."),
        ("Was soll das?!!", "was soll das?"),
        ("Danke @laden für http://a.example und alles...", "danke @user für http und alles."),
        ("https://a.example/1 https://a.example/2", ""),
        ("👍", "👍"),
        ("", ""),
    ],
)
def test_canonical_spelling(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize("text", ["Schöne Grüße aus Göttingen, die Bäckerei ist grün!", "Fährt der Zug?", "Häßlich"])
def test_other_spellings_read_alike(text):
    umlauts = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
    others = (
        "".join(umlauts.get(letter, letter) for letter in text),
        text.upper(),
        text.lower(),
        text.rstrip("!") if text.endswith("!") else text + "!",
        f"@jemand {text}",
        f"{text} https://t.example/x",
    )
    assert {canonical(other) for other in others} == {canonical(text)}


def test_detokenised_text_reads_like_typed_text():
    assert detokenise('Ja , das " neue " Teil ( rot ) ist da ! :)') == 'Ja, das "neue" Teil (rot) ist da! :)'


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Die Lieferung kam drei Tage zu spät", "de"),
        ("koennt ihr mir sagen wo das geraet bleibt", "de"),
        ("Hab i bstellt, is ned kemma", "de"),
        ("The parcel never arrived and nobody answers", "en"),
        ("Le colis est arrivé complètement abîmé", "fr"),
        ("Посылка пришла сломанной, очень плохо", "ru"),
        ("ok", None),
        ("😀😀😀", None),
        ("", None),
        ("@laden https://laden.example/1234", None),
    ],
)
def test_language_is_told_or_left_open(text, language):
    assert detect(text) == language


def test_signature_ignores_case_numbers_links_and_handles():
    other = POST.upper().replace(",", " -") + " https://a.example/17 @jemand"
    assert similarity(signature(POST), signature(other)) == 1.0


def test_signature_tells_different_texts_apart():
    other = "Der Kundendienst hat mir noch am selben Tag geantwortet und das Ersatzteil kostenlos geschickt."
    assert similarity(signature(POST), signature(other)) < 0.1


def test_short_texts_have_no_signature():
    assert signature("Alles bestens, gerne wieder!") is None


def test_signature_is_the_same_in_every_process():
    code = f"from nlp.near_copies import signature; print(signature({POST!r}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    values = signature(POST)
    assert run.stdout.strip() == str(values)
    assert len(values) == PERMUTATIONS
    assert all(0 <= value < 2**32 for value in values)


def test_signatures_of_different_lengths_are_not_compared():
    with pytest.raises(ValueError, match="lengths"):
        similarity((1, 2), (1,))
