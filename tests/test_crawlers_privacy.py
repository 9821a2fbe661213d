"""Personal data goes, ordinary words and numbers stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.privacy import author_key, scrub


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Schreibt an edda.k@post.example oder edda (at) post (punkt) de", "Schreibt an [MAIL] oder [MAIL]"),
        ("Ruft 030 12345678, 0171-2345678 oder +49 (0) 89 123456 an", "Ruft [TEL], [TEL] oder [TEL] an"),
        ("Auf DE89 3704 0044 0532 0130 00 überwiesen", "Auf [IBAN] überwiesen"),
        ("Frag mal @kiste_77 danach", "Frag mal [NUTZER] danach"),
        ("Siehe https://forum.example/members/edda.12/ dort", "Siehe [PROFIL] dort"),
        ("Kundennummer: 4711-0815 und Bestellnr. 12345678", "Kundennummer: [NUMMER] und Bestellnr. [NUMMER]"),
        ("Meine Sendungsnummer lautet JJD000390012345", "Meine Sendungsnummer lautet [NUMMER]"),
        ("Der Wagen B-MW 1234 stand da", "Der Wagen [KENNZEICHEN] stand da"),
        ("Ich wohne Birkenweg 12a, 30159 Hannover jetzt", "Ich wohne [ADRESSE] jetzt"),
        ("Hallo Edda,\nstimmt.", "Hallo [NAME],\nstimmt."),
        ("Stimmt so. Liebe Grüße Falk", "Stimmt so. Liebe Grüße [NAME]"),
        (
            "Danke Falk! Hallo Edda und Bodo, vielen Dank, Rieke.",
            "Danke [NAME]! Hallo [NAME] und [NAME], vielen Dank, [NAME].",
        ),
        ("Herr Yıldız rief an", "Herr [NAME] rief an"),
        ("Frau Lindner am Telefon war nett", "Frau [NAME] am Telefon war nett"),
    ],
)
def test_personal_data_becomes_tokens(text, expected):
    assert scrub(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "Am 03.03.2011 um 14:27 für 1.299,00 € gekauft",
        "EAN 4006381333931, Modell XT-1200, Artikel 0815 4711 1234567",
        "Über die A 7 mit dem ICE 123, dann Linie B-12",
        "Kopfhörer WH-XB900N und ein USB C 3 Kabel",
        "Die IBAN DE12345678901234567890 ist erfunden",
        "Hallo zusammen, danke an alle!",
        "Liebe Kundschaft, das Forum ist toll",
        "Die Filiale in der Hauptstraße 5 hat zu",
        "Viele Grüße aus Köln",
        "Liebe Leipzigerinnen und Leipziger, die Bahn fällt aus.",
        "Liebe Hamburger, es wird laut.",
        "Hallo Community, danke Forum!",
        "Moin Moin, liebe Fahrgäste!",
        "Hallo Mitbewohner, wer hilft?",
        "Liebe Kundinnen und Kunden, danke euch!",
        "Der T-X 100 und das Modell S-AB 123 sind laut",
        "Ihre Lieferung",
        "Hey Siri, mach Licht",
        "Im Sommer fuhr die Bahn pünktlich, 2. Versuch in 2024",
        "Bestellung 2 kam zuerst, Bestellnummer 7 nie",
        "Von 10115 Berlin bis 80331 München in 4:05 Stunden",
        "PLZ 30159, 16 GB, 5000 mAh, 12345678901",
    ],
)
def test_ordinary_text_stays(text):
    assert scrub(text).text == text


def test_a_name_that_is_a_word_goes_only_where_someone_is_addressed():
    result = scrub("Sommer, da irrst du. Im Sommer war es heiß. @Sommer: ja. Sommer schrieb das.", names=["Sommer"])
    assert result.text == "[NAME], da irrst du. Im Sommer war es heiß. [NUTZER]: ja. [NAME] schrieb das."
    assert result.counts == {"[NAME]": 2, "[NUTZER]": 1}


def test_a_name_that_is_no_word_goes_everywhere():
    assert scrub("Das sagte kiste_77 gestern.", names=["kiste_77"]).text == "Das sagte [NAME] gestern."


def test_the_brand_stays():
    text = "Hallo Radwerk, @Radwerk hilft nie. Radwerk, hört ihr?"
    assert scrub(text, names=["Radwerk"], keep=["radwerk"]).text == text


@given(st.text(max_size=200))
def test_scrubbing_twice_changes_nothing_more(text):
    once = scrub(text).text
    assert scrub(once).text == once


def test_author_key_is_keyed_and_folds_spelling():
    key = author_key(b"geheim", host="forum.example", author="Édda K")
    assert len(key) == 32
    assert key == author_key(b"geheim", host="FORUM.example", author="E\u0301DDA  k")
    assert key != author_key(b"anders", host="forum.example", author="Édda K")
    assert key != author_key(b"geheim", host="laden.example", author="Édda K")
    with pytest.raises(ValueError, match="empty"):
        author_key(b"", host="forum.example", author="Edda")


@pytest.mark.parametrize(
    "author", [None, "", "Gast", "gelöschter Benutzer", "Verifizierte/r Käufer/in", "Anonym", "[deleted]", "Guest123"]
)
def test_nobody_has_no_key(author):
    assert author_key(b"geheim", host="forum.example", author=author) is None
