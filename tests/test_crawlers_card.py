"""A card without a checked basis starts nothing, and a stranger's server is never hurried."""

from datetime import date

import pytest
from pydantic import ValidationError

from crawlers.card import SourceCard, host_of, load_card
from crawlers.yaml_file import YamlError

TODAY = date(2026, 3, 2)
FOREIGN = {
    "name": "fremdforum",
    "start_urls": ["https://forum.example/"],
    "channel": "forum",
    "enabled": True,
    "basis": "tdm_44b",
    "evidence": "robots.txt und Nutzungsbedingungen gelesen",
    "checked_on": "2026-01-10",
    "checked_by": "K. Muster",
}
LOCAL = {"name": "lokal", "start_urls": ["http://127.0.0.1:8000/"], "channel": "forum", "allow_private": True}


def card(**changes):
    return SourceCard.model_validate({**FOREIGN, **changes})


def test_complete_card_may_start():
    assert card().refusal(TODAY) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"basis": None}, "Rechtsgrundlage"),
        ({"evidence": "  "}, "Beleg"),
        ({"valid_until": "2026-03-01"}, "01.03.2026"),
        ({"checked_on": None}, "geprüft"),
        ({"checked_by": ""}, "geprüft"),
        ({"checked_on": "2024-01-01"}, "01.01.2024"),
        ({"enabled": None}, "nicht freigegeben"),
        ({"enabled": False}, "nicht freigegeben"),
    ],
)
def test_card_that_misses_something_says_so_in_a_sentence(changes, words):
    sentence = card(**changes).refusal(TODAY)
    assert words in sentence
    assert sentence.endswith(".")


def test_last_valid_day_counts():
    assert card(valid_until="2026-03-02").refusal(TODAY) is None


@pytest.mark.parametrize("basis", ["own", None])
def test_own_machine_is_enabled_by_itself_but_needs_a_basis_too(basis):
    local = SourceCard.model_validate({**LOCAL, "basis": basis, "evidence": "Vorführung"})
    assert local.is_enabled
    assert (local.refusal(TODAY) is None) == (basis == "own")


def test_short_delay_is_for_loopback_only():
    assert SourceCard.model_validate({**LOCAL, "delay": 0}).delay == 0
    with pytest.raises(ValidationError, match="Sekunden"):
        card(delay=1.9)
    with pytest.raises(ValidationError, match="Sekunden"):
        SourceCard.model_validate({**LOCAL, "allow_private": False, "delay": 0})


@pytest.mark.parametrize("url", ["ftp://forum.example/", "forum.example", "https://", "https://a:b@forum.example/"])
def test_start_address_must_be_a_plain_web_address(url):
    with pytest.raises(ValidationError):
        card(start_urls=[url])


def test_digest_ignores_budgets_and_politeness():
    assert card(delay=9, budget={"pages": 3}).digest == card().digest
    assert card(start_urls=["https://forum.example/b"]).digest != card().digest


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.forum.example/a", "http://forum.example:80/", True),
        ("https://forum.example:443/", "https://FORUM.example", True),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8001/", False),
        ("https://forum.example/", "https://boese.forum.example/", False),
    ],
)
def test_host_comparison(one, other, same):
    assert (host_of(one) == host_of(other)) == same


def test_yaml_card_is_read_and_faults_name_the_line(tmp_path):
    path = tmp_path / "lokal.yaml"
    path.write_text(
        "name: lokal\nstart_urls:\n  - http://127.0.0.1:8000/\nchannel: forum\nallow_private: true\ndelay: 0\n"
    )
    assert load_card(path).is_loopback
    path.write_text("name: lokal\nstart_urls:\n  - http://127.0.0.1:8000/\nchannel: kanal\n")
    with pytest.raises(YamlError, match=r"lokal.yaml:4: channel"):
        load_card(path)
