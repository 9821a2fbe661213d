"""One check of the rules: what is unusual now, what of it is new, and the mails about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dashboard.alerts.counts import about, counted, negative_series, published
from dashboard.alerts.delivery import Delivery, DeliveryError
from dashboard.alerts.detector import Finding, Rule, judge
from dashboard.alerts.evidence import collect, overlap
from dashboard.alerts.log import UNSENT, AlertEvent, AlertLog
from dashboard.alerts.mail import compose
from dashboard.alerts.wording import Language, Wording
from dashboard.state import FilterState, link
from index.fields import BERLIN
from index.query import Query, conjunction
from index.store import Store

# Topics that share at least this much of their negative mentions are one event: one mail, not two.
SAME_EVENT = 0.5
BUDGET_PERIOD = timedelta(days=7)


@dataclass(frozen=True)
class AlertPlan:
    """What is watched and who is told. `topics` and `sources` map ids to what people call them."""

    brand: str
    topics: Mapping[str, str]
    rules: tuple[Rule, ...]
    weekly_budget: int
    sources: Mapping[str, str]
    base_url: str
    language: Language
    sender: str
    recipients: str


@dataclass(frozen=True)
class Outcome:
    """What a check found: every judgement, and the events that are new, going on, or could not be told."""

    checked_at: datetime
    findings: tuple[tuple[str, Finding], ...]
    opened: tuple[AlertEvent, ...]
    ongoing: tuple[AlertEvent, ...]
    failures: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The shape that `brandmelder alerts check --format json` prints."""
        return {
            "checked_at": self.checked_at.isoformat(),
            "opened": [event.model_dump(mode="json") for event in self.opened],
            "ongoing": [event.model_dump(mode="json") for event in self.ongoing],
            "failures": list(self.failures),
            "findings": [_finding_json(topic, finding) for topic, finding in self.findings],
        }


def check(
    store: Store,
    plan: AlertPlan,
    *,
    folder: Path,
    delivery: Delivery,
    now: datetime,
    dry_run: bool = False,
    retagged: bool = False,
) -> Outcome:
    """Judge all topics as of `now` (timezone-aware), log new events in `folder` and deliver their mails.

    Mentions published after `now` don't exist for it, so a past day can be rehearsed. A dry run logs and sends nothing.
    An event is logged before its mail leaves; a mail that failed, or whose process died, is sent by the next check.
    Right after stored mentions got other topics (`retagged`) what is unusual is logged as known, and nothing is sent:
    the customers have said nothing new.
    """
    log = AlertLog(folder)
    try:
        return _Check(store, plan, log, delivery, now, dry_run, retagged).run()
    finally:
        log.close()


