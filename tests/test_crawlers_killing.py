"""A crawl that is killed at any moment and started again ends like one that nobody disturbed."""

import multiprocessing
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from crawling import ForumPost, Parts, assert_adds_up, card_for, run_killed, small_forum

TIMES = {"crawled_at", "scored_at", "expires_at"}
MOMENTS = 20
ROOT = Path(__file__).resolve().parent.parent


def crawl_once(folder: Path, url: str) -> None:
    """Runs in a child process."""
    with Parts(folder) as parts:
        parts.crawl(card_for(url))


@pytest.fixture(scope="module")
def children():
    """Children of a process that has imported everything, so that kills hit the crawl and not the imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["crawling", "datasketch", "crawlers.spiders.forum", "scrapy.crawler", "scrapy.core.engine"]
    )
    return context


@pytest.fixture
def site():
    forum = small_forum(threads=4, posts=9)
    # Near-copies and a post without the brand, so that every kind of fate is on the way.
    long = "Kornblume brachte mir heute die Kiste mit den Möhren, doch der Fahrer war leider viel zu spät dran."
    forum.threads["Doppelt"] = [ForumPost(long), ForumPost(long + " Tja."), ForumPost("Ohne Namen, aber schön.")]
    served = forum.serve()
    served.delay = 0.005
    yield served
    served.close()


def run_child(children, folder, url, *, kill_after=None):
    return run_killed(children.Process(target=crawl_once, args=(folder, url)), kill_after)


def outcome(folder):
    """The stored documents without their times, and the records of all runs."""
    with Parts(folder) as parts:
        documents = {mention.id: mention.model_dump(exclude=TIMES) for mention in parts.mentions()}
        return documents, parts.ledger.runs()


@pytest.mark.endurance
def test_kill_at_random_moments_changes_nothing(children, site, tmp_path):
    seconds = run_child(children, tmp_path / "calm", site.url)
    calm, (record,) = outcome(tmp_path / "calm")
    assert len(calm) == 38
    assert record["fates"] == {"dropped/no_brand": 1, "near_copy": 1, "stored": 37}
    moments = random.Random(3)
    resumed = 0
    for number in range(MOMENTS):
        folder = tmp_path / f"killed-{number}"
        run_child(children, folder, site.url, kill_after=moments.uniform(0.02, seconds))
        with Parts(folder) as parts:
            for run in parts.ledger.runs():
                assert run["yielded"] == sum(run["fates"].values()) + run["spooled"]
                assert run["outcome"] in ("interrupted", "done")
        run_child(children, folder, site.url)
        documents, runs = outcome(folder)
        assert documents == calm
        assert_adds_up(runs)
        assert runs[0]["outcome"] == "done"
        if runs[0]["resumed"]:
            resumed += 1
            assert (runs[0]["yielded"], runs[0]["pages"]) == (record["yielded"], record["pages"])
            assert runs[0]["fates"] == record["fates"]
    assert resumed >= MOMENTS // 4


CTRL_C = """
    import sys
    from pathlib import Path
    from brandmelder.stopping import listen_for_stops
    listen_for_stops()
    sys.path[:0] = ["tests", "."]
    from crawling import Parts, card_for
    with Parts(Path(sys.argv[1])) as parts:
        parts.store.known([])
        print("los", flush=True)
        try:
            parts.crawl(card_for(sys.argv[2]))
        except KeyboardInterrupt:
            sys.exit(130)
"""


def test_ctrl_c_leaves_a_run_that_goes_on(site, tmp_path):
    # Slow enough that the signal comes before the end also on a busy machine.
    site.delay = 0.5
    command = [sys.executable, "-c", textwrap.dedent(CTRL_C), str(tmp_path), site.url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "los\n"
        while len(site.paths) < 4:
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=30) == 130
    site.delay = 0.0
    with Parts(tmp_path) as parts:
        (run,) = parts.ledger.runs()
        assert (run["outcome"], run["reason"]) == ("interrupted", "abgebrochen")
        asked = len(site.paths)
        (summary,) = parts.crawl(card_for(site.url))
        assert (summary.record["id"], summary.outcome) == (run["id"], "done")
        assert_adds_up([summary.record])
        # What was read before is not asked for again.
        assert len(site.paths) - asked <= sum(summary.record["pages"].values()) - 3
        assert len(parts.mentions()) == 38
