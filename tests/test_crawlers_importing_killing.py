"""An import that is killed at any moment and started again ends like one that nobody disturbed."""

import multiprocessing
import random
from datetime import UTC, datetime

import pytest
from crawling import RULES, SECRET, Parts, assert_adds_up, run_killed
from lexicon_scorer import TAXONOMY, LexiconScorer

from crawlers.card import SourceCard
from crawlers.importing import import_rows
from crawlers.intake import Intake
from crawlers.running import CrawlOptions

pytestmark = pytest.mark.endurance

TIMES = {"crawled_at", "scored_at", "expires_at"}
MOMENTS = 20
ROWS = 900
CARD = SourceCard.model_validate(
    {
        "name": "befragung",
        "channel": "survey",
        "basis": "own",
        "evidence": "Unsere eigene Befragung",
        "about_brand": True,
        "columns": {"text": "Antwort", "rating": "Note", "scale": {"worst": 1, "best": 5}, "date": "Datum", "id": "Nr"},
    }
)
WORDS = ("Lieferung", "Kiste", "Gurke", "Hotline", "Rechnung", "Fahrer", "Gutschein", "Apfel", "Paket", "Termin")


def write_survey(path):
    chance = random.Random(7)
    lines = ["Nr;Datum;Note;Antwort"]
    for number in range(ROWS):
        text = " ".join(chance.sample(WORDS, 8)) + f" kam leider zu spät, Nummer {number}."
        note = "vier" if number % 50 == 7 else number % 5 + 1
        lines.append(f"A-{number};{number % 28 + 1:02}.03.2026;{note};{'' if number % 40 == 3 else text}")
    lines.append(lines[5])
    path.write_text("\n".join(lines), encoding="utf-8")


def import_once(folder, file):
    """Runs in a child process."""
    options = CrawlOptions(secret=SECRET, clock=lambda: datetime.now(UTC))
    with Parts(folder) as parts, file.open("rb") as stream:
        intake = Intake(
            parts.ledger,
            store=parts.store,
            scorer=LexiconScorer(),
            taxonomy=TAXONOMY,
            copies=parts.copies,
            clock=options.clock,
        )
        import_rows(stream, CARD, brand=RULES, ledger=parts.ledger, intake=intake, options=options)


def run_child(folder, file, *, kill_after=None):
    return run_killed(multiprocessing.get_context("fork").Process(target=import_once, args=(folder, file)), kill_after)


def outcome(folder):
    with Parts(folder) as parts:
        documents = {mention.id: mention.model_dump(exclude=TIMES) for mention in parts.mentions()}
        return documents, parts.ledger.runs()


def test_kill_at_random_moments_changes_nothing(tmp_path):
    file = tmp_path / "befragung.csv"
    write_survey(file)
    seconds = run_child(tmp_path / "calm", file)
    calm, (record,) = outcome(tmp_path / "calm")
    assert_adds_up([record])
    assert len(calm) > ROWS * 0.9
    chance = random.Random(11)
    resumed = 0
    for number in range(MOMENTS):
        folder = tmp_path / f"killed-{number}"
        run_child(folder, file, kill_after=chance.uniform(0.05, seconds))
        run_child(folder, file)
        documents, runs = outcome(folder)
        assert documents == calm
        assert_adds_up(runs)
        assert runs[0]["outcome"] == record["outcome"]
        if runs[0]["resumed"]:
            resumed += 1
            assert runs[0]["yielded"] == record["yielded"]
            assert runs[0]["fates"] == record["fates"]
    assert resumed >= MOMENTS // 4