class _Check:
    def __init__(
        self,
        store: Store,
        plan: AlertPlan,
        log: AlertLog,
        delivery: Delivery,
        now: datetime,
        dry_run: bool,
        retagged: bool,
    ) -> None:
        self.store, self.plan, self.log, self.delivery = store, plan, log, delivery
        self.now, self.dry_run, self.retagged = now, dry_run, retagged
        self.known = [event for event in log.events() if event.brand == plan.brand and event.opened_at <= now]
        self.wording = Wording(plan.language)

    def run(self) -> Outcome:
        findings = self._findings()
        unusual = sorted(
            ((topic, finding) for topic, finding in findings if finding.unusual),
            key=lambda pair: (pair[1].probability, -pair[1].count, pair[0]),
        )
        ongoing = {event.id: event for event in self.known if event.is_open(self.now)}
        opened: dict[str, AlertEvent] = {}
        for topic, finding in unusual:
            event = self._event_of(topic, finding, [*ongoing.values(), *opened.values()])
            (opened if event.id not in ongoing else ongoing)[event.id] = event
        failures: list[str] = []
        if not self.dry_run:
            touched = [event for event in ongoing.values() if event.last_seen_at == self.now]
            opened = {event.id: event for event in self._with_delivery(list(opened.values()))}
            self.log.save([*touched, *opened.values()])
            failures = [] if self.retagged else self._deliver_pending()
            delivered = {event.id: event for event in self.log.events()}
            opened = {name: delivered[name] for name in opened}
        return Outcome(self.now, tuple(findings), tuple(opened.values()), tuple(ongoing.values()), tuple(failures))

    def _findings(self) -> list[tuple[str, Finding]]:
        series = negative_series(self.store, self.plan.brand, list(self.plan.topics), self.now)
        return [
            (topic, judge(one.bins, one.weekdays, rule)) for topic, one in series.items() for rule in self.plan.rules
        ]

    def _event_of(self, topic: str, finding: Finding, events: list[AlertEvent]) -> AlertEvent:
        """The event that a finding belongs to: one that is open, or a new one."""
        for event in events:
            if topic in event.topics:
                return event.model_copy(update={"last_seen_at": self.now})
        for event in events:
            if overlap(self.store, self._said(event.topics[0], finding), self._said(topic, finding)) >= SAME_EVENT:
                return event.model_copy(update={"last_seen_at": self.now, "topics": (*event.topics, topic)})
        return self._new_event(topic, finding)

    def _said(self, topic: str, finding: Finding) -> Query:
        start = self.now - timedelta(days=finding.window_days)
        return conjunction(counted(self.plan.brand), about(topic), published(start, self.now))

    def _new_event(self, topic: str, finding: Finding) -> AlertEvent:
        since = self._first_said(topic, self.now - timedelta(days=max(finding.onset_days, 1)))
        day = self.now.astimezone(BERLIN).date()
        shown = FilterState(
            topics=(topic,), experiences=("negative",), brand=self.plan.brand, language=self.plan.language
        )
        seed = f"{self.plan.brand}|{topic}|{self.now.isoformat()}"
        return AlertEvent(
            id=f"{day.isoformat()}-{topic}-{hashlib.sha256(seed.encode()).hexdigest()[:6]}",
            brand=self.plan.brand,
            topics=(topic,),
            window_days=finding.window_days,
            opened_at=self.now,
            last_seen_at=self.now,
            since=since,
            count=finding.count,
            expected=finding.expected,
            probability=finding.probability,
            history_days=finding.history_days,
            link=link("mentions", shown.between(since.astimezone(BERLIN).date(), day), self.plan.base_url),
        )

    def _first_said(self, topic: str, start: datetime) -> datetime:
        """When the first of the negative mentions from `start` on was published."""
        query = conjunction(counted(self.plan.brand), about(topic), published(start, self.now))
        first = self.store.search(query, limit=1, order="oldest").mentions
        return next((mention.published_at for mention in first if mention.published_at is not None), start)

    def _with_delivery(self, opened: list[AlertEvent]) -> list[AlertEvent]:
        if self.retagged:
            return [event.model_copy(update={"delivery": "retagged"}) for event in opened]
        return self._within_budget(opened)

    def _within_budget(self, opened: list[AlertEvent]) -> list[AlertEvent]:
        """Hold back what exceeds the week's budget of mails; it is still listed on the alerts page."""
        recent = [event for event in self.known if event.opened_at > self.now - BUDGET_PERIOD]
        left = self.plan.weekly_budget - sum(1 for event in recent if event.delivery not in UNSENT)
        return [
            event if position < left else event.model_copy(update={"delivery": "held"})
            for position, event in enumerate(opened)
        ]

    def _deliver_pending(self) -> list[str]:
        failures = []
        for event in self.log.events():
            if event.brand != self.plan.brand or event.delivery != "pending":
                continue
            try:
                mail = self.delivery.send(self._mail(event), event.id)
            except DeliveryError as error:
                failures.append(str(error))
            else:
                self.log.save([event.model_copy(update={"delivery": "delivered", "mail": mail})])
        return failures

    def _mail(self, event: AlertEvent) -> Any:
        start = event.opened_at - timedelta(days=event.window_days)
        evidence = collect(self.store, brand=event.brand, topic=event.topics[0], start=start, end=event.opened_at)
        return compose(
            event,
            evidence,
            wording=self.wording,
            labels=self.plan.topics,
            sources=self.plan.sources,
            sender=self.plan.sender,
            recipients=self.plan.recipients,
        )


def _finding_json(topic: str, finding: Finding) -> dict[str, Any]:
    judged = finding.unusual is not None
    return {
        "topic": topic,
        "window_days": finding.window_days,
        "count": finding.count,
        "expected": round(finding.expected, 3) if judged else None,
        "probability": finding.probability if judged else None,
        "history_days": finding.history_days,
        "unusual": finding.unusual,
    }
