"""Mutated pages: no reader crashes or hangs, and every post of every page ends in a counted fate.

BRANDMELDER_FUZZ is the number of mutations (10000 for a long run), BRANDMELDER_SEED makes other ones; a failure names
what repeats it.
"""

import os
import re
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from crawling import RULES, SECRET, card_for
from page_samples import own_samples, recorded_samples

from crawlers.book import PageRead, RunBook, start_links
from crawlers.drafting import Drafter, left_out
from crawlers.gate.reservation import Signals
from crawlers.pages.reading import read_page
from crawlers.running import DryRun
from index.ledger import Ledger

COUNT = int(os.environ.get("BRANDMELDER_FUZZ", "300"))
SEED = os.environ.get("BRANDMELDER_SEED", "4")
SECONDS = 20.0
NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
NASTY = (
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"&#0;",
    b"&#xD800;",
    b"&#1114112;",
    b"<",
    b">",
    b'"',
    b"'",
    b"</div>",
    b"<div>",
    b"</table>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<script>",
    b"</script>",
    b"<base href='http://[::'>",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"9" * 400,
    b"\\ud800",
    b"\\u0000",
    b"31.02.2026, 25:61",
    b"0000-00-00",
    b"99999-12-31T99:99:99Z",
    b"2026-03-01T10:00:00+99:99",
    b"http://[",
    b"https://f.example:99999/",
    b"//",
    b"%zz",
    b"?&;=",
    b"javascript:alert(1)",
    b"datetime=''",
    b"id='p'",
    b"class=''",
    b"href=''",
    "\u202e\u200b\u2028".encode(),
    "ﬀİıẞ".encode(),
    b"<blockquote>" * 400,
    b"<span class='lastpost'>" * 50,
    b"(" * 300,
    b"a" * 20_000,
)


def mutated(chance, body, other):
    """One to five changes: bytes flipped, parts cut, doubled, moved, taken from another page, or something nasty."""
    for _ in range(chance.randint(1, 5)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice((1, 8, 60, 400, 5000)))
        part = body[start:end]
        kind = chance.randrange(8)
        if kind == 0:
            body = body[:start] + body[end:]
        elif kind == 1:
            body = body[:end] + part * chance.choice((1, 2, 20)) + body[end:]
        elif kind == 2:
            place = chance.randrange(len(body) + 1)
            body = body[:place] + part + body[place:]
        elif kind == 3:
            body = body[:start] + bytes(chance.randrange(256) for _ in part[:60]) + body[end:]
        elif kind == 4:
            body = body[: chance.randrange(len(body) + 1)]
        elif kind == 5:
            cut = chance.randrange(len(other) + 1)
            body = body[:start] + other[cut : cut + 3000] + body[end:]
        else:
            body = body[:start] + chance.choice(NASTY) + body[start + chance.choice((0, 0, 1, 12)) :]
    return body


class Reading:
    """What a spider does with an answer, from its bytes to the ledger."""

    def __init__(self):
        self.ledger = Ledger(":memory:")
        self.card = card_for("https://f.example", "/", allow_private=False, delay=2, about_brand=True)
        self.drafter = Drafter(self.card, RULES, SECRET, spider="forum")
        self.processor = DryRun(self.ledger, clock=lambda: NOW)

    def read(self, sample, body):
        page = read_page(body, url=sample.url, now=NOW)
        run = self.ledger.begin("fuzz", digest="1", start=start_links(self.card), expected={}, now=NOW)
        book = RunBook(self.ledger, run, self.card, clock=lambda: NOW)
        task = self.ledger.next_page(run.id)
        drafts = self.drafter.drafts(page, chain=page.url, now=NOW)
        book.read(PageRead(task, page, drafts, Signals(None), page.links), requests=1)
        while self.processor.process(run.id):
            pass
        record = self.ledger.run(run.id)
        self.ledger.end(run.id, outcome="done", reason=None, now=NOW)
        return page, record


def fuzz(samples):
    samples, reading, software = list(samples), Reading(), Counter()
    for number in range(COUNT):
        chance = Random(f"{SEED}-{number}")
        sample = samples[number % len(samples)]
        body = mutated(chance, sample.body, chance.choice(samples).body)
        began = time.process_time()
        try:
            page, record = reading.read(sample, body)
        except Exception as error:
            raise AssertionError(f"BRANDMELDER_SEED={SEED}, mutation {number} of {sample.name}") from error
        assert time.process_time() - began < SECONDS, (SEED, number, sample.name)
        accounted = sum(record["fates"].values())
        if record["gate"] == {"allowed": 1}:
            assert accounted == len(page.posts) + sum(left_out(page).values()), (SEED, number, sample.name)
        assert record["yielded"] == accounted, (SEED, number, sample.name)
        assert sum(record["pages"].values()) - record["pages"].get("unchanged_thread", 0) == 1
        assert all(post.text.strip() for post in page.posts), (SEED, number, sample.name)
        page.model_dump_json()
        software[page.software] += bool(page.posts)
    return software


def test_halves_of_characters_in_json_come_out_as_text():
    broken = [replace(sample, body=re.sub(rb'(": ?")(?!http)', rb"\1\\ud83d", sample.body)) for sample in own_samples()]
    broken = [sample for sample in broken if b"\\ud83d" in sample.body]
    pages = [read_page(sample.body, url=sample.url, now=NOW) for sample in broken]
    assert all(page.model_dump_json() for page in pages)
    assert any("\ufffd" in page.model_dump_json() for page in pages)


@pytest.mark.timeout(max(900, COUNT))
def test_mutated_pages_never_crash_a_reader_and_every_post_is_accounted_for():
    software = fuzz(own_samples())
    # Most mutations leave something to read: the test would be worth nothing if pages were only destroyed.
    assert sum(software.values()) > COUNT // 3
    assert len([name for name, pages in software.items() if pages]) > 10 or COUNT < 100


@pytest.mark.timeout(max(900, COUNT))
def test_mutated_recorded_pages():
    samples = list(recorded_samples())
    if not samples:
        pytest.skip("the recorded pages are not beside this checkout")
    assert sum(fuzz(samples).values()) > COUNT // 5
