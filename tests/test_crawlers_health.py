"""A run that reads less than it should says so: against the site's own numbers, its card, and its last runs."""

from datetime import UTC, datetime, timedelta

import pytest
from crawling import Parts, assert_adds_up, card_for, small_forum

from crawlers.measuring import announced, coverage, same_since, stuck_at
from index.blindness import IMPORT, BlindPeriod, blind_periods

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


def crawl(parts, site, *, clock=None, **changes):
    (summary,) = parts.crawl(card_for(site.url, **changes), clock=clock or Clock())
    assert_adds_up([summary.record])
    return summary


def counted(forum, posts):
    """The board with phpBB's line "30 Beiträge" on each thread."""
    site = forum.serve()
    topic = site.pages["/viewtopic.php"]
    line = f'<div class="pagination">{posts} Beiträge • Seite 1 von 3'
    site.pages["/viewtopic.php"] = lambda path: topic(path).replace('<div class="pagination">', line)
    return site


def test_healthy_run_says_what_it_measured(parts):
    site = counted(small_forum(threads=3, posts=12), 12)
    summary = crawl(parts, site)
    site.close()
    health = summary.record["health"]
    assert summary.outcome == "done"
    assert health["coverage"] == {"author": 1.0, "date": 1.0, "text": 1.0}
    assert health["announced"] == {"threads": 3, "posts": 36, "read": 36, "short": 0}
    assert (health["stuck_at"], health["pages_without_posts"]) == (None, 0.0)


def test_threads_that_end_at_the_same_number_are_stuck(parts):
    forum = small_forum(threads=4, posts=5)
    site = counted(forum, 40)
    summary = crawl(parts, site)
    site.close()
    assert summary.outcome == "suspicious"
    assert summary.record["health"]["stuck_at"] == 5
    assert "enden bei 5 Beiträgen" in summary.reason


def test_pages_without_posts_fail_the_run(parts):
    forum = small_forum(threads=6, posts=3)
    site = forum.serve()
    topic = site.pages["/viewtopic.php"]
    site.pages["/viewtopic.php"] = lambda path: topic(path).replace('id="p', 'id="x').replace('class="post"', "")
    summary = crawl(parts, site)
    site.close()
    assert summary.outcome == "failed"
    assert "6 Seiten ohne Beiträge" in summary.reason


def test_expected_coverage_that_is_missed_fails_the_run(parts):
    site = small_forum(threads=2, posts=4).serve()
    topic = site.pages["/viewtopic.php"]
    site.pages["/viewtopic.php"] = lambda path: (
        topic(path).replace("<time", "<i").replace("</time>", "</i>").replace("2026", "")
    )
    summary = crawl(parts, site, expected={"min_coverage": {"date": 0.9}})
    site.close()
    assert summary.outcome == "failed"
    assert "Datum bei 0% der Beiträge erkannt" in summary.reason


def test_half_of_the_usual_posts_is_suspicious(parts):
    clock, forum = Clock(), small_forum(threads=4, posts=6)
    site = forum.serve()
    for _ in range(3):
        assert crawl(parts, site, clock=clock).outcome == "done"
        clock.now += timedelta(days=1)
    for title in list(forum.threads)[1:]:
        del forum.threads[title]
    summary = crawl(parts, site, clock=clock)
    site.close()
    assert summary.outcome == "suspicious"
    assert "6 Beiträge gefunden, sonst etwa 24" in summary.reason


def test_same_posts_for_a_month_are_suspicious_and_a_new_one_ends_that(parts):
    clock, forum = Clock(), small_forum(threads=2, posts=5)
    site = forum.serve()
    outcomes = []
    for _ in range(5):
        outcomes.append(crawl(parts, site, clock=clock).outcome)
        clock.now += timedelta(days=11)
    assert outcomes == ["done"] * 4 + ["suspicious"]
    forum.threads |= {"Neu": next(iter(small_forum(threads=9, posts=1).threads.values()))}
    assert crawl(parts, site, clock=clock, expected={"quiet_days": None}).outcome == "done"
    site.close()


def test_stuck_needs_threads_that_agree():
    assert stuck_at([(40, 10), (35, 10), (90, 10)]) == 10
    assert stuck_at([(40, 10), (35, 10)]) is None
    assert stuck_at([(40, 10), (35, 11), (90, 12), (20, 13)]) is None
    assert stuck_at([(10, 10), (None, 5)]) is None
    assert announced([(40, 10), (None, 3), (5, 7)]) == {"threads": 2, "posts": 45, "read": 15, "short": 1}
    assert coverage({}) == {}


def run(day, outcome, *, source="forum", reason=None, **more):
    at = (START + timedelta(days=day)).isoformat()
    return {"source": source, "started_at": at, "outcome": outcome, "reason": reason, "health": {}} | more


def test_standstill_ends_at_the_last_new_post():
    same = [{"fates": {"unchanged": 9}, "yielded": 9, "started_at": f"2026-03-0{day}"} for day in (5, 4, 3)]
    first = {"fates": {"stored": 9}, "yielded": 9, "started_at": "2026-03-02"}
    assert same_since(same[0], [*same[1:], first]) == "2026-03-03"
    assert same_since(first, same) is None


def test_blind_periods_lie_between_complete_runs():
    runs = [run(5, "failed", reason="leer"), run(4, "done"), run(3, "suspicious"), run(2, "failed"), run(1, "done")]
    runs += [run(6, "suspicious", source="umfrage", health={"card": IMPORT})]
    one, two = blind_periods(sorted(runs, key=lambda made: made["started_at"], reverse=True))
    assert one == BlindPeriod("forum", START + timedelta(days=1), START + timedelta(days=4), "suspicious", None)
    assert two == BlindPeriod("forum", START + timedelta(days=4), None, "failed", "leer")


def test_source_that_never_worked_is_blind_from_the_beginning():
    (period,) = blind_periods([run(1, "refused", reason="keine Rechtsgrundlage")])
    assert (period.since, period.until) == (None, None)
