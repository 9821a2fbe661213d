"""A live django-machina forum on loopback: `python machina_forum.py FOLDER` seeds it and serves until stdin ends.

The first line on stdout is JSON: the address and all seeded posts. A line on stdin such as {"id": 7, "text": "..."}
edits a post as its author would; the answer is a line "ok".
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
BOARDS = ("Lieferung & Gebühren", "Äpfel, Öle, Übriges")
THREADS, POSTS = 30, 10
AUTHORS = ("Hopfenstang_Gerlinde", "quittenkönig77", "Traute.Wolkenbruch", "mööp_der_dritte", "Zacharias-K")
MAIL, PHONE = "traute.wolkenbruch@quittenpost.example", "0171 7364519"


def configure(folder: Path) -> None:
    from django.conf import settings
    from machina import MACHINA_MAIN_STATIC_DIR, MACHINA_MAIN_TEMPLATE_DIR

    apps = "forum forum_conversation forum_conversation.forum_attachments forum_conversation.forum_polls forum_feeds"
    apps += " forum_moderation forum_search forum_tracking forum_member forum_permission"
    django_apps = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
    context = "django.template.context_processors.{}".format
    settings.configure(
        SECRET_KEY="nur zum Testen",
        ALLOWED_HOSTS=["127.0.0.1"],
        LANGUAGE_CODE="de",
        USE_TZ=True,
        TIME_ZONE="Europe/Berlin",
        ROOT_URLCONF="machina_urls",
        STATIC_URL="/static/",
        STATICFILES_DIRS=[MACHINA_MAIN_STATIC_DIR],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            *(f"django.contrib.{name}" for name in django_apps),
            *("mptt", "haystack", "widget_tweaks", "machina"),
            *(f"machina.apps.{name}" for name in apps.split()),
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "machina.apps.forum_permission.middleware.ForumPermissionMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [MACHINA_MAIN_TEMPLATE_DIR],
                "OPTIONS": {
                    "context_processors": [
                        context("debug"),
                        context("request"),
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                        "machina.core.context_processors.metadata",
                    ],
                    "loaders": [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                },
            }
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "forum.sqlite3"}},
        CACHES={
            "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
            "machina_attachments": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "b"},
        },
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        MACHINA_FORUM_NAME="Kornblume hört zu",
        MACHINA_TOPIC_POSTS_NUMBER_PER_PAGE=4,
        MACHINA_FORUM_TOPICS_NUMBER_PER_PAGE=10,
        LOGGING_CONFIG=None,
    )
    logging.disable(logging.WARNING)


def seed() -> list[dict[str, object]]:
    """Boards, threads and posts; returns what a reader must find."""
    from crawling import sentence
    from django.contrib.auth import get_user_model
    from machina.apps.forum.models import Forum
    from machina.apps.forum_conversation.models import Topic
    from machina.apps.forum_permission.models import ForumPermission, UserForumPermission

    boards = [Forum.objects.create(name=name, type=Forum.FORUM_POST) for name in BOARDS]
    for code in ("can_see_forum", "can_read_forum"):
        permission = ForumPermission.objects.get(codename=code)
        UserForumPermission.objects.create(permission=permission, anonymous_user=True, has_perm=True)
    users = [get_user_model().objects.create_user(name, MAIL) for name in AUTHORS]
    expected = []
    for t in range(THREADS):
        subject = f"Grüße zum Thema {t}: süß & scharf"
        topic = Topic.objects.create(
            forum=boards[t % 2], subject=subject, poster=users[t % 5], type=Topic.TOPIC_POST, status=0, approved=True
        )
        for n in range(POSTS):
            own = sentence(t, n)
            expected.append(add_post(topic, users[(t + n) % 5], own, number=t * POSTS + n, quote=n % 3 == 2))
    return expected


def add_post(topic, user, own: str, *, number: int, quote: bool) -> dict[str, object]:
    from machina.apps.forum_conversation.models import Post

    personal = number % 25 == 7
    tail = f"\n\nSchreibt mir an {MAIL} oder ruft an: {PHONE}." if personal else ""
    quoted = f"> Zitiertes Wort Kuckucksuhr {number}, fremde Rede.\n\n" if quote else ""
    created = datetime(2026, 1, 5, 8, 0, tzinfo=BERLIN) + timedelta(hours=number * 5, minutes=number % 60)
    prefix = "" if topic.posts.count() == 0 else "Re: "
    post = Post.objects.create(
        topic=topic, poster=user, subject=prefix + topic.subject, content=quoted + own + tail, approved=True
    )
    Post.objects.filter(pk=post.pk).update(created=created)
    return {
        "id": str(post.pk),
        "text": own,
        "personal": personal,
        "thread": topic.subject,
        "published_at": created.isoformat(),
    }


class Quiet(WSGIRequestHandler):
    """Requests go to a list in place of stderr."""

    asked: list[str]

    def log_message(self, *_: object) -> None:
        Quiet.asked.append(self.path)


def main(folder: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    configure(folder)
    import django
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    django.setup()
    call_command("migrate", verbosity=0)
    posts = seed()
    Quiet.asked = []
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}/", "posts": posts}), flush=True)  # noqa: T201
    for line in sys.stdin:
        answer(json.loads(line))


def answer(order: dict[str, object]) -> None:
    from machina.apps.forum_conversation.models import Post

    if "delete" in order:
        Post.objects.get(pk=order["delete"]).delete()
        print(json.dumps("ok"), flush=True)  # noqa: T201
    elif "id" in order:
        post = Post.objects.get(pk=order["id"])
        post.content = order["text"]
        post.updates_count += 1
        post.updated_by = post.poster
        post.save()
        print(json.dumps("ok"), flush=True)  # noqa: T201
    else:
        print(json.dumps(Quiet.asked), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
