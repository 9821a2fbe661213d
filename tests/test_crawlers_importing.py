"""Own data takes the path of a crawl: same privacy, brand, scores, ledger and fates; twice changes nothing."""

import io
import json
import sqlite3
from datetime import UTC, datetime

import openpyxl
import pytest
from command_line import brandmelder
from crawling import RULES, SECRET, Parts, assert_adds_up
from lexicon_scorer import TAXONOMY, LexiconScorer

from crawlers.card import SourceCard
from crawlers.importing import RowFileError, import_rows
from crawlers.intake import Intake
from crawlers.running import CrawlOptions
from index.store import StoreError

HEAD = "Nr;Datum;Empfehlung;Phase;Kunde;Antwort"
LINES = [
    "K-1;01.03.2026 14:05;2;Kauf;Birte Hansen;Die Lieferung war leider zu spät, mein Mobiltelefon: 0171 2345678.",
    "K-2;02.03.2026;9,5;Nutzung;Jan;Die Hotline war freundlich, danke!",
    "K-3;3. März 2026;10;;Meike;Ich bin sehr zufrieden mit den Äpfeln.",
    "K-4;04.03.2026;0;Kündigung;Bert;",
]


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


def card(**changes):
    columns = {"text": "Antwort", "rating": "Empfehlung", "nps": True, "date": "Datum", "id": "Nr", "phase": "Phase"}
    values = {
        "name": "kundenbefragung",
        "channel": "survey",
        "basis": "own",
        "evidence": "Unsere eigene Befragung",
        "about_brand": True,
        "columns": columns | {"author": "Kunde"} | changes.pop("columns", {}),
    }
    return SourceCard.model_validate(values | changes)


def survey(*lines):
    return "\n".join((HEAD, *lines)).encode("cp1252")


def take(parts, data, taken=None, *, clock=None, intake=None, progress=None):
    clock = clock or (lambda: datetime.now(UTC))
    opened = intake or Intake(
        parts.ledger, store=parts.store, scorer=LexiconScorer(), taxonomy=TAXONOMY, copies=parts.copies, clock=clock
    )
    options = CrawlOptions(secret=SECRET, clock=clock)
    return import_rows(
        io.BytesIO(data),
        taken or card(),
        brand=RULES,
        ledger=parts.ledger,
        intake=opened,
        options=options,
        progress=progress,
    )


def test_survey_becomes_mentions_with_rating_phase_date_and_scores(parts):
    summary = take(parts, survey(*LINES))
    assert_adds_up([summary.record])
    assert summary.record["fates"] == {"stored": 3, "dropped/empty": 1}
    assert (summary.outcome, summary.record["fields"]["date"]) == ("done", 4)
    stored = {mention.published_at.date().isoformat(): mention for mention in parts.mentions()}
    first = stored["2026-03-01"]
    assert (first.channel, first.source, first.platform, first.journey_phase) == (
        "survey", "kundenbefragung", "import", "purchase",
    )  # fmt: skip
    assert first.rating.normalised == pytest.approx(0.2)
    assert first.sentiment is not None
    assert first.brands == ("kornblume",)
    assert stored["2026-03-02"].journey_phase == "usage"


def test_nothing_personal_reaches_store_or_ledger(parts, tmp_path):
    take(parts, survey(*LINES))
    assert "[TEL]" in next(m.text for m in parts.mentions() if "Lieferung" in m.text)
    parts.ledger._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [word for word in (b"2345678", b"Hansen", b"K-1", b"Meike") if word in data], path


def test_importing_twice_changes_nothing(parts):
    take(parts, survey(*LINES))
    before = parts.mentions()
    again = take(parts, survey(*LINES))
    assert again.record["fates"] == {"unchanged": 3, "dropped/empty": 1}
    assert parts.mentions() == before


def test_rows_without_ids_are_told_apart_and_known_again(parts):
    lines = ["x;01.03.2026;2;;;Alles gut bei Kornblume"] * 3 + ["y;01.03.2026;3;;;Alles gut bei Kornblume"]
    taken = card(columns={"id": None})
    first = take(parts, survey(*lines), taken)
    assert first.record["yielded"] == len(parts.mentions()) == 4
    assert take(parts, survey(*lines), taken).record["fates"] == {"unchanged": 4}
    longer = take(parts, survey(*lines, "z;05.03.2026;5;;;Noch etwas ganz anderes"), taken)
    assert longer.record["fates"] == {"unchanged": 4, "stored": 1}


