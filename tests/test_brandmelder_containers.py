"""Dockerfile and compose.yaml, linted: no container engine is needed, and none runs them here."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from compose_spec import PyCompose
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
SERVICES = YAML(typ="safe").load(TEXT)["services"]
LONG_RUNNING = sorted(name for name, service in SERVICES.items() if service.get("restart"))
OURS = ("dashboard", "worker")


def test_dockerfile_passes_hadolint():
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [hadolint, "--failure-threshold", "style", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_image_has_two_stages_and_runs_as_nobody_special():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    stages = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    assert len(stages) == 2
    last = lines[stages[1] :]
    assert "USER 10001:10001" in last
    assert not any(line.startswith("COPY") and "--from=build" not in line for line in last)
    assert last.index("USER 10001:10001") < next(n for n, line in enumerate(last) if line.startswith("ENTRYPOINT"))


def test_everything_that_the_image_copies_is_let_through():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    copied = re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    for source in (name for line in copied for name in line.split()[:-1]):
        assert (ROOT / source).exists(), source
        assert f"!{source.split('/')[0]}" in ignored, source


def test_compose_file_keeps_the_specification():
    # Merge keys are YAML's, not the specification's: they are resolved first.
    PyCompose.from_json(json.dumps(YAML(typ="safe").load(TEXT))).validate()


def test_needed_services_are_there():
    assert {"elasticsearch", "kibana", *OURS} <= SERVICES.keys()


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_service_that_keeps_running_has_a_health_check(name):
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= check.keys()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_service_opens_ports_on_this_machine_only(name):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_secrets_come_from_the_environment(name):
    for setting, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|_KEY$|ENCRYPTIONKEY", setting):
            assert re.fullmatch(r"\$\{[A-Z_]+(:\?.+|:-)\}", str(value)), setting


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_dependencies_are_waited_for_until_they_work(name):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert how["condition"] in ("service_healthy", "service_completed_successfully")
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]


def test_named_volumes_are_declared_and_all_are_used():
    declared = set(YAML(typ="safe").load(TEXT)["volumes"])
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == declared


@pytest.mark.parametrize("name", OURS)
def test_our_services_verify_certificates_and_may_do_little(name):
    service = SERVICES[name]
    assert service["environment"]["BRANDMELDER_STORE"].startswith("https://")
    assert service["environment"]["BRANDMELDER_ELASTIC_CA"].startswith("/certificates/")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_images_are_pinned_to_versions():
    images = [service["image"] for service in SERVICES.values()]
    assert all(re.search(r":(\d+\.\d+\.\d+|local)$", image) for image in images)
    assert len({image.rsplit(":", 1)[1] for image in images if image.startswith("docker.elastic.co")}) == 1
