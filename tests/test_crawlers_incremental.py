"""Runs after the first one: quiet threads are left alone, news are found, re-checks follow edits and deletions."""

from datetime import timedelta

import pytest
from crawling import FIRST, ForumPost, Parts, assert_adds_up, card_for, sentence, small_forum
from website import Answer

from index.blindness import blind_periods
from index.ledger import Ledger
from index.store import StoreError
from tests.command_line import brandmelder

QUIET = {"budget": {"reread": 0}}


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


@pytest.fixture
def forum():
    made = small_forum(threads=10, posts=7)
    made.shows_last_posts = True
    site = made.serve()
    yield made, site
    site.close()


def run(parts, card, **options):
    (summary,) = parts.crawl(card, **options)
    assert_adds_up([summary.record])
    return summary


def paths_of(site, action):
    before = len(site.paths)
    action()
    return site.paths[before:]


def thread(made, number):
    return made.threads[f"Größe und Gemüse, Thema {number}"]


# --- what is not asked for again


def test_rerun_of_a_quiet_board_asks_for_one_page(parts, forum):
    _, site = forum
    assert run(parts, card_for(site.url, **QUIET)).record["yielded"] == 70
    summaries = []
    asked = paths_of(site, lambda: summaries.append(run(parts, card_for(site.url, **QUIET))))
    assert asked == ["/viewforum.php?f=2"]
    (second,) = summaries
    assert (second.outcome, second.record["fates"]) == ("done", {})
    assert second.record["pages"] == {"read": 1, "unchanged_thread": 4}
    assert run(parts, card_for(site.url, **QUIET)).outcome == "done"


def test_new_post_and_new_thread_are_found_and_nothing_else_is_read(parts, forum):
    made, site = forum
    run(parts, card_for(site.url, **QUIET))
    thread(made, 3).append(ForumPost(sentence(90, 1), "nutzer_1", FIRST + timedelta(days=30)))
    made.threads["Ganz neu bei Kornblume"] = [ForumPost(sentence(91, 1), "nutzer_2", FIRST + timedelta(days=31))]
    summaries = []
    asked = paths_of(site, lambda: summaries.append(run(parts, card_for(site.url, **QUIET))))
    assert [path for path in asked if "viewtopic" in path] == [
        "/viewtopic.php?f=2&t=10",
        "/viewtopic.php?f=2&t=3",
        "/viewtopic.php?f=2&t=3&start=5",
    ]
    # The first page of the board shows news, the second one doesn't: the third isn't asked for.
    assert len(asked) == 5
    assert summaries[0].record["fates"] == {"stored": 2, "unchanged": 7}


def test_backfill_reads_everything_again(parts, forum):
    _, site = forum
    run(parts, card_for(site.url, **QUIET))
    again = run(parts, card_for(site.url, **QUIET), backfill=True)
    assert again.record["fates"] == {"unchanged": 70}
    assert again.record["pages"] == {"read": 23}


def test_part_of_the_quiet_threads_is_read_in_turn(parts, forum):
    made, site = forum
    card = card_for(site.url, budget={"reread": 4})
    run(parts, card)
    thread(made, 0)[2] = ForumPost("Nachtrag: Kornblume hat das Geld erstattet.", "nutzer_2", FIRST)
    fates, read = [], []
    for _ in range(3):
        asked = paths_of(site, lambda: fates.append(run(parts, card).record["fates"]))
        read.append({path.partition("&start")[0] for path in asked if "viewtopic" in path})
    assert [len(threads) for threads in read] == [4, 4, 4]
    assert len(set.union(*read)) == 10
    assert sum(found.get("updated", 0) for found in fates) == 1


def test_thread_that_was_active_when_it_was_read_is_read_again(parts, forum):
    made, site = forum
    soon = FIRST + timedelta(days=40)
    thread(made, 1).append(ForumPost(sentence(92, 1), "nutzer_1", soon))
    times = iter([soon + timedelta(hours=3), soon + timedelta(days=3)])
    for _ in range(2):
        at = next(times)
        run(parts, card_for(site.url, **QUIET), clock=lambda at=at: at)
    asked = paths_of(site, lambda: run(parts, card_for(site.url, **QUIET), clock=lambda: soon + timedelta(days=4)))
    again = [path for path in site.paths if path == "/viewtopic.php?f=2&t=1"]
    assert len(again) == 2
    assert asked == ["/viewforum.php?f=2"]


def test_thread_that_failed_is_asked_again_although_it_is_quiet(parts, forum):
    _, site = forum
    broken = "/viewtopic.php?f=2&t=2&start=5"
    site.faults[broken] = [Answer("weg", status=500)] * 3
    first = run(parts, card_for(site.url, **QUIET))
    assert first.record["yielded"] == 68
    second = run(parts, card_for(site.url, **QUIET))
    assert second.record["fates"] == {"stored": 2, "unchanged": 5}