def test_edited_answer_and_changed_mapping_are_updates(parts):
    take(parts, survey(*LINES))
    edited = [LINES[0].replace("zu spät", "pünktlich"), *LINES[1:]]
    assert take(parts, survey(*edited)).record["fates"] == {"updated": 1, "unchanged": 2, "dropped/empty": 1}
    mapped = take(parts, survey(*edited), card(columns={"phases": {"Kauf": "consideration"}}))
    assert mapped.record["fates"] == {"updated": 3, "dropped/empty": 1}
    assert "consideration" in {mention.journey_phase for mention in parts.mentions()}


def test_bad_rows_are_quarantined_with_their_lines_and_the_rest_is_taken(parts):
    bad = [
        "K-5;32.13.2026;3;;;Falsches Datum",
        "K-6;01.03.2026;11;;;Falsche Note",
        "K-7;zu wenig",
        "K-1;1.3.2026;1;;;Doppelt",
    ]
    summary = take(parts, survey(*LINES, *bad))
    assert_adds_up([summary.record])
    assert summary.record["fates"] == {"stored": 3, "dropped/empty": 1, "quarantined/row": 4}
    assert summary.outcome == "suspicious"
    assert "Zeile 6" in summary.reason
    kept = parts.ledger.quarantined()
    assert sorted(entry["payload"].partition(":")[0] for entry in kept) == ["Zeile 6", "Zeile 7", "Zeile 8", "Zeile 9"]
    assert any("schon in Zeile 2" in entry["payload"] for entry in kept)
    assert "Falsche" not in json.dumps(kept)


def test_unfit_file_writes_nothing(parts):
    with pytest.raises(RowFileError, match="Antwort"):
        take(parts, b"a;b\n1;2\n")
    assert parts.ledger.runs() == []


def test_all_rows_of_a_workbook_are_taken(parts):
    book = openpyxl.Workbook()
    for row in [HEAD.split(";"), *([f"K-{n}", "1.3.2026", 5, "", "", f"Antwort {n} zu Kornblume"] for n in range(250))]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    summary = take(parts, stream.getvalue())
    assert summary.record["yielded"] == 250
    assert_adds_up([summary.record])


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_import_that_was_cut_off_goes_on_where_it_stopped(parts, chunks):
    lines = [f"K-{n};01.03.2026;5;;;Antwort Nummer {n} zu Kornblume und der Kiste {n * 7}" for n in range(350)]

    class Dying(Intake):
        calls = 0

        def process(self, run_id):
            if self.calls > chunks * 3:
                raise KeyboardInterrupt
            self.calls += 1
            return super().process(run_id)

    clock = lambda: datetime.now(UTC)  # noqa: E731
    dying = Dying(
        parts.ledger, store=parts.store, scorer=LexiconScorer(), taxonomy=TAXONOMY, copies=parts.copies, clock=clock
    )
    with pytest.raises(KeyboardInterrupt):
        take(parts, survey(*lines), intake=dying)
    (cut,) = parts.ledger.runs()
    assert cut["outcome"] == "interrupted"
    summary = take(parts, survey(*lines))
    assert (summary.record["id"], summary.record["resumed"]) == (cut["id"], 1)
    assert_adds_up([summary.record])
    assert summary.record["yielded"] == len(parts.mentions()) == 350
    assert set(summary.record["fates"]) <= {"stored", "near_copy"}


def test_failing_store_leaves_the_import_to_be_continued(parts):
    class Broken(Intake):
        def process(self, run_id):
            raise StoreError("Der Speicher antwortet nicht.")

    clock = lambda: datetime.now(UTC)  # noqa: E731
    broken = Broken(
        parts.ledger, store=parts.store, scorer=LexiconScorer(), taxonomy=TAXONOMY, copies=parts.copies, clock=clock
    )
    assert take(parts, survey(*LINES), intake=broken).outcome == "interrupted"
    assert take(parts, survey(*LINES)).record["fates"] == {"stored": 3, "dropped/empty": 1}


def test_progress_counts_rows(parts):
    told = []
    take(parts, survey(*LINES), progress=told.append)
    assert (told[-1].source, told[-1].pages_done, told[-1].yielded) == ("kundenbefragung", 4, 4)


