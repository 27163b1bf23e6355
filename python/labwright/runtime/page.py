"""The executed notebook as one HTML page: no script, no request, everything in the file."""

from __future__ import annotations

import html
import re
from typing import Any, Dict, List

from .executed import ExecutedNotebook
from .outputs import Output
from .paths import write_atomic
from .report import Report
from .sanitize import sanitize

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1f2328;background:#fff}
pre{font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
.cell{margin:1rem 0;border-left:3px solid #d0d7de;padding-left:.8rem}
.source{background:#f6f8fa;padding:.6rem;border-radius:4px}
.out{padding:.4rem .6rem;overflow-x:auto}.stderr{background:#fff5f5}.error{background:#fff0f0}
.state{font-weight:600}.FAILED{color:#b91c1c}.SUCCEEDED{color:#15803d}.SKIPPED{color:#6b7280}
.count{color:#6b7280;font-size:12px}table{border-collapse:collapse;font-size:13px}
td,th{border:1px solid #d0d7de;padding:.2rem .5rem;text-align:right}img,svg{max-width:100%}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}.source{background:#161b22}
.stderr,.error{background:#2d1517}.cell,td,th{border-color:#30363d}img{background:#fff}}
"""
IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
COLOURS = {
    "30": "#57606a",
    "31": "#b91c1c",
    "32": "#15803d",
    "33": "#a16207",
    "34": "#1d4ed8",
    "35": "#a21caf",
    "36": "#0e7490",
    "37": "#57606a",
    "39": "",
}
ESCAPE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")


def write_page(path: str, notebook: ExecutedNotebook, report: Report) -> None:
    write_atomic(path, render(notebook.to_json(), report))


def render(notebook: Dict[str, Any], report: Report) -> str:
    about = notebook["metadata"].get("labwright", {})
    title = html.escape("%s · %s" % (about.get("step") or "step", about.get("notebook") or ""))
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width'>",
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
        "img-src data:; style-src 'unsafe-inline'\">",
        "<title>%s</title><style>%s</style></head><body><main>" % (title, STYLE),
        "<h1>%s</h1><p class='state %s'>%s</p>" % (title, report.state, report.state),
    ]
    if report.error is not None:
        text = "%(ename)s: %(evalue)s" % report.error
        parts.append("<pre class='out error'>%s</pre>" % html.escape(text))
    for remark in report.diagnostics:
        text = "%(severity)s: %(message)s" % remark
        parts.append("<p class='remark'>%s</p>" % html.escape(text))
    if report.metrics:
        rows = "".join(
            "<tr><th>%s</th><td>%s</td></tr>" % (html.escape(name), html.escape(str(value)))
            for name, value in report.metrics.items()
        )
        parts.append("<h2>Metrics</h2><table>%s</table>" % rows)
    parts.extend(_cell(cell) for cell in notebook["cells"])
    parts.append("</main></body></html>\n")
    return "\n".join(parts)


def _cell(cell: Dict[str, Any]) -> str:
    count = cell.get("execution_count")
    shown = "".join(_output(output) for output in cell["outputs"])
    return (
        "<section class='cell' id='%s'><div class='count'>[%s]</div>"
        "<pre class='source'>%s</pre>%s</section>"
        % (
            html.escape(cell["id"], quote=True),
            "" if count is None else count,
            html.escape("".join(cell["source"])),
            shown,
        )
    )


def _output(output: Output) -> str:
    kind = output["output_type"]
    if kind == "stream":
        return "<pre class='out %s'>%s</pre>" % (
            "stderr" if output["name"] == "stderr" else "stdout",
            coloured(_text(output["text"])),
        )
    if kind == "error":
        text = "\n".join(output["traceback"]) or "%(ename)s: %(evalue)s" % output
        return "<pre class='out error'>%s</pre>" % coloured(text)
    data = output["data"]
    for mime in IMAGES:
        if mime in data:
            source = "".join(_text(data[mime]).split())
            return "<div class='out'><img alt='%s' src='data:%s;base64,%s'></div>" % (
                html.escape(_text(data.get("text/plain", "image")), quote=True),
                mime,
                html.escape(source, quote=True),
            )
    for mime in ("text/html", "image/svg+xml"):
        if mime in data:
            return "<div class='out'>%s</div>" % sanitize(_text(data[mime]))
    for mime in ("text/markdown", "text/latex", "text/plain"):
        if mime in data:
            return "<pre class='out'>%s</pre>" % coloured(_text(data[mime]))
    return "".join("<p class='out'>%s</p>" % html.escape(mime) for mime in data)


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def coloured(text: str) -> str:
    """Terminal colours as spans; other terminal sequences are dropped."""
    parts: List[str] = []
    at, is_open = 0, False
    for match in ESCAPE.finditer(text):
        parts.append(html.escape(text[at : match.start()]))
        at = match.end()
        if match.group(2) != "m":
            continue
        style = _style(match.group(1))
        if is_open:
            parts.append("</span>")
        is_open = bool(style)
        if style:
            parts.append("<span style='%s'>" % style)
    parts.append(html.escape(text[at:]))
    return "".join(parts) + ("</span>" if is_open else "")


def _style(codes: str) -> str:
    style = []
    for code in codes.split(";"):
        if code in ("1", "01"):
            style.append("font-weight:bold")
        elif COLOURS.get(code):
            style.append("color:" + COLOURS[code])
    return ";".join(style)
