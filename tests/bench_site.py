"""A forum of any size for measurements: `python -m tests.bench_site THREADS POSTS MILLISECONDS` serves it on loopback.

The pages have the weight and the markup of a phpBB board with a common skin. They are made when they are asked for,
from their numbers alone, so that the site takes no memory to speak of and is the same every time.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.parse import parse_qs, urlsplit

THREADS_PER_PAGE = 25
POSTS_PER_PAGE = 10
FIRST = datetime(2024, 1, 1, 8, tzinfo=UTC)

_THINGS = """
    Abend Angebot Antwort Apfel Auflauf Auskunft Beleg Bezahlung Birne Brot Dose Eimer Erstattung Fach Fahrer Farbe
    Fenster Filiale Flasche Garten Gebühr Gemüse Geschmack Glas Gurke Gutschein Haltbarkeit Hotline Joghurt Kanne
    Karton Kasse Keller Kiste Kohl Korb Kuchen Kühlung Kunde Küche Laden Lager Lieferung Mail Markt Mehl Minute
    Nachbar Nudel Öl Packung Paket Pfand Pfeffer Preis Quittung Rabatt Rechnung Regal Reis Rezept Salat Sauce
    Schrank Seife Sendung Soße Stunde Suppe Tasche Telefon Termin Tüte Treppe Überweisung Uhrzeit Vertrag Vorrat
    Waage Ware Wasser Woche Wohnung Zettel Zitrone Zucker Zwiebel
"""
_DONE = """
    bestellt bekommen zurückgegeben weggeworfen nachbestellt verschenkt eingefroren gesucht vermisst reklamiert
    getauscht gefunden bezahlt abgeholt geöffnet gewaschen gekocht gelobt gezählt vergessen verglichen
"""
WORDS, DEEDS = _THINGS.split(), _DONE.split()
TONES = ("leider", "zum Glück", "wie immer", "gestern", "heute früh", "am Montag", "schon wieder", "endlich")
FORMS = (
    "Die {0} und der {1} von Kornblume wurden {5} {6}, dazu {2} und {3}.",
    "Wir haben {0}, {1} und {2} {6}; bei Kornblume hieß es {5}, das liege an {3}.",
    "Hat jemand {0} oder {1} {6}? Mit {2} war bei mir {5} nichts, trotz {4}.",
    "Für {0} gab es {1}, für {2} gar nichts, und {3} wurde {5} {6}.",
    "Nummer {7}: {4} statt {0}, {5} wurde {1} {6}.",
)


def text_of(thread: int, place: int) -> str:
    """What a post says: some sentences, no two posts alike."""
    chance = Random(thread * 1000 + place)
    parts = [
        form.format(*chance.sample(WORDS, 5), chance.choice(TONES), chance.choice(DEEDS), chance.randrange(100_000))
        for form in chance.sample(FORMS, 3)
    ]
    return "<br>\n".join(["Einkauf bei Kornblume.", *parts])


class BenchSite:
    """The pages of a forum with `threads` threads of `posts` posts each."""

    def __init__(self, threads: int, posts: int) -> None:
        self.threads = threads
        self.posts = posts

    def paths(self) -> list[str]:
        """All pages of the board and its threads, in no particular order."""
        boards = [_path("viewforum.php?f=2", start) for start in range(0, self.threads, THREADS_PER_PAGE)]
        starts = range(0, self.posts, POSTS_PER_PAGE)
        return boards + [_path(f"viewtopic.php?f=2&t={n}", start) for n in range(self.threads) for start in starts]

    def page(self, path: str) -> str | None:
        """The page at a path, None where there is none."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        start = int(query.get("start", "0"))
        if parts.path == "/viewforum.php":
            return self._board(start)
        number = int(query.get("t", "-1"))
        return self._topic(number, start) if parts.path == "/viewtopic.php" and 0 <= number < self.threads else None

    def _board(self, start: int) -> str:
        rows = "".join(self._row(n) for n in range(start, min(start + THREADS_PER_PAGE, self.threads)))
        pager = _pager("viewforum.php?f=2", start, THREADS_PER_PAGE, self.threads)
        body = f"""<h2 class="forum-title"><a href="./viewforum.php?f=2">Einkauf</a></h2>{pager}
            <div class="forumbg"><ul class="topiclist topics">{rows}</ul></div>{pager}"""
        return _html("viewforum", "Einkauf", body)

    def _row(self, n: int) -> str:
        begun, last = _time(n, 0), _time(n, self.posts - 1)
        return f"""<li class="row bg{n % 2 + 1}">
            <dl class="row-item topic_read"><dt title="Keine ungelesenen Beiträge">
            <div class="list-inner"><a href="./viewtopic.php?f=2&amp;t={n}" class="topictitle">Kiste {n}, Kornblume</a>
            <div class="topic-poster responsive-hide left-box">von <a href="./memberlist.php?mode=viewprofile&amp;u={n}"
            class="username">Käufer{n % 977}</a> » <time datetime="{begun.isoformat()}">{begun:%d.%m.%Y, %H:%M}</time>
            </div></div></dt><dd class="posts">{self.posts - 1} <dfn>Antworten</dfn></dd><dd class="views">{n * 7}
            <dfn>Zugriffe</dfn></dd><dd class="lastpost"><span><dfn>Letzter Beitrag</dfn>von
            <a href="./memberlist.php?mode=viewprofile&amp;u=2" class="username">Käufer{(n * 3) % 977}</a>
            <a href="./viewtopic.php?f=2&amp;t={n}&amp;p={n}99#p{n}99" title="Gehe zum letzten Beitrag">»</a><br>
            <time datetime="{last.isoformat()}">{last:%d.%m.%Y, %H:%M}</time></span></dd></dl></li>"""

    def _topic(self, number: int, start: int) -> str:
        shown = range(start, min(start + POSTS_PER_PAGE, self.posts))
        posts = "<hr class='divider'>".join(_post(number, place) for place in shown)
        pager = _pager(f"viewtopic.php?f=2&amp;t={number}", start, POSTS_PER_PAGE, self.posts)
        title = f"Kiste {number}, Kornblume"
        heading = f'<h2 class="topic-title"><a href="./viewtopic.php?f=2&amp;t={number}">{title}</a></h2>'
        bar = f'<div class="action-bar bar-top"><div class="pagination">{self.posts} Beiträge {pager}</div></div>'
        return _html("viewtopic", title, f"{heading}{bar}{posts}{bar}")


