"""HTML that a cell showed, without what could run or reach out."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from typing import List, Optional, Tuple

TEXT = """a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption
figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary
sup table tbody td tfoot th thead tr tt u ul var"""
DRAWING = """circle clippath defs desc ellipse g line lineargradient marker path pattern polygon
polyline radialgradient rect stop svg symbol text title tspan use"""
TAGS = frozenset((TEXT + " " + DRAWING).split())
VOID = frozenset(["br", "col", "hr", "img"])
DROPPED = frozenset(
    ["script", "style", "iframe", "object", "embed", "template", "noscript", "head"]
)
LINKS = frozenset(["href", "src", "xlink:href"])
STYLE_REFUSED = ("url(", "expression", "@import", "javascript:", "\\")


def sanitize(text: str) -> str:
    cleaner = _Cleaner()
    cleaner.feed(text)
    cleaner.close()
    return cleaner.result()


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: List[str] = []
        self._open: List[str] = []
        self._dropping: List[str] = []

    def result(self) -> str:
        return "".join(self._parts) + "".join("</%s>" % tag for tag in reversed(self._open))

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        if self._dropping or tag in DROPPED:
            self._dropping.append(tag)
            return
        if tag not in TAGS:
            return
        kept = "".join(
            ' %s="%s"' % (name, html.escape(value or "", quote=True))
            for name, value in attrs
            if _harmless(name, value or "")
        )
        self._parts.append("<%s%s>" % (tag, kept))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        if tag not in DROPPED:
            self.handle_starttag(tag, attrs)
            if tag not in VOID:
                self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag in self._dropping:
                while self._dropping.pop() != tag:
                    pass
            return
        if tag in self._open:
            while True:
                last = self._open.pop()
                self._parts.append("</%s>" % last)
                if last == tag:
                    return

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._parts.append(html.escape(data))


def _harmless(name: str, value: str) -> bool:
    name = name.lower()
    if name.startswith("on") or not all(
        part.isalnum() for part in name.replace(":", "-").split("-")
    ):
        return False
    folded = "".join(value.lower().split())
    if name in LINKS:
        return folded.startswith(("#", "data:image/png", "data:image/jpeg", "https://", "http://"))
    if name == "style":
        return not any(refused in folded for refused in STYLE_REFUSED)
    return name not in ("srcdoc", "formaction", "action", "srcset", "background")
