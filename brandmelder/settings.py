"""What the environment says, read once at the edge; everything below gets values."""

from __future__ import annotations

import secrets
from functools import cached_property
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from nlp.loading import shipped

Language = Literal["de", "en"]


class Settings(BaseSettings):
    """Settings with the prefix `BRANDMELDER_`, also from a file `.env` in the current folder.

    Secrets are `SecretStr`: they don't show in logs or error messages.
    """

    model_config = SettingsConfigDict(env_prefix="BRANDMELDER_", env_file=".env", extra="ignore", env_ignore_empty=True)

    data: Path = Field(default_factory=lambda: user_data_path("brandmelder"), description="data folder")
    store: str | None = Field(None, description="Elasticsearch URL; unset: the embedded store in the data folder")
    lang: Language = Field("de", description="language of messages, dashboard and mails")
    contact: str = Field("", description="mail address or URL that crawled sites see in our user agent")
    threads: int = Field(0, ge=0, description="CPU threads of the model; 0: one per core")
    precision: Literal["auto", "fp32", "bf16", "int8"] = Field(
        "auto", description="numbers that the model calculates in: fp32, bf16, int8; auto: the fastest, tested once"
    )
    model: str | None = Field(
        None,
        description="e5-noncommercial, a folder of another model, or a name on the Hugging Face Hub; unset: e5",
    )
    model_labels: str = Field("", description="what the labels of a Hugging Face model mean: LABEL_0=negative,…")
    author_key: SecretStr | None = Field(None, description="key of the author pseudonyms; unset: a file in data")
    elastic_api_key: SecretStr | None = Field(None, description="API key for the Elasticsearch store")
    elastic_ca: Path | None = Field(None, description="CA certificate file of the Elasticsearch server")
    elastic_prefix: str = Field("brandmelder", description="first part of all index names")
    smtp_host: str | None = Field(None, description="mail server for alerts; unset: .eml files in data/mails")
    smtp_port: int = Field(587, description="its port")
    smtp_user: str | None = Field(None, description="its user")
    smtp_password: SecretStr | None = Field(None, description="its password")
    smtp_tls: Literal["starttls", "tls", "none"] = Field("starttls", description="how to encrypt the connection")
    mail_from: str = Field("brandmelder@localhost", description="sender of alert mails")
    mail_to: str = Field("", description="recipients of alert mails, separated by commas")
    dashboard_url: str = Field("http://127.0.0.1:8501", description="where the dashboard is reached; links in mails")

    bluesky_handle: str | None = Field(None, description="handle of the account that Bluesky sources are read with")
    bluesky_app_password: SecretStr | None = Field(None, description="its app password (never the account's own)")
    youtube_key: SecretStr | None = Field(None, description="API key for YouTube sources")
    reddit_client_id: str | None = Field(None, description="client id of an own app for Reddit sources")
    reddit_client_secret: SecretStr | None = Field(None, description="its secret")

    @field_validator("model")
    @classmethod
    def _shipped_model(cls, name: str | None) -> str | None:
        """A shipped model's name becomes its folder, so that nothing asks the Hub for it."""
        folder = None if name is None else shipped(name)
        return name if folder is None else str(folder)

    @property
    def api_keys(self) -> dict[str, str]:
        """The keys of APIs that are set, by the names of their environment variables."""
        names = ("bluesky_handle", "bluesky_app_password", "youtube_key", "reddit_client_id", "reddit_client_secret")
        values = {name: getattr(self, name) for name in names}
        return {
            f"BRANDMELDER_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in values.items()
            if value
        }

    @cached_property
    def pseudonym_key(self) -> bytes:
        """The key of the author pseudonyms: from the environment, else from `author.key` in the data folder.

        The file is made on first use, readable by its owner only. Losing it means that known authors look new.
        """
        if self.author_key is not None:
            return self.author_key.get_secret_value().encode()
        path = self.data / "author.key"
        if not path.exists():
            _write_secret(path, secrets.token_hex(32))
        return path.read_text(encoding="ascii").strip().encode()


def _write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(f".{secrets.token_hex(4)}")
    temporary.touch(mode=0o600)
    temporary.write_text(text, encoding="ascii")
    # A hard link fails if another process was faster: then its key is the one.
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
