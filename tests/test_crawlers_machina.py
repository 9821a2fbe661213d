"""A live forum software, crawled over HTTP: what was seeded is found, nothing else, and nothing twice."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from crawling import Parts, assert_adds_up, card_for
from machina_forum import AUTHORS, MAIL

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = (
    "/member/",
    "/search/",
    "login",
    "sessionid",
    "/feeds/",
    "/tracking/",
    "/create",
    "/update",
    "/moderation/",
)


class Machina:
    """The forum's process."""

    def __init__(self, folder):
        command = [sys.executable, "-W", "ignore", "tests/machina_forum.py", str(folder)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        first = self._process.stdout.readline()
        assert first, "the forum did not start"
        told = json.loads(first)
        self.url = told["url"].rstrip("/")
        self.posts = {post["id"]: post for post in told["posts"]}

    def tell(self, order):
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def asked(self):
        return self.tell({})

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def machina(tmp_path_factory):
    forum = Machina(tmp_path_factory.mktemp("machina"))
    yield forum
    forum.close()


@pytest.mark.endurance
def test_live_machina_forum(machina, tmp_path):
    card = card_for(machina.url, "/", name="machina", about_brand=True)
    with Parts(tmp_path) as parts:
        (first,) = parts.crawl(card)
        assert_adds_up([first.record])
        assert (first.outcome, first.record["yielded"]) == ("done", 300)
        found = {mention.native_id: mention for mention in parts.mentions()}
        assert_same_posts(machina.posts, found)
        asked = machina.asked()
        assert_polite(asked, pages=sum(first.record["pages"].values()))

        (second,) = parts.crawl(card)
        assert second.record["fates"] == {"unchanged": 300}

        edited = "Kornblume hat sich inzwischen gemeldet, jetzt ist alles gut und ich bin zufrieden."
        assert machina.tell({"id": "42", "text": edited}) == "ok"
        (third,) = parts.crawl(card)
        assert third.record["fates"] == {"unchanged": 299, "updated": 1}
        assert {mention.native_id: mention.text for mention in parts.mentions()}["42"] == edited

        assert machina.tell({"delete": "77"}) == "ok"
        assert machina.tell({"id": "42", "text": edited + " Nachtrag."}) == "ok"
        (checked,) = parts.crawl(card, recheck=True)
        assert_adds_up([checked.record])
        assert checked.record["fates"] == {"deleted": 1, "unchanged": 298, "updated": 1}
        assert "77" not in {mention.native_id for mention in parts.mentions()}
        quiet = card_for(machina.url, "/", name="machina", about_brand=True, budget={"reread": 0})
        parts.crawl(quiet)
        before = len(machina.asked())
        (last,) = parts.crawl(quiet)
        assert [path for path in machina.asked()[before:] if "/topic/" in path] == []
        assert (last.outcome, last.record["fates"]) == ("done", {})
    assert_nothing_personal(tmp_path)


def assert_same_posts(seeded, found):
    assert found.keys() == seeded.keys()
    for native_id, post in seeded.items():
        mention = found[native_id]
        assert mention.text.startswith(post["text"]) if post["personal"] else mention.text == post["text"]
        assert mention.published_at == datetime.fromisoformat(post["published_at"])
        assert mention.thread_title == post["thread"]
        assert "Kuckucksuhr" not in mention.text
        assert mention.platform == "machina"
    threads = {}
    for mention in found.values():
        threads.setdefault(mention.thread_url, []).append(mention)
    assert sorted(map(len, threads.values())) == [10] * 30


def assert_polite(asked, *, pages):
    assert len(asked) == len(set(asked))
    assert len(asked) <= 1.3 * pages
    assert [path for path in asked if any(word in path for word in FORBIDDEN)] == []


def assert_nothing_personal(folder):
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for secret in (*AUTHORS, MAIL, "0171 7364519", "7364519", "quittenpost"):
        assert secret.encode() not in everything, secret
