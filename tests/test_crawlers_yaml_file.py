"""YAML faults name file, line and place."""

import pytest
from pydantic import BaseModel, ConfigDict

from crawlers.yaml_file import YamlError, parse_yaml, read_yaml


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    parts: list[Inner] = []


def fault(text):
    with pytest.raises(YamlError) as caught:
        parse_yaml(text, Outer, name="karte.yaml")
    return str(caught.value)


def test_valid_file_becomes_the_model(tmp_path):
    path = tmp_path / "karte.yaml"
    path.write_text("# Kommentar\nname: Müller\nparts:\n  - size: 3\n", encoding="utf-8")
    assert read_yaml(path, Outer) == Outer(name="Müller", parts=[Inner(size=3)])


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("name: a\nparts:\n  - size: 1\n  - size: groß\n", "karte.yaml:4: parts.1.size: "),
        ("name: a\ncolour: red\n", "karte.yaml:2: colour: "),
        ("parts: []\n", "karte.yaml:1: name: "),
        ("name: [a\n", "karte.yaml:2: "),
        ("- a\n- b\n", "karte.yaml:1: expected"),
        ("name: a\nname: b\n", "karte.yaml:2: "),
        ("", "karte.yaml:1: expected"),
    ],
)
def test_fault_names_its_line(text, start):
    assert fault(text).startswith(start)


def test_all_faults_are_told_in_order_of_lines():
    lines = fault("colour: red\nname: a\nparts:\n  - size: x\n").splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "4"]


def test_missing_file_is_a_fault(tmp_path):
    with pytest.raises(YamlError, match="No such file"):
        read_yaml(tmp_path / "fehlt.yaml", Outer)
