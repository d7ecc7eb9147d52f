"""What a student wrote or saved, made fit to be shown: it will stand in a page that a grader's browser trusts.

Of outputs only text and pixel pictures stay, each under a cap. Written answers keep their text, their formulas and
plain formatting; any other HTML in them is shown as text.
"""

from __future__ import annotations

import re
from typing import Any

from flatgrade.course.reading import joined_text

MOST_OUTPUTS = 200
MOST_TEXT = 64_000  # characters of all texts of one cell
MOST_IMAGE = 4_000_000  # characters of one picture in base64
MOST_IMAGES = 12_000_000  # characters of all pictures of one cell
_CUT = "\n[... the rest of this output is left out]"
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
_IMAGES = ("image/png", "image/jpeg")

_PLAIN = "b|i|u|s|em|strong|sub|sup|br|hr|p|code|pre|kbd|blockquote|ul|ol|li|table|thead|tbody|tr|th|td|h[1-6]"
_TAG = re.compile(rf"<(?=[A-Za-z/!?])(?!/?(?:{_PLAIN})\s*/?>)(?!https?://[^\s<>\"']*>)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?=#|\w+;|amp)", re.IGNORECASE)  # a link's address is unescaped twice before it is used
_SCRIPT_LINK = re.compile(r"(javascript|vbscript)(?=\s*\\?:)", re.IGNORECASE)


class _Budget:
    """What is left of the caps of one cell."""

    def __init__(self, *, keep_html: bool = False) -> None:
        self.text, self.images, self.keep_html = MOST_TEXT, MOST_IMAGES, keep_html

    def take_text(self, value: Any) -> str:
        text = joined_text(value) or ""
        kept, self.text = text[: self.text], max(self.text - len(text), 0)
        return kept if len(kept) == len(text) else kept + _CUT

    def take_image(self, value: Any) -> str | None:
        data = joined_text(value)
        if data is None or not _BASE64.match(data) or len(data) > min(MOST_IMAGE, self.images):
            return None
        self.images -= len(data)
        return data


def clean_outputs(outputs: Any, *, keep_html: bool = False) -> list[dict[str, Any]]:
    """Turn the saved outputs of one cell, any JSON, into valid nbformat outputs of text and pictures within the caps.

    HTML, SVG, scripts and widgets go; an output that has nothing else says so in a line of text. With `keep_html`
    whatever is text stays, within the same caps.
    """
    if not isinstance(outputs, list):
        return []
    # What a cell printed hides no error.
    budget, errors = _Budget(keep_html=keep_html), _Budget(keep_html=keep_html)
    cleaned = (
        _clean(output, errors if output.get("output_type") == "error" else budget)
        for output in outputs[:MOST_OUTPUTS]
        if isinstance(output, dict)
    )
    return [output for output in cleaned if output]


def clean_attachments(attachments: Any) -> dict[str, dict[str, str]]:
    """Keep the pictures that a text cell carries (`![](attachment:name)`), within the caps."""
    if not isinstance(attachments, dict):
        return {}
    budget, kept = _Budget(), {}
    for name, bundle in list(attachments.items())[:MOST_OUTPUTS]:
        if pictures := _pictures(bundle, budget):
            kept[joined_text(name) or ""] = pictures
    return kept


def clean_markdown(text: str) -> str:
    """Make text of whatever HTML in `text` is more than plain formatting, of entities, and of links to scripts.

    A space behind the first sign is enough, and in formulas and code it does no harm: `$a<b$` becomes `$a< b$`.
    """
    text = _TAG.sub("< ", _ENTITY.sub("& ", text))
    return _SCRIPT_LINK.sub(r"\1 ", text)


def _clean(output: dict[str, Any], budget: _Budget) -> dict[str, Any] | None:
    match output.get("output_type"):
        case "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return {"output_type": "stream", "name": name, "text": budget.take_text(output.get("text"))}
        case "error":
            name, value = budget.take_text(output.get("ename")), budget.take_text(output.get("evalue"))
            lines = output.get("traceback")
            trace = [budget.take_text(line) for line in lines[:MOST_OUTPUTS]] if isinstance(lines, list) else []
            return {"output_type": "error", "ename": name, "evalue": value, "traceback": trace}
        case "display_data":
            return {"output_type": "display_data", "metadata": {}, "data": _bundle(output.get("data"), budget)}
        case "execute_result":
            data = _bundle(output.get("data"), budget)
            return {"output_type": "execute_result", "metadata": {}, "data": data, "execution_count": None}
    return None


def _bundle(data: Any, budget: _Budget) -> dict[str, str]:
    kept = _pictures(data, budget)
    kinds = data if isinstance(data, dict) else ()
    for kind in kinds:
        if kind == "text/plain" or (budget.keep_html and kind not in _IMAGES and joined_text(data[kind]) is not None):
            kept[kind] = budget.take_text(data[kind])
    return kept or {"text/plain": "[an output that is neither text nor a picture is left out]"}


def _pictures(bundle: Any, budget: _Budget) -> dict[str, str]:
    if not isinstance(bundle, dict):
        return {}
    pictures = {kind: budget.take_image(bundle[kind]) for kind in _IMAGES if kind in bundle}
    return {kind: data for kind, data in pictures.items() if data is not None}
