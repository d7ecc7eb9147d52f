"""What a student wrote or saved can be shown in a page that a grader's browser trusts."""

from html.parser import HTMLParser

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.filters import markdown2html

from flatgrade.course import clean
from flatgrade.course.clean import clean_attachments, clean_markdown, clean_outputs

PNG = "iVBORw0KGgo="


def output(kind, **fields):
    return {"output_type": kind, **fields}


def test_text_and_pictures_stay():
    """Streams, results, pictures and errors are kept as nbformat writes them; their metadata are not."""
    kept = clean_outputs(
        [
            output("stream", name="stderr", text=["a\n", "b"]),
            output(
                "display_data",
                data={"image/png": PNG, "text/plain": "<Figure>"},
                metadata={"image/png": {"width": "1"}},
            ),
            output("execute_result", data={"text/plain": ["1"]}, metadata={}, execution_count=7),
            output("error", ename="ValueError", evalue="no", traceback=["x", "y\nz"]),
        ]
    )
    assert kept == [
        output("stream", name="stderr", text="a\nb"),
        output("display_data", data={"image/png": PNG, "text/plain": "<Figure>"}, metadata={}),
        output("execute_result", data={"text/plain": "1"}, metadata={}, execution_count=None),
        output("error", ename="ValueError", evalue="no", traceback=["x", "y\nz"]),
    ]


def test_html_svg_scripts_and_widgets_go():
    """Of an output in several forms the harmless ones stay; of one with none of them, a line that says so."""
    rich = {"text/html": "<b>", "image/svg+xml": "<svg/>", "application/javascript": "x", "text/plain": "plain"}
    (kept,) = clean_outputs([output("display_data", data=rich)])
    assert kept["data"] == {"text/plain": "plain"}
    (kept,) = clean_outputs([output("display_data", data={"text/html": "<script>"})])
    assert kept["data"] == {"text/plain": "[an output that is neither text nor a picture is left out]"}


def test_a_picture_is_base64_or_nothing():
    """A picture's data stand inside an attribute of the page: nothing may close it."""
    (kept,) = clean_outputs([output("display_data", data={"image/png": 'AA"><script>alert(1)</script>'})])
    assert "image/png" not in kept["data"]


def test_outputs_are_capped(monkeypatch):
    """Text and pictures of a cell have a cap each, and text that is cut says so."""
    monkeypatch.setattr(clean, "MOST_TEXT", 10)
    monkeypatch.setattr(clean, "MOST_IMAGE", 8)
    monkeypatch.setattr(clean, "MOST_IMAGES", 12)
    monkeypatch.setattr(clean, "MOST_OUTPUTS", 6)
    picture = output("display_data", data={"image/png": "A" * 8})
    large = output("display_data", data={"image/png": "A" * 9})
    words = output("stream", name="stdout", text="12345678")
    kept = clean_outputs([words, words, large, picture, picture, words, words])
    assert [item.get("text") or sorted(item["data"]) for item in kept] == [
        "12345678",
        "12\n[... the rest of this output is left out]",
        ["text/plain"],
        ["image/png"],
        ["text/plain"],
        "\n[... the rest of this output is left out]",
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["data", "text", "name", "traceback", "ename", "text/plain", "image/png"]), inner
        )
    ),
    max_leaves=15,
)
kinds = st.sampled_from(["stream", "error", "display_data", "execute_result", "other"])


@given(
    st.lists(
        st.builds(
            lambda kind, rest: {**(rest if isinstance(rest, dict) else {}), "output_type": kind}, kinds, json_values
        )
    )
)
def test_any_outputs_become_valid_ones(outputs):
    """Whatever JSON stands there, the result is a list of outputs that nbformat accepts."""
    cell = nbformat.v4.new_code_cell("x", outputs=nbformat.from_dict(clean_outputs(outputs)))
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


