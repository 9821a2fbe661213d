"""The ledger's sums hold at every moment, and a dead process leaves a run that goes on where it stopped."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.ledger import Ledger, LedgerBusyError, Link, Note, PageResult, Quarantined

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ROOT = Path(__file__).resolve().parent.parent
START = [Link("http://forum.example/", chain="http://forum.example/", priority=1)]


@pytest.fixture
def ledger(tmp_path):
    book = Ledger(tmp_path / "ledger.sqlite3")
    yield book
    book.close()


def begin(ledger, *, now=NOW, digest="a", source="forum"):
    return ledger.begin(source, digest=digest, start=START, expected={"min_posts": 3}, now=now)


def assert_adds_up(record):
    assert record["yielded"] == sum(record["fates"].values()) + record["spooled"]


def test_page_is_written_with_its_posts_links_and_fates_at_once(ledger):
    run = begin(ledger)
    page = ledger.next_page(run.id)
    assert page.url == "http://forum.example/"
    links = [Link("http://forum.example/t1", chain="http://forum.example/t1", depth=1, priority=1)]
    result = PageResult(
        "read",
        gate="allowed",
        posts=[("m1", "{}"), ("m2", "{}")],
        seen=["m1", "m2", "m3"],
        fates={"dropped/no_brand": 1},
        links=links,
        quarantined=[Quarantined("invalid", "http://forum.example/", "{}")],
        notes=[Note("bounded/depth", "http://forum.example/", "x")],
        requests=3,
    )
    ledger.finish_page(run.id, page, result, now=NOW)
    record = ledger.run(run.id)
    assert (record["yielded"], record["spooled"], record["requests"]) == (4, 2, 3)
    assert record["fates"] == {"dropped/no_brand": 1, "quarantined/invalid": 1}
    assert record["pages"] == {"read": 1}
    assert record["gate"] == {"allowed": 1}
    assert record["events"] == {"bounded/depth": 1}
    assert ledger.next_page(run.id).url == "http://forum.example/t1"
    assert ledger.unseen(run.id, ["m1", "m4"]) == {"m4"}
    assert ledger.unknown_urls(run.id, ["http://forum.example/t1", "http://forum.example/t2"]) == {
        "http://forum.example/t2"
    }
    assert [entry["reason"] for entry in ledger.quarantined()] == ["invalid"]
    assert_adds_up(record)


def test_order_is_priority_then_age_and_known_addresses_are_kept_once(ledger):
    run = begin(ledger)
    links = [Link(f"http://forum.example/{n}", chain="c", priority=p) for n, p in [("a", 1), ("b", 2), ("a", 2)]]
    ledger.finish_page(run.id, ledger.next_page(run.id), PageResult("read", links=links), now=NOW)
    order = []
    while (page := ledger.next_page(run.id)) is not None:
        order.append(page.url[-1])
        ledger.finish_page(run.id, page, PageResult("read"), now=NOW)
    assert order == ["b", "a"]


def test_settling_moves_posts_from_the_spool_to_their_fates(ledger):
    run = begin(ledger)
    posts = [(f"m{n}", "{}") for n in range(5)]
    ledger.finish_page(run.id, ledger.next_page(run.id), PageResult("read", posts=posts), now=NOW)
    first = ledger.batch(run.id, 3)
    assert [post.id for post in first] == ["m0", "m1", "m2"]
    ledger.remember_prior({first[0].seq: "", first[1].seq: "hash"})
    assert [post.prior for post in ledger.batch(run.id, 3)] == ["", "hash", None]
    ledger.settle(run.id, [(post.seq, "stored") for post in first], now=NOW)
    assert [post.id for post in ledger.batch(run.id, 9)] == ["m3", "m4"]
    assert_adds_up(ledger.run(run.id))
    with pytest.raises(ValueError, match="spooled"):
        ledger.end(run.id, outcome="done", reason=None, now=NOW)
    ledger.settle(run.id, [(post.seq, "unchanged") for post in ledger.batch(run.id, 9)], now=NOW)
    ledger.end(run.id, outcome="done", reason=None, now=NOW)
    record = ledger.run(run.id)
    assert record["fates"] == {"stored": 3, "unchanged": 2}
    assert record["outcome"] == "done"
    assert record["yielded"] == sum(record["fates"].values())


def test_failed_transaction_leaves_nothing_behind(ledger):
    run = begin(ledger)
    page = ledger.next_page(run.id)
    broken = PageResult("read", posts=[("m1", "{}"), ("m2", None)])
    with pytest.raises(Exception, match="NOT NULL"):
        ledger.finish_page(run.id, page, broken, now=NOW)
    assert ledger.next_page(run.id) == page
    assert ledger.run(run.id)["yielded"] == 0


CHILD = """
    import sys, time
    from datetime import datetime, UTC
    from index.ledger import Ledger, Link, PageResult
    now = datetime.fromisoformat(sys.argv[2])
    ledger = Ledger(sys.argv[1])
    run = ledger.begin("forum", digest="a", start=[Link("http://forum.example/", chain="x")], expected={}, now=now)
    links = [Link("http://forum.example/2", chain="x", position=1)]
    page = ledger.next_page(run.id)
    ledger.finish_page(run.id, page, PageResult("read", posts=[("m1", "{}")], links=links), now=now)
    print(run.id, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def killed_run(tmp_path):
    """A run whose process read one page and was then killed; while it lived, nobody else could take the source."""
    path = tmp_path / "ledger.sqlite3"
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(path), NOW.isoformat()],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with child:
        run_id = child.stdout.readline().strip()
        ledger = Ledger(path)
        with pytest.raises(LedgerBusyError):
            begin(ledger)
        assert ledger.run(run_id)["outcome"] == "running"
        os.kill(child.pid, signal.SIGKILL)
    yield ledger, run_id
    ledger.close()