def test_brand_must_be_named_where_the_card_does_not_say_that_all_is_about_it(parts):
    lines = [
        "K-1;1.3.2026;1;;;Kornblume war gut",
        "K-2;1.3.2026;1;;;Alles gut",
        "K-3;1.3.2026;1;;;Stellenanzeige Kornblume",
    ]
    summary = take(parts, survey(*lines), card(about_brand=False))
    assert summary.record["fates"] == {"stored": 1, "dropped/no_brand": 1, "dropped/excluded": 1}


def test_mails_are_taken_as_their_own_channel(parts):
    data = (
        b"From b@x.example Tue Mar  3 14:05:00 2026\nFrom: Birte Hansen <birte@x.example>\nSubject: Kiste\n"
        b"Message-ID: <1@x.example>\nDate: Tue, 03 Mar 2026 14:05:00 +0100\nContent-Type: text/plain; charset=utf-8\n\n"
        + "Die Kiste von Kornblume kam zu spät, sagt Birte Hansen.\n\n> Zitat\n\nViele Grüße\nBirte\n".encode()
    )
    taken = card(
        name="postfach",
        channel="mail",
        columns=dict.fromkeys(("rating", "date", "id", "phase", "author")) | {"nps": False},
    )
    summary = take(parts, data, taken)
    assert summary.record["fates"] == {"stored": 1}
    (mention,) = parts.mentions()
    assert (mention.channel, mention.title, mention.author_role) == ("mail", "Kiste", "customer")
    assert "Zitat" not in mention.text
    assert "Hansen" not in mention.model_dump_json()
    assert mention.author_key


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"basis": None}, "Rechtsgrundlage"), ({"evidence": ""}, "Beleg"), ({"enabled": False}, "nicht freigegeben")],
)
def test_card_without_a_basis_takes_nothing(parts, changes, words):
    summary = take(parts, survey(*LINES), card(**changes))
    assert summary.outcome == "refused"
    assert words in summary.reason
    assert parts.mentions() == []


def test_cards_for_files_are_not_crawled(parts):
    (summary,) = parts.crawl(card())
    assert (summary.outcome, "brandmelder import" in summary.reason) == ("refused", True)


def test_ledger_rows_of_a_finished_import_hold_no_text(parts):
    take(parts, survey(*LINES))
    with sqlite3.connect(parts.ledger.path) as db:
        assert db.execute("SELECT count(*) FROM spool").fetchone() == (0,)


# --- the command

PROFILE = """
name: Kornblume
names: [Kornblume]
sources:
  - name: kundenbefragung
    channel: survey
    basis: own
    evidence: eigene Befragung
    about_brand: true
    columns: {text: Antwort, rating: Empfehlung, nps: true, date: Datum, id: Nr, phase: Phase, author: Kunde}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "profil.yaml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "antworten.csv").write_bytes(survey(*LINES))
    return tmp_path


def call(folder, *arguments, **options):
    brand = folder / "profil.yaml"
    return brandmelder("import", *arguments, "--brand", brand, "--data", folder / "daten", **options)


@pytest.mark.model
def test_command_imports_a_file_and_stdin_and_tells_the_fates(folder):
    done = call(folder, folder / "antworten.csv", "--card", "kundenbefragung")
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert run["fates"] == {"stored": 3, "dropped/empty": 1}
    again = call(folder, "-", "--card", "kundenbefragung", input=survey(*LINES, "K-9;kaputt"))
    assert again.returncode == 1
    assert json.loads(again.stdout)["runs"][0]["fates"] == {"unchanged": 3, "dropped/empty": 1, "quarantined/row": 1}
    assert "Zeile 6" in again.stderr


@pytest.mark.parametrize(
    ("file", "card", "words"),
    [
        ("fehlt.csv", "kundenbefragung", "lässt sich nicht lesen"),
        ("antworten.csv", "fehlt.yaml", "fehlt.yaml"),
        ("leer.csv", "kundenbefragung", "leer"),
        ("karte.xlsx", "kundenbefragung", "beschädigt"),
    ],
)
def test_command_explains_what_it_can_not_take_in(folder, file, card, words):
    (folder / "leer.csv").write_bytes(b"")
    (folder / "karte.xlsx").write_bytes(b"PK\x03\x04nichts")
    done = call(folder, folder / file, "--card", card)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
