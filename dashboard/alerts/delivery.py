"""Where an alert mail goes: to a mail server, or to a file that a mail program opens."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Literal, Protocol

TIMEOUT_SECONDS = 30


class DeliveryError(RuntimeError):
    """The mail could not be handed over; it stays pending and is tried again at the next check."""


class Delivery(Protocol):
    """One way to hand over a mail."""

    def send(self, message: EmailMessage, name: str) -> str | None:
        """Hand over a mail; `name` is unique to the event. Returns the file it was written to, if any."""


@dataclass(frozen=True)
class EmlFolder:
    """Writes NAME.eml. The same event always gets the same file, so a repeated delivery leaves one mail."""

    folder: Path

    def send(self, message: EmailMessage, name: str) -> str | None:
        """Write the mail; it appears under its name only when it is complete."""
        path = self.folder / f"{name}.eml"
        temporary = path.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as stream:
                stream.write(message.as_bytes(policy=SMTP_POLICY))
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        except OSError as error:
            raise DeliveryError(f"{path}: {error.strerror}") from error
        return str(path)


@dataclass(frozen=True)
class SmtpServer:
    """Sends through a mail server. `security` "starttls" and "tls" verify the server's certificate."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port}, {self.security})"

    def send(self, message: EmailMessage, name: str) -> str | None:
        """Send the mail. Raises `DeliveryError` where the server can't be reached or refuses."""
        del name
        self._with_connection(lambda connection: connection.send_message(message))
        return None

    def check(self) -> None:
        """Log in and leave again, without a mail. Raises `DeliveryError` as `send` does."""
        self._with_connection(lambda connection: connection.noop())

    def _with_connection(self, action: Callable[[smtplib.SMTP], object]) -> None:
        try:
            with self._connect() as connection:
                if self.user:
                    connection.login(self.user, self.password or "")
                action(connection)
        except (OSError, smtplib.SMTPException) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise DeliveryError(f"{self.host}:{self.port}: {reason}") from error

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=context)
        connection = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        if self.security == "starttls":
            connection.starttls(context=ssl.create_default_context())
        return connection