def test_killed_run_shows_as_interrupted_and_goes_on_under_its_id(killed_run):
    ledger, run_id = killed_run
    assert ledger.run(run_id)["outcome"] == "interrupted"
    run = begin(ledger, now=NOW + timedelta(hours=1))
    assert (run.id, run.resumed) == (run_id, True)
    assert ledger.next_page(run.id).url == "http://forum.example/2"
    assert [post.id for post in ledger.batch(run.id, 9)] == ["m1"]


@pytest.mark.parametrize(("hours", "digest"), [(25, "a"), (1, "b")])
def test_stale_or_different_run_is_not_continued_but_left_to_be_closed(killed_run, hours, digest):
    ledger, run_id = killed_run
    run = begin(ledger, now=NOW + timedelta(hours=hours), digest=digest)
    assert run.id != run_id
    assert ledger.leftovers("forum", but=run.id) == [run_id]


def test_paused_run_goes_on_and_an_ended_one_does_not(ledger):
    run = begin(ledger)
    ledger.pause(run.id, reason="Abbruch", now=NOW)
    ledger.release("forum")
    again = begin(ledger)
    assert (again.id, again.resumed) == (run.id, True)
    ledger.finish_page(again.id, ledger.next_page(again.id), PageResult("read"), now=NOW)
    ledger.end(again.id, outcome="done", reason=None, now=NOW)
    ledger.release("forum")
    assert begin(ledger).id != run.id


def test_budget_stop_drops_open_pages_with_its_reason(ledger):
    run = begin(ledger)
    assert ledger.drop_open_pages(run.id, note=Note("bounded/page_budget", message="nach 1 Seite"), now=NOW) == 1
    assert ledger.next_page(run.id) is None
    record = ledger.run(run.id)
    assert record["events"] == {"bounded/page_budget": 1}
    assert record["notes"][0]["message"] == "nach 1 Seite"


def test_pages_under_way_are_neither_the_next_nor_dropped(ledger):
    run = begin(ledger)
    first = ledger.next_page(run.id)
    links = [Link(f"https://forum.beispiel/t/{n}", chain=f"t{n}") for n in (1, 2, 3)]
    ledger.finish_page(run.id, first, PageResult("read", links=links), now=NOW)
    one = ledger.next_page(run.id)
    two = ledger.next_page(run.id, but=[one.seq])
    assert (one.chain, two.chain) == ("t1", "t2")
    assert ledger.drop_open_pages(run.id, note=Note("bounded/page_budget"), now=NOW, but=[one.seq, two.seq]) == 1
    assert ledger.is_open(run.id)
    for page in (two, one):
        ledger.finish_page(run.id, page, PageResult("read"), now=NOW)
    assert not ledger.is_open(run.id)
    assert ledger.run(run.id)["pages"] == {"dropped/bounded/page_budget": 1, "read": 3}


def test_refused_source_is_written_down(ledger):
    ledger.refuse("fremd", reason="keine Rechtsgrundlage", now=NOW)
    record = ledger.runs()[0]
    assert (record["source"], record["outcome"], record["yielded"]) == ("fremd", "refused", 0)
    assert record["reason"] == "keine Rechtsgrundlage"
