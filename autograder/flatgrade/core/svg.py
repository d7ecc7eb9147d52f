"""The few shapes that our pictures are made of, as text. Whatever stands in them is escaped here."""

from __future__ import annotations

import html


def text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    """Words at a place; y is their base line. `kind` is the class that styles them."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escaped(words)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str, radius: float = 6) -> str:
    """A rectangle with round corners; (x, y) is its upper left corner."""
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:.1f}"/>'


def octagon(x: float, y: float, width: float, height: float, kind: str, cut: float = 9) -> str:
    """A box with its corners cut off, like a stop sign."""
    right, bottom = x + width, y + height
    corners = [(x + cut, y), (right - cut, y), (right, y + cut), (right, bottom - cut)]
    corners += [(right - cut, bottom), (x + cut, bottom), (x, bottom - cut), (x, y + cut)]
    return f'<polygon class="{kind}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in corners)}"/>'


def escaped(words: str) -> str:
    """Words fit for XML: escaped, and without characters that no XML may hold."""
    return html.escape("".join(c if c.isprintable() else "\ufffd" for c in words))
