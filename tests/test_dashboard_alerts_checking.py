"""Alerts from the store to the mail: once per event, with evidence, within the budget, and rehearsed on past days."""

import email
import email.policy
import socket
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from dashboard.alerts.checking import AlertPlan, check
from dashboard.alerts.delivery import DeliveryError, EmlFolder, SmtpServer
from dashboard.alerts.detector import Rule
from dashboard.alerts.log import read_events
from index.embedded import EmbeddedStore
from tests.factories import make_aspect, make_mention, make_sentiment

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 2, 12, tzinfo=BERLIN)
BURST = START + timedelta(days=56)
NOW = BURST + timedelta(days=1)


@pytest.fixture
def store(tmp_path):
    store = EmbeddedStore(tmp_path / "store")
    yield store
    store.close()


def plan(**overrides):
    values = {
        "brand": "kornblume",
        "topics": {"lieferung": "Lieferung & Versand", "app": "App", "kundendienst": "Kundendienst"},
        "rules": (Rule(1), Rule(7)),
        "weekly_budget": 5,
        "sources": {"marktforum": "Marktforum"},
        "base_url": "http://127.0.0.1:8501",
        "language": "de",
        "sender": "brandmelder@kornblume.example",
        "recipients": "team@kornblume.example",
    }
    return AlertPlan(**values | overrides)


def quiet_weeks():
    """Eight weeks in which each topic gets a complaint on every sixth day."""
    topics = ("lieferung", "app", "kundendienst")
    return [
        statement(number, topics[number % 3], START + timedelta(days=2 * number, hours=number % 5))
        for number in range(28)
    ]


def statement(number, topic, at, **overrides):
    text = overrides.pop("text", f"Das ärgert mich sehr, so geht man nicht mit Kunden um. Vorgang {number}.")
    return make_mention(
        number,
        **{
            "text": text,
            "published_at": at,
            "topics": (topic,),
            "aspects": (make_aspect(topic, "negative", text),),
            "sentiment": make_sentiment("negative"),
            "author_key": f"{number:032x}",
        }
        | overrides,
    )


def burst(count=9, topic="lieferung", first=1000, **overrides):
    return [statement(first + n, topic, BURST + timedelta(hours=2 * n), **overrides) for n in range(count)]


def fill(store, *groups):
    store.upsert([mention for group in groups for mention in group])
    store.refresh()


def run(store, tmp_path, now=NOW, *, dry_run=False, retagged=False, delivery=None, **overrides):
    return check(
        store,
        plan(**overrides),
        folder=tmp_path / "data",
        delivery=delivery or EmlFolder(tmp_path / "mails"),
        now=now,
        dry_run=dry_run,
        retagged=retagged,
    )


def mails(tmp_path):
    paths = sorted((tmp_path / "mails").glob("*.eml"))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]


def test_burst_becomes_one_german_mail_with_evidence(store, tmp_path):
    fill(store, quiet_weeks(), burst())
    outcome = run(store, tmp_path)
    (mail,) = mails(tmp_path)
    assert mail["Subject"].startswith(
        "kornblume: auffällig viele negative Stimmen zu „Lieferung & Versand“ (9 statt etwa "
    )
    assert mail["To"] == "team@kornblume.example"
    plain = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert "9 negative Stimmen in den letzten 24 Stunden" in plain
    assert "27. April 2026" in plain
    assert plain.count("„Das ärgert mich sehr") == 3
    assert outcome.opened[0].link in plain
    assert "topic=lieferung" in outcome.opened[0].link
    assert "experience=negative" in outcome.opened[0].link
    assert html.count("<blockquote") == 3
    assert "Lieferung &amp; Versand" in html


def test_event_is_told_once(store, tmp_path):
    fill(store, quiet_weeks(), burst(), burst(12, first=2000))
    for hours in range(0, 72, 12):
        run(store, tmp_path, NOW + timedelta(hours=hours))
    assert len(mails(tmp_path)) == 1
    assert len(read_events(tmp_path / "data")) == 1


def test_new_event_after_a_quiet_week_is_told_again(store, tmp_path):
    later = [statement(3000 + n, "lieferung", BURST + timedelta(days=40, hours=n)) for n in range(12)]
    fill(store, quiet_weeks(), burst(), later)
    run(store, tmp_path)
    run(store, tmp_path, BURST + timedelta(days=41))
    assert len(mails(tmp_path)) == 2


def test_quiet_weeks_stay_quiet(store, tmp_path):
    fill(store, quiet_weeks(), burst())
    for day in range(1, 56):
        assert run(store, tmp_path, START + timedelta(days=day)).opened == ()
    assert mails(tmp_path) == []


def test_what_is_published_later_does_not_exist_yet(store, tmp_path):
    fill(store, quiet_weeks(), burst())
    assert run(store, tmp_path, BURST - timedelta(minutes=1)).opened == ()


def test_dry_run_sends_and_logs_nothing(store, tmp_path):
    fill(store, quiet_weeks(), burst())
    assert len(run(store, tmp_path, dry_run=True).opened) == 1
    assert mails(tmp_path) == []
    assert read_events(tmp_path / "data") == []