def test_pages_behind_a_stopped_run_are_not_taken_for_known(parts, forum):
    _, site = forum
    bounded = run(parts, card_for(site.url, budget={"reread": 0, "pages": 11}))
    assert bounded.outcome == "bounded"
    rest = run(parts, card_for(site.url, **QUIET))
    assert bounded.record["yielded"] + rest.record["fates"]["stored"] == 70
    assert len(parts.mentions()) == 70


def test_other_rules_read_everything_again(parts, forum):
    _, site = forum
    run(parts, card_for(site.url, **QUIET))
    assert run(parts, card_for(site.url, about_brand=True, **QUIET)).record["yielded"] == 70


def test_board_that_shows_no_last_posts_is_read_whole(parts, forum):
    made, site = forum
    made.shows_last_posts = False
    run(parts, card_for(site.url, **QUIET))
    assert run(parts, card_for(site.url, **QUIET)).record["fates"] == {"unchanged": 70}


def test_board_in_another_order_is_followed_to_its_end(parts, forum):
    made, site = forum
    for number in range(10):
        thread(made, number)[-1] = ForumPost(sentence(93, number), "nutzer_1", FIRST + timedelta(days=number))
    run(parts, card_for(site.url, **QUIET))
    site.pages["/viewforum.php"] = rising(made)
    asked = paths_of(site, lambda: run(parts, card_for(site.url, **QUIET)))
    assert asked == ["/viewforum.php?f=2", "/viewforum.php?f=2&start=4", "/viewforum.php?f=2&start=8"]


def rising(made):
    def board(path):
        html = made._board(path)
        head, rest = html.split('<ul class="topiclist">', 1)
        rows, tail = rest.split("</ul>", 1)
        parted = [f"<li{row}" for row in rows.split("<li")[1:]]
        return f'{head}<ul class="topiclist">{"".join(reversed(parted))}</ul>{tail}'

    return board


# --- re-checks


def test_recheck_updates_what_was_edited_and_deletes_what_is_gone(parts, forum):
    made, site = forum
    card = card_for(site.url)
    run(parts, card)
    edited = "Nachtrag: Kornblume hat sich entschuldigt, alles gut."
    thread(made, 1)[3] = ForumPost(edited, "nutzer_1", FIRST)
    thread(made, 2)[0] = ForumPost("")
    thread(made, 5).append(ForumPost(sentence(94, 1), "nutzer_3", FIRST + timedelta(days=50)))
    made.gone.add(4)
    before = {mention.id: mention for mention in parts.mentions()}
    summary = run(parts, card, recheck=True)
    assert summary.outcome == "done"
    assert summary.record["fates"] == {"deleted": 8, "unchanged": 61, "updated": 1}
    assert summary.record["pages"] == {"gone/http_404": 1, "read": 18}
    after = {mention.id: mention for mention in parts.mentions()}
    assert len(after) == 62
    assert after.keys() <= before.keys()
    assert [m.text for m in after.values() if m != before[m.id] and m.text != before[m.id].text] == [edited]
    again = run(parts, card, recheck=True)
    assert again.record["fates"] == {"unchanged": 62}
    assert run(parts, card).record["fates"].get("stored") == 1


def test_recheck_asks_for_threads_only_and_each_page_once(parts, forum):
    _, site = forum
    card = card_for(site.url)
    run(parts, card)
    asked = paths_of(site, lambda: run(parts, card, recheck=True))
    assert len(asked) == len(set(asked)) == 20
    assert not [path for path in asked if "viewforum" in path]


@pytest.mark.parametrize(
    "answer",
    [
        Answer("kaputt", status=500),
        Answer("verboten", status=403),
        Answer("<h1>Bitte warten</h1>"),
        Answer("<title>Anmeldung</title><p>Du musst angemeldet sein.</p>"),
        Answer(status=302, headers={"Location": "/viewforum.php?f=2"}),
        Answer("<p>Hier</p>", headers={"tdm-reservation": "1"}),
    ],
    ids=["error", "forbidden", "wait", "login", "redirect", "reserved"],
)
def test_thread_without_a_clear_answer_keeps_its_mentions(parts, forum, answer):
    _, site = forum
    card = card_for(site.url)
    run(parts, card)
    site.pages["/viewtopic.php?f=2&t=6"] = answer
    summary = run(parts, card, recheck=True)
    assert summary.record["fates"] == {"unanswered": 7, "unchanged": 63}
    assert summary.outcome == "done"
    assert len(parts.mentions()) == 70