@given(json_values)
def test_outputs_that_are_no_list_are_nothing(value):
    """A cell may claim anything to be its outputs."""
    assert isinstance(clean_outputs(value), list)
    assert isinstance(clean_attachments(value), dict)


def test_pictures_in_a_written_answer_stay():
    """A photograph of a derivation is an answer; a page of HTML in its place is not."""
    given_ = {"a.png": {"image/png": PNG, "text/html": "<b>"}, "b.svg": {"image/svg+xml": "<svg>"}, "c": 7}
    assert clean_attachments(given_) == {"a.png": {"image/png": PNG}}


HARMLESS = frozenset(
    [
        "p",
        "em",
        "strong",
        "a",
        "img",
        "ul",
        "ol",
        "li",
        "code",
        "pre",
        "blockquote",
        "br",
        "hr",
        "span",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "b",
        "i",
        "sub",
        "sup",
        "del",
        "s",
        "u",
        "kbd",
    ]
)


class Page(HTMLParser):
    """Collects what could act in a page: tags that are no formatting, attributes that are code or style, links."""

    def __init__(self, text):
        super().__init__()
        self.dangers = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag not in HARMLESS:
            self.dangers.append(tag)
        for name, value in attributes:
            scheme = "".join((value or "").split()).lower().partition(":")[0]
            if name.startswith("on") or (name in ("href", "src") and scheme in ("javascript", "vbscript")):
                self.dangers.append((name, value))


PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<b onclick=alert(1)>x</b>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>'></iframe>",
    "<!-- --><script>alert(1)</script>",
    "<details open ontoggle=alert(1)>",
    "<p><style>*{display:none}</style>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript\\:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](javascript&#58alert(1))",
    "[x](javascript&amp;#58;alert(1))",
    "[x](javascript&amp#58;alert(1))",
    "[x](javascript&amp;amp;colon;alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x]\n\n[x]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<https://x.y/'onclick=alert(1)//>",
    "![x](javascript:alert(1))",
    "`x`<script>alert(1)</script>",
    "$x$<script>alert(1)</script>$",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markdown_cannot_act(payload):
    """Known ways to get code into a page through Markdown come out as text."""
    assert Page(markdown2html(clean_markdown(payload))).dangers == []


def test_the_payloads_act_without_the_cleaning():
    """The list above is a test: most of it is dangerous where nothing is cleaned."""
    assert sum(bool(Page(markdown2html(payload)).dangers) for payload in PAYLOADS) >= 15


@given(
    st.lists(
        st.sampled_from(
            [
                *PAYLOADS,
                "<",
                ">",
                "\n",
                "&lt;",
                "&",
                "amp;",
                "#58;",
                "colon;",
                "(",
                ")",
                "`",
                "*",
                "script",
                "javascript:",
                "<b>",
            ]
        )
    )
)
def test_no_mixture_of_payloads_acts(parts):
    """Nor do they together, in any order, with signs of Markdown between them."""
    assert Page(markdown2html(clean_markdown("".join(parts)))).dangers == []


@pytest.mark.parametrize(
    "text",
    [
        "Because `dW = X.T @ dscores`, and $\\frac{a}{b} < c$ holds.\n\n- one\n- two",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "x<sub>1</sub> is <b>not</b> x<br/>2, see <https://example.org/a?b=1>",
        "if 3 < 4 and a & b, then \\begin{align} a &= b \\end{align}",
        "Line two\\\nThe JavaScript of it",
    ],
)
def test_honest_answers_are_untouched(text):
    """Formulas, code, tables, plain formatting and addresses read as they were written."""
    assert clean_markdown(text) == text


def test_what_a_cell_printed_hides_no_error():
    """An error has a cap of its own: its message is what the student looks for."""
    printed = {"output_type": "stream", "name": "stdout", "text": "x" * (clean.MOST_TEXT + 1)}
    error = {"output_type": "error", "ename": "NameError", "evalue": "no", "traceback": ["NameError: no"]}
    assert clean_outputs([printed, error])[1] == error