@pytest.mark.parametrize(
    "difference",
    [{"author_role": "staff"}, {"is_copy": True, "copy_group": "g"}, {"brands": ("andere",)}],
    ids=["staff", "copies", "other brand"],
)
def test_what_does_not_count_raises_no_alarm(store, tmp_path, difference):
    fill(store, quiet_weeks(), burst(**difference))
    assert run(store, tmp_path).opened == ()


def test_topics_of_the_same_mentions_are_one_event(store, tmp_path):
    both = [
        mention.model_copy(
            update={
                "topics": ("lieferung", "kundendienst"),
                "aspects": (*mention.aspects, mention.aspects[0].model_copy(update={"topic": "kundendienst"})),
            }
        )
        for mention in burst()
    ]
    fill(store, quiet_weeks(), both)
    (event,) = run(store, tmp_path).opened
    assert set(event.topics) == {"lieferung", "kundendienst"}
    (mail,) = mails(tmp_path)
    assert "In denselben Beiträgen geht es auch um" in mail.get_body(("plain",)).get_content()


def test_unrelated_bursts_are_two_events(store, tmp_path):
    fill(store, quiet_weeks(), burst(), burst(topic="app", first=2000))
    assert len(run(store, tmp_path).opened) == 2


def test_budget_holds_further_mails_back_and_lists_them(store, tmp_path):
    fill(store, quiet_weeks(), burst(), burst(topic="app", first=2000))
    run(store, tmp_path, weekly_budget=1)
    assert len(mails(tmp_path)) == 1
    assert sorted(event.delivery for event in read_events(tmp_path / "data")) == ["delivered", "held"]


def test_hostile_text_is_escaped_in_html(store, tmp_path):
    hostile = burst(text="Furchtbar schlecht <script>alert(1)</script><img src=x onerror=alert(1)> und teuer dazu.")
    hostile = [m.model_copy(update={"url": "javascript:alert(1)"}) for m in hostile]
    fill(store, quiet_weeks(), hostile)
    run(store, tmp_path)
    (mail,) = mails(tmp_path)
    html = mail.get_body(("html",)).get_content()
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in html
    assert "&lt;script&gt;" in html


def test_english_mail(store, tmp_path):
    fill(store, quiet_weeks(), burst())
    run(store, tmp_path, language="en")
    (mail,) = mails(tmp_path)
    assert "unusually many negative voices" in mail["Subject"]
    assert "27 April 2026" in mail.get_body(("plain",)).get_content()


class Broken:
    def send(self, message, name):
        raise DeliveryError("127.0.0.1:1: refused")


def test_undelivered_mail_is_sent_by_the_next_check(store, tmp_path):
    fill(store, quiet_weeks(), burst())
    assert run(store, tmp_path, delivery=Broken()).failures == ("127.0.0.1:1: refused",)
    assert read_events(tmp_path / "data")[0].delivery == "pending"
    run(store, tmp_path, NOW + timedelta(hours=1))
    assert read_events(tmp_path / "data")[0].delivery == "delivered"
    assert len(mails(tmp_path)) == 1


def test_unreachable_server_is_a_delivery_error_without_secrets():
    server = SmtpServer("127.0.0.1", 1, "none", "user", "geheim")
    with pytest.raises(DeliveryError) as caught:
        server.send(email.message.EmailMessage(), "x")
    assert "geheim" not in str(caught.value) + repr(server)


class Inbox(Message):
    def __init__(self):
        super().__init__()
        self.received = []

    def handle_message(self, message):
        self.received.append(message)


def test_mail_arrives_at_a_real_server(store, tmp_path):
    inbox = Inbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        fill(store, quiet_weeks(), burst())
        run(store, tmp_path, delivery=SmtpServer("127.0.0.1", port, "none"))
    finally:
        controller.stop()
    (message,) = inbox.received
    assert message["Message-ID"].startswith("<2026-04-28-lieferung-")
    assert [part.get_content_type() for part in message.walk()][1:] == ["text/plain", "text/html"]


def test_what_came_to_light_by_new_topics_is_listed_but_never_mailed(store, tmp_path):
    fill(store, quiet_weeks(), burst())
    first = run(store, tmp_path, retagged=True)
    assert [event.delivery for event in first.opened] == ["retagged"]
    again = run(store, tmp_path, now=NOW + timedelta(hours=1), weekly_budget=1)
    assert (again.opened, [event.id for event in again.ongoing]) == ((), [first.opened[0].id])
    assert mails(tmp_path) == []
    # It takes nothing from the budget of what people write later.
    fill(store, burst(9, "app", 2000))
    assert [event.topics for event in run(store, tmp_path, now=NOW + timedelta(hours=2), weekly_budget=1).opened]
    assert len(mails(tmp_path)) == 1


def test_mails_that_wait_are_not_sent_by_a_change_of_topics(store, tmp_path):
    class Closed:
        def send(self, mail, name):
            raise DeliveryError("zu")

    fill(store, quiet_weeks(), burst())
    run(store, tmp_path, delivery=Closed())
    run(store, tmp_path, now=NOW + timedelta(minutes=5), retagged=True)
    assert mails(tmp_path) == []
    run(store, tmp_path, now=NOW + timedelta(minutes=10))
    assert len(mails(tmp_path)) == 1