def test_thread_that_breaks_off_keeps_its_mentions(parts, forum):
    _, site = forum
    card = card_for(site.url)
    run(parts, card)
    site.pages["/viewtopic.php?f=2&t=6&start=5"] = Answer("weg", status=404)
    summary = run(parts, card, recheck=True)
    assert summary.record["fates"] == {"unanswered": 2, "unchanged": 68}


def test_post_that_no_longer_names_the_brand_is_deleted(parts, forum):
    made, site = forum
    card = card_for(site.url)
    run(parts, card)
    thread(made, 1)[3] = ForumPost("Hat sich erledigt.", "nutzer_1", FIRST)
    assert run(parts, card, recheck=True).record["fates"] == {"deleted": 1, "unchanged": 69}


def test_changed_layout_deletes_nothing(parts, forum):
    made, site = forum
    card = card_for(site.url)
    run(parts, card)
    page = made._topic
    site.pages["/viewtopic.php"] = lambda path: page(path).replace('id="p', 'id="p77')
    summary = run(parts, card, recheck=True)
    assert summary.outcome == "suspicious"
    assert "70 von 70" in summary.reason
    assert summary.record["fates"] == {"unanswered": 70}
    assert len(parts.mentions()) == 70


def test_another_software_on_the_same_address_deletes_nothing(parts, forum):
    _, site = forum
    card = card_for(site.url)
    run(parts, card)
    moved = """<html><body><div class="post" id="77"><div class="post-content">Wir sind umgezogen.</div></div>
        <link href="/static/machina.css"></body></html>"""
    site.pages["/viewtopic.php?f=2&t=6"] = Answer(moved)
    assert run(parts, card, recheck=True).record["fates"] == {"unanswered": 7, "unchanged": 63}


def test_budget_bounds_a_recheck_and_the_next_one_takes_the_others(parts, forum):
    _, site = forum
    run(parts, card_for(site.url))
    small = card_for(site.url, budget={"pages": 4})
    read = []
    for _ in range(6):
        asked = paths_of(site, lambda: run(parts, small, recheck=True))
        assert len(asked) <= 4
        read.extend(path.partition("&start")[0] for path in asked)
    assert len(set(read)) == 10
    assert len(parts.mentions()) == 70


def test_interrupted_recheck_goes_on(parts, forum, monkeypatch):
    made, site = forum
    card = card_for(site.url)
    run(parts, card)
    made.gone.add(2)
    thread(made, 7)[0] = ForumPost("")
    removed = parts.store.delete
    monkeypatch.setattr(parts.store, "delete", failing)
    first = parts.crawl(card, recheck=True)[0]
    assert first.outcome == "interrupted"
    monkeypatch.setattr(parts.store, "delete", removed)
    before = len(site.paths)
    second = run(parts, card, recheck=True)
    assert (second.outcome, second.record["resumed"], site.paths[before:]) == ("done", 1, [])
    assert second.record["fates"] == {"deleted": 8, "unchanged": 62}
    assert len(parts.mentions()) == 62


def failing(_ids):
    raise StoreError("kein Platz")


def test_recheck_leaves_an_interrupted_crawl_to_be_continued(parts, forum, monkeypatch):
    _, site = forum
    card = card_for(site.url)
    run(parts, card)
    monkeypatch.setattr(parts.store, "known", failing)
    assert parts.crawl(card, backfill=True)[0].outcome == "interrupted"
    monkeypatch.undo()
    assert run(parts, card, recheck=True).outcome == "done"
    assert run(parts, card).record["resumed"] == 1


def test_feeds_are_not_rechecked(parts, forum):
    _, site = forum
    summary = parts.crawl(card_for(site.url, "/feed.rss", family="feed"), recheck=True)[0]
    assert (summary.outcome, site.paths) == ("refused", [])
    assert "Aufbewahrungsfrist" in summary.reason


def test_rechecks_make_no_period_blind(parts, forum):
    made, site = forum
    run(parts, card_for(site.url))
    page = made._topic
    site.pages["/viewtopic.php"] = lambda path: page(path).replace('id="p', 'id="p77')
    assert run(parts, card_for(site.url), recheck=True).outcome == "suspicious"
    parts.crawl(card_for(site.url, "/feed.rss", family="feed"), recheck=True)
    assert blind_periods(parts.ledger.runs()) == []


def test_ledger_of_an_older_version_gets_the_new_tables(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite3") as ledger:
        for table in ("known_threads", "shown_threads", "rechecks"):
            ledger._db.execute(f"DROP TABLE {table}")
    with Ledger(tmp_path / "ledger.sqlite3") as ledger:
        assert ledger.known_threads.read_at("kundenforum") == {}


def test_recheck_and_backfill_exclude_each_other(tmp_path):
    done = brandmelder("run", "--brand", "kornblume", "--recheck", "--backfill", "--data", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "schließen einander aus" in done.stderr
