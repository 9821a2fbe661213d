"""Passwords in the store's address reach the dashboard by its environment, never by a file or a page."""

import stat

from brandmelder.commands.showing import write_dashboard_config
from brandmelder.profile import Profile
from brandmelder.settings import Settings
from dashboard.loaders import address_of

ADDRESS = "https://jule:geheim-7391@suche.example:9200"


def test_dashboard_file_has_no_password_and_is_its_owners(tmp_path):
    (tmp_path / "dashboard.json").write_text("{}")
    path = write_dashboard_config(
        Settings(data=tmp_path, store=ADDRESS), Profile(name="Kornblume", names=("Kornblume",))
    )
    assert "geheim-7391" not in path.read_text()
    assert "https://suche.example:9200" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_dashboard_takes_the_login_from_its_environment_for_the_same_server_only():
    shown = "https://suche.example:9200"
    assert address_of(shown, {"BRANDMELDER_STORE": ADDRESS}) == ADDRESS
    assert address_of(shown, {"BRANDMELDER_STORE": "https://jule:geheim@anders.example"}) == shown
    assert address_of(shown, {}) == shown
    assert address_of(None, {"BRANDMELDER_STORE": ADDRESS}) is None
