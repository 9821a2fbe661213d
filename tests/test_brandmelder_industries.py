"""The taxonomies that `init --industry` writes are usable as they are."""

import pytest
import yaml

from brandmelder.commands.starting import Industry, init
from brandmelder.profile import read_profile
from brandmelder.settings import Settings

PHASES = {"awareness", "consideration", "purchase", "onboarding", "usage", "support", "loyalty", "exit"}


@pytest.mark.parametrize("industry", list(Industry))
def test_profile_of_an_industry_is_valid_and_complete(tmp_path, industry):
    path = tmp_path / "profil.yaml"
    init(Settings(data=tmp_path), "Apfelhof", industry=industry, output=path)
    topics = read_profile(str(path), tmp_path).topics
    assert len(topics) >= 7
    for topic in topics:
        assert topic.journey_phase in PHASES
        assert topic.touchpoint
        assert len(topic.examples) >= 3
        assert all(sentence[-1] in ".!?" for sentence in (topic.description, *topic.examples))
    sentences = [sentence for topic in topics for sentence in topic.examples]
    assert len(sentences) == len(set(sentences))
    assert "__" not in path.read_text(encoding="utf-8")
    assert [topic.id for topic in topics] == [topic["id"] for topic in yaml.safe_load(path.read_text())["topics"]]
