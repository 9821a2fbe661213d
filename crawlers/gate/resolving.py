"""Names are resolved so that no answer leads into the network that we stand in.

The gate looks a name up before it asks, but a name may resolve differently a second later (DNS rebinding). So the
resolver of the connection itself leaves private addresses out: what is checked is what is connected to.
"""

from __future__ import annotations

from typing import Any

from crawlers.gate.address import is_public


class PrivateNames:
    """Hosts that may be on private addresses because a card says so, and those that turned out to be on one."""

    def __init__(self) -> None:
        self._allowed: set[str] = set()
        self._refused: set[str] = set()

    def allow(self, host: str) -> None:
        """A card allows this host to be on a private address."""
        self._allowed.add(host.casefold())

    def may_connect(self, host: str, address: str) -> bool:
        """Whether a connection to this address may be made; remembers refusals."""
        if is_public(address) or host.casefold() in self._allowed:
            return True
        self._refused.add(host.casefold())
        return False

    def was_refused(self, host: str) -> bool:
        """Whether a connection to this host was refused for its address; asked once per refusal."""
        try:
            self._refused.remove(host.casefold())
        except KeyError:
            return False
        return True


names = PrivateNames()


def guard_resolver(reactor: Any) -> None:
    """Put the guard before the reactor's resolver. Called once, before the reactor runs."""
    from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
    from zope.interface import implementer  # type: ignore[import-untyped]

    @implementer(IResolutionReceiver)
    class PublicOnly:
        """Passes on the addresses that may be connected to."""

        def __init__(self, receiver: Any, host: str) -> None:
            self._receiver = receiver
            self._host = host

        def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802 - Twisted's name
            """The look-up has begun."""
            self._receiver.resolutionBegan(resolution)

        def addressResolved(self, address: Any) -> None:  # noqa: N802 - Twisted's name
            """An address was found."""
            if names.may_connect(self._host, str(getattr(address, "host", ""))):
                self._receiver.addressResolved(address)

        def resolutionComplete(self) -> None:  # noqa: N802 - Twisted's name
            """There are no more addresses."""
            self._receiver.resolutionComplete()

    @implementer(IHostnameResolver)
    class GuardedResolver:
        """The reactor's resolver without answers that lead inside."""

        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def resolveHostName(  # noqa: N802 - Twisted's name
            self, receiver: Any, host: str, *arguments: Any, **options: Any
        ) -> Any:
            """Resolve a name. Twisted passes it by position."""
            return self.inner.resolveHostName(PublicOnly(receiver, host), host, *arguments, **options)

    reactor.installNameResolver(GuardedResolver(reactor.nameResolver))
