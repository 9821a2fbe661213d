"""The demo brand's profile, with the addresses under which its two sites are served right now."""

from __future__ import annotations

from pathlib import Path

from brandmelder.demo.site import FORUM_PORT, HOST, PORTAL_PORT

TEMPLATE = Path(__file__).parent / "profile.yaml"


def write_profile(path: Path, *, forum: str, portal: str) -> Path:
    """Write the profile for the sites' addresses (without slash) to `path`, whose folder is made; returns `path`."""
    text = TEMPLATE.read_text(encoding="utf-8")
    text = text.replace(f"http://{HOST}:{FORUM_PORT}", forum).replace(f"http://{HOST}:{PORTAL_PORT}", portal)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
