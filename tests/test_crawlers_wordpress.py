"""A live WordPress with MariaDB, crawled over HTTP: exactly the seeded comments, then an edit and a deletion.

Needs the Debian packages wordpress, wordpress-theme-twentytwentyone, mariadb-server, php-cli and php-mysql.
"""

import json
import math
import os
import shutil
import socket
import subprocess
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from crawling import Parts, assert_adds_up, card_for, sentence

HERE = Path(__file__).resolve().parent
WORDPRESS = Path("/usr/share/wordpress")
NEEDED = (WORDPRESS / "wp-load.php", WORDPRESS / "wp-content" / "themes" / "twentytwentyone" / "style.css")
PROGRAMS = ("php", "mariadbd", "mariadb-install-db")
BERLIN = ZoneInfo("Europe/Berlin")
ARTICLES, COMMENTS = 6, 23
ARTICLES_PER_PAGE, COMMENTS_PER_PAGE = 4, 10
MAIL = "leserin.{n}@kiste.example"
CONFIG = """<?php
define('DB_NAME', 'blog'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_CHARSET', 'utf8mb4');
define('DB_HOST', 'localhost:{socket}'); define('DB_COLLATE', ''); $table_prefix = 'wp_';
define('WP_HOME', '{url}'); define('WP_SITEURL', '{url}'); define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true); define('AUTOMATIC_UPDATER_DISABLED', true);
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
FORBIDDEN = ("wp-login", "wp-admin", "replytocom", "wp-comments-post", "xmlrpc", "feed", "author=", "?s=")

pytestmark = pytest.mark.endurance


def articles():
    """What is seeded: comments that name the brand, in two pages or three per article; some wait for approval."""
    return [
        {
            "title": f"Gemüse im Test, Folge {n}",
            "comments": [
                {
                    "author": f"Leserin {place}",
                    "mail": MAIL.format(n=place),
                    "text": sentence(n, place),
                    "at": f"2026-02-{n + 1:02d} {9 + place // 4:02d}:{place:02d}:07",
                    "approved": 0 if place == 5 else 1,
                }
                for place in range(COMMENTS)
            ],
        }
        for n in range(ARTICLES)
    ]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Blog:
    """MariaDB, PHP's own web server, and a PHP process that seeds and changes the comments."""

    def __init__(self, folder, *, order):
        self._running = []
        self._logs = folder / "log.txt"
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = self._logs.open("wb")
        try:
            self._start_database(folder)
            self._start_blog(folder, order)
        except BaseException:
            self.close()
            raise

    def _start_database(self, folder):
        data, at = folder / "data", folder / "db.sock"
        who = ["--user=root"] if os.getuid() == 0 else []
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db"]
        subprocess.run(
            [*install, "--auth-root-authentication-method=normal", *who], check=True, stdout=self._log, stderr=self._log
        )
        init = folder / "init.sql"
        init.write_text("CREATE DATABASE IF NOT EXISTS blog CHARACTER SET utf8mb4;\n", encoding="ascii")
        server = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={at}", "--skip-networking"]
        more = [f"--init-file={init}", f"--pid-file={folder / 'db.pid'}", "--innodb-buffer-pool-size=32M"]
        self._start([*server, *more, *who])
        self._wait(at.exists)

    def _start_blog(self, folder, order):
        site = folder / "site"
        shutil.copytree(WORDPRESS, site, ignore=shutil.ignore_patterns("wp-config.php", "languages"))
        (site / "wp-config.php").write_text(CONFIG.format(socket=folder / "db.sock", url=self.url), encoding="utf-8")
        seed = folder / "articles.json"
        seed.write_text(json.dumps(articles()), encoding="utf-8")
        command = ["php", "-d", "error_reporting=0", str(HERE / "wordpress_seed.php"), str(site)]
        command += [self.url, str(seed), order]
        self._editor = self._start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.seeded = json.loads(self._answer())
        self._start(["php", "-q", "-S", self.url.removeprefix("http://"), "-t", str(site)])
        self._wait(self._answers)

    def _start(self, command, **more):
        process = subprocess.Popen(command, **{"stdout": self._log, "stderr": self._log} | more)
        self._running.append(process)
        return process

    def _wait(self, ready):
        until = time.monotonic() + 60
        while not ready():
            assert time.monotonic() < until, self._logs.read_text(errors="replace")[-2000:]
            time.sleep(0.1)

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(self.url.rpartition(":")[2]))) == 0

    def _answer(self):
        while line := self._editor.stdout.readline():
            if line.startswith(("[", '"')):
                return line
        raise AssertionError(self._logs.read_text(errors="replace")[-2000:])

    def tell(self, order):
        self._editor.stdin.write(json.dumps(order) + "\n")
        self._editor.stdin.flush()
        assert json.loads(self._answer()) == "ok"

    def asked(self):
        """The addresses that PHP's server has logged."""
        lines = self._logs.read_text(errors="replace").splitlines()
        return [line.split("GET ", 1)[1].split()[0] for line in lines if "GET /" in line]

    def close(self):
        for process in reversed(self._running):
            process.terminate()
        for process in self._running:
            process.wait(timeout=30)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        self._log.close()


