"""Whether targets answer, and whether anybody listens to what is told of them."""

from __future__ import annotations

from logging import Logger

from .stream import Stream


class Presence:
    """Tells once that a target is lost, and once that it is there again."""

    def __init__(self, stream: Stream, log: Logger) -> None:
        self._stream = stream
        self._log = log
        self._away: dict[str, str] = {}

    def missing(self, name: str, why: str) -> None:
        """A target that is looked at does not answer."""
        if name not in self._away:
            self._away[name] = why
            self._log.warning("labwright: %s: %s", name, why)
            self._stream.tell({"type": "target", "target": name, "state": "lost", "message": why})

    def why_away(self, name: str) -> str | None:
        """Why a target did not answer when it was asked last; None where it did."""
        return self._away.get(name)

    def there(self, name: str) -> None:
        """It has answered."""
        if name in self._away:
            del self._away[name]
            self.ask_again(name)

    def ask_again(self, name: str) -> None:
        """It has an answer that it had not before."""
        self._stream.tell({"type": "target", "target": name, "state": "connected"})

    def heard(self, name: str) -> bool:
        """Whether anybody listens. Only to tell something shows that."""
        return self._stream.tell({"type": "target", "target": name, "state": "watched"})