def _path(page: str, start: int) -> str:
    return f"/{page}&start={start}" if start else f"/{page}"


def _time(thread: int, place: int) -> datetime:
    return FIRST + timedelta(minutes=thread * 37 + place * 11)


def _post(thread: int, place: int) -> str:
    number, at = thread * 1000 + place + 1, _time(thread, place)
    author = f"Käufer{(thread * 13 + place) % 977}"
    tools = "".join(
        f"""<li><a href="./posting.php?mode={mode}&amp;f=2&amp;p={number}" title="{mode}" class="button">
        <i class="icon fa-{mode} fa-fw" aria-hidden="true"></i><span class="sr-only">{mode}</span></a></li>"""
        for mode in ("quote", "edit", "report")
    )
    return f"""<div id="p{number}" class="post has-profile bg{place % 2 + 1}"><div class="inner">
        <dl class="postprofile" id="profile{number}"><dt class="has-profile-rank no-avatar">
        <div class="avatar-container"></div>
        <a href="./memberlist.php?mode=viewprofile&amp;u={place + 2}" class="username">{author}</a></dt>
        <dd class="profile-rank">Stammkunde</dd><dd class="profile-posts"><strong>Beiträge:</strong> {number % 733}</dd>
        <dd class="profile-joined"><strong>Registriert:</strong> Mi 3. Feb 2021, 12:06</dd></dl>
        <div class="postbody"><div id="post_content{number}"><h3><a href="#p{number}">Re: Kiste {thread}, Kornblume</a>
        </h3><ul class="post-buttons">{tools}</ul><p class="author"><a class="unread"
        href="./viewtopic.php?p={number}#p{number}" title="Beitrag">
        <i class="icon fa-file fa-fw"></i></a><span class="responsive-hide">von <strong>
        <a href="./memberlist.php?mode=viewprofile&amp;u={place + 2}" class="username">{author}</a></strong> » </span>
        <time datetime="{at.isoformat()}">{at:%d.%m.%Y, %H:%M}</time></p>
        <div class="content">{text_of(thread, place)}</div>
        <div id="sig{number}" class="signature">Wer kocht, der bleibt. Und morgen gibt es Eintopf.</div></div></div>
        <div class="back2top"><a href="#top" class="top" title="Nach oben">Nach oben</a></div></div></div>"""


def _pager(page: str, start: int, size: int, total: int) -> str:
    shown = range(min(5, -(-total // size)))
    numbers = "".join(f'<li><a class="button" href="./{page}&amp;start={n * size}">{n + 1}</a></li>' for n in shown)
    more = start + size < total
    arrow = f'<li class="arrow next"><a rel="next" href="./{page}&amp;start={start + size}">Nächste</a></li>'
    return f"<ul>{numbers if total > size else ''}{arrow if more else ''}</ul>"


_HEAD = "".join(f'<link href="./styles/kiste/theme/teil{n}.css?v=33" rel="stylesheet">' for n in range(12))
_MENU = "".join(f'<li><a href="./app.php/seite/{n}" role="menuitem"><span>Seite {n}</span></a></li>' for n in range(40))


def _html(section: str, title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html dir="ltr" lang="de"><head><meta charset="utf-8">
        <title>{title} - Einkaufsforum</title>
        {_HEAD}</head><body id="phpbb" class="nojs notouch section-{section} ltr"><div id="wrap" class="wrap">
        <div id="page-header"><div class="navbar"><ul id="nav-main" class="nav-main linklist">{_MENU}</ul></div></div>
        <div id="page-body" class="page-body" role="main">{body}</div><div id="page-footer" class="page-footer">
        <div class="copyright">Powered by <a href="https://www.phpbb.com/">phpBB</a></div></div></div></body></html>"""


def main(threads: int, posts: int, milliseconds: float) -> None:
    """Serve until stdin ends; the first line of the output is the address."""
    site = BenchSite(threads, posts)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body leave in one packet; two would wait for each other's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            page = site.page(self.path)
            time.sleep(milliseconds / 1000)
            data = (page or "").encode()
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
