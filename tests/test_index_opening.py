"""Which store a setting opens."""

import subprocess
import sys

import pytest

from index.opening import open_store, without_credentials
from index.store import StoreError


@pytest.mark.parametrize("url", [None, "", "  "])
def test_no_address_opens_the_embedded_store_in_the_data_folder(tmp_path, url):
    store = open_store(url, tmp_path, prefix="egal")
    assert store.describe()["kind"] == "embedded"
    assert (tmp_path / "store" / "mentions.sqlite3").is_file()
    store.close()


@pytest.mark.elastic
def test_address_opens_elasticsearch(tmp_path, elasticsearch_url, elastic_prefix):
    store = open_store(elasticsearch_url, tmp_path, prefix=elastic_prefix)
    assert store.describe()["kind"] == "elasticsearch"
    store.close()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["localhost:9200", "sqlite:///daten.db", "ftp://127.0.0.1", "nutzer:geheim@rechner"])
def test_other_addresses_are_explained_without_repeating_them(tmp_path, url):
    with pytest.raises(StoreError, match="http://") as caught:
        open_store(url, tmp_path)
    assert url not in str(caught.value)


def test_opening_the_embedded_store_loads_no_elasticsearch(tmp_path):
    code = (
        "import sys; from pathlib import Path; from index.opening import open_store; import index.elastic; "
        f"open_store(None, Path({str(tmp_path)!r})).close(); sys.exit('elasticsearch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://jule:geheim@suche.example:9200", "https://suche.example:9200"),
        ("https://jule:ge@heim/x@suche.example/pfad", "https://suche.example/pfad"),
        ("http://127.0.0.1:9200", "http://127.0.0.1:9200"),
        ("jule:geheim@suche.example", "suche.example"),
    ],
)
def test_address_for_people_has_no_credentials(url, shown):
    assert without_credentials(url) == shown