@pytest.fixture
def blog(tmp_path, monkeypatch, request):
    monkeypatch.setenv("PATH", f"{os.environ.get('PATH', '')}:/usr/sbin")
    missing = [str(path) for path in NEEDED if not path.exists()]
    missing += [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        pytest.skip(f"WordPress, MariaDB or PHP are not installed here: {', '.join(missing)}")
    opened = Blog(tmp_path, order=request.param)
    yield opened
    opened.close()


@pytest.mark.parametrize("blog", ["oldest", "newest"], indirect=True)
def test_live_wordpress(blog, tmp_path):
    card = card_for(blog.url, "/", name="kistenblog", family="blog", channel="blog", about_brand=True)
    shown = {comment["id"]: comment for comment in blog.seeded if comment["approved"]}
    with Parts(tmp_path / "unser") as parts:
        (first,) = parts.crawl(card)
        assert_adds_up([first.record])
        assert first.outcome == "done", first
        found = {mention.native_id: mention for mention in parts.mentions()}
        assert len(found) == len(shown) == ARTICLES * (COMMENTS - 1)
        texts = {mention.text: mention for mention in found.values()}
        assert texts.keys() == {comment["text"] for comment in shown.values()}
        for comment in shown.values():
            expected = datetime.fromisoformat(comment["at"]).replace(tzinfo=BERLIN)
            assert abs((texts[comment["text"]].published_at - expected).total_seconds()) < 60
        asked = [path for path in blog.asked() if not path.endswith((".txt", ".json"))]
        needed = math.ceil(ARTICLES / ARTICLES_PER_PAGE) + ARTICLES * math.ceil((COMMENTS - 1) / COMMENTS_PER_PAGE)
        assert len(asked) <= 1.3 * needed
        assert [path for path in asked if any(word in path for word in FORBIDDEN)] == []

        (second,) = parts.crawl(card)
        assert second.record["fates"].keys() == {"unchanged"}
        assert len(parts.mentions()) == len(shown)

        one, other, *_ = shown
        edited = "Kornblume hat sich gemeldet und alles erstattet, danke."
        blog.tell({"edit": one, "text": edited})
        blog.tell({"delete": other})
        (checked,) = parts.crawl(card, recheck=True)
        assert_adds_up([checked.record])
        assert checked.outcome == "done"
        fates = checked.record["fates"]
        assert fates.keys() == {"deleted", "unchanged", "updated"}
        assert (fates["deleted"], fates["updated"]) == (1, 1)
        after = {mention.text for mention in parts.mentions()}
        assert after == {comment["text"] for id, comment in shown.items() if id not in (one, other)} | {edited}
    everything = b"".join(path.read_bytes() for path in (tmp_path / "unser").rglob("*") if path.is_file())
    assert b"Leserin 3" not in everything
