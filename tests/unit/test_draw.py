"""`draw` and the picture in `check`: what is seen, what it says in words, and what cannot be drawn."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.circuits import CONTRACT, SIGMOID
from support.course import A1, a1_solutions, defined

from flatgrade.core.finding import Verdict
from flatgrade.student import Picture, draw
from flatgrade.student.check import look
from flatgrade.student.circuit import Gradient, Value
from flatgrade.student.draw import picture
from flatgrade.student.labels import label
from flatgrade.student.lookup import GRADING
from flatgrade.student.picture import COLOURS

SVM = a1_solutions()["svm_loss"].answer
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "exercises.toml").write_text(CONTRACT)
    return tmp_path


def drawn(text, folder, name="sigmoid_circuit", **inputs):
    return picture(name, inputs, {name: defined(text, name)} if text else {}, folder)


def edited(old, new, text=SIGMOID):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def said(result):
    return [line for finding in result.findings for line in (finding.what, finding.advice)]


def texts(shown):
    return [part.text for part in ET.fromstring(shown._repr_svg_()).iter(f"{SVG}text")]


# --- what is seen ------------------------------------------------------------------------------------------------


def test_the_sigmoid_circuit_in_text(folder):
    """The whole of it, as `print` shows it."""
    assert (
        str(drawn(SIGMOID, folder))
        == """\
The circuit of your sigmoid_circuit on "lecture 4: the slides"
  line  value                          gradient
        w0                      2.00   grad_w0   -0.20
        x0                      -1.00  grad_x0   0.39
        w1                      -3.00  grad_w1   -0.39
        x1                      -2.00  grad_x1   -0.59
        w2                      -3.00  grad_w2   0.20
     3  s0 = w0 * x0            -2.00  grad_s0   0.20
     4  s1 = w1 * x1            6.00   grad_s1   0.20
     5  s2 = s0 + s1            4.00   grad_s2   0.20
     6  s3 = s2 + w2            1.00   grad_s3   0.20
     7  L = 1 / (1 + exp(-s3))  0.73   grad_L    1.00"""
    )


def test_the_picture_holds_the_numbers_and_the_code(folder):
    """Names, code, values and gradients are all in the drawing."""
    shown = texts(drawn(SIGMOID, folder))
    assert {"w0", "s0", "w0 * x0", "-2.00", "6.00", "0.73", "-0.59", "1.00"} <= set(shown)
    assert shown[-1] == "above a wire: the value; below it: the gradient"


def test_the_value_stands_above_its_wire_and_the_gradient_below(folder):
    """As on the slides, so that colour is not needed to tell them apart."""
    root = ET.fromstring(drawn(SIGMOID, folder)._repr_svg_())
    [group] = [g for g in root.iter(f"{SVG}g") if g.findtext(f"{SVG}title") == "line 4: s1 = w1 * x1"]
    wire = float(re.search(r",([\d.]+) H", group.find(f"{SVG}path").get("d"))[1])
    height = {part.get("class"): float(part.get("y")) for part in group.iter(f"{SVG}text")}
    assert height["value"] < wire < height["gradient"]


def test_inputs_can_be_given(folder):
    """What is not given comes from the first public case; whole numbers become floats."""
    shown = drawn(SIGMOID, folder, w0=3, x0=2)
    assert shown.title == "The circuit of your sigmoid_circuit on your inputs"
    assert [value.value for value in shown.values[:6]] == [3.0, 2.0, -3.0, -2.0, -3.0, 6.0]


def test_arrays_are_shown_as_shape_and_range():
    """And small ones as their rows."""
    shown = texts(picture("svm_loss", {}, {"svm_loss": defined(SVM, "svm_loss")}, A1))
    assert {"(5, 3)", "-0.45 to 0.7", "-56 to 56", "[-2.85 0.86 0.28]", "[0 1 -1]"} <= set(shown)


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (0.19661, ("0.20",)),
        (-3, ("-3.00",)),
        (0.0, ("0",)),
        (1234.5, ("1234",)),
        (1.5e9, ("1.5e+09",)),
        (0.00123, ("0.00123",)),
        (1e-9, ("1.0e-09",)),
        (np.nan, ("nan",)),
        (-np.inf, ("-inf",)),
        (np.array([[1.0, 2.5], [-3.25, 0.0]]), ("[1 2.5]", "[-3.25 0]")),
        (np.zeros((5, 4)), ("(5, 4)", "all 0")),
        (np.array([1.0, np.nan, 3.0, 4.0]), ("(4,)", "1 to 4, nan")),
        (np.array([1.0, np.inf, 3.0, 4.0]), ("(4,)", "1 to 4, inf")),
        (np.full(4, np.nan), ("(4,)", "all nan")),
        (np.zeros((0, 3)), ("(0, 3)",)),
        (np.array([True, False]), ("[1 0]",)),
        ("a text", ()),
        (None, ()),
    ],
)
def test_labels(value, lines):
    """Numbers with two decimals as on the slides, arrays in a line or two."""
    assert label(value) == lines


def test_a_gradient_of_another_shape_shows_it():
    """The shape is left out only where it is the shape of the value."""
    values = (Value("W", value=np.ones((4, 5)), gradient=Gradient("dW", 3, np.ones((5, 4)))),)
    assert texts(Picture("f", values))[:5] == ["W", "(4, 5)", "all 1", "(5, 4)", "all 1"]


def test_a_stub_is_drawn_empty(folder):
    """Stages that are `...` still are dashed boxes, in a row behind the inputs."""
    stub = re.sub(r"^(    \w+ =).*", r"\1 ...", SIGMOID, flags=re.MULTILINE)
    shown = drawn(stub, folder)
    root = ET.fromstring(shown._repr_svg_())
    left = [float(part.get("x")) for part in root.iter(f"{SVG}rect") if part.get("class") == "empty"]
    assert len(left) == 5
    assert left == sorted(set(left))
    assert "s0 is not written yet; its gradient grad_s0 is not there yet." in shown.words()


def test_an_error_is_told_below(folder):
    """With its line, and the values that came before it."""
    shown = drawn(edited("s0 + s1", "s0 + s_1"), folder)
    assert shown.error == "sigmoid_circuit stops in line 5: NameError: name 's_1' is not defined"
    assert shown.error in texts(shown)
    assert str(shown).endswith(f"\n  {shown.error}")


@st.composite
def programs(draw):
    """Flat functions of two inputs: sums, products, changes in place, gradients, errors, and lines not written yet."""
    names, lines = ["x", "w"], []
    for i in range(draw(st.integers(1, 15))):
        a, b = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        made = draw(st.sampled_from([f"v{i}", f"d{a}", f"grad_{b}", a]))
        code = [f"{a} + {b}", f"np.exp({a}) * {b}", "...", f"{a}[0]", "3.0", f"{a} > 0", f"({a}, {b})", "missing"]
        line = [f"{made} = {draw(st.sampled_from(code))}", f"{a} += {b}", f"{a}[:1] = {b}", f"{made}, u{i} = {a}, {b}"]
        lines.append(draw(st.sampled_from([line[0], *line])))
        names += [made] if lines[-1].startswith(f"{made}") else []
    lines.append(f"return {draw(st.sampled_from(names))}, {draw(st.sampled_from(names))} * 2")
    return "def f(x, w):\n" + "".join(f"    {line}\n" for line in lines)


RANDOM = """
[f]
title = "anything"
call = "f(x, w)"
returns = ["v3", "dw"]
points = 1
inputs = { x = { shape = "N" }, w = { shape = "N" } }
"""


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs())
def test_any_flat_function_has_a_picture(tmp_path, text):
    """Values are made of earlier ones, and what is drawn is well-formed, in each of its forms."""
    (tmp_path / "exercises.toml").write_text(RANDOM)
    shown = drawn(text, tmp_path, "f")
    assert isinstance(shown, Picture), shown
    assert all(parent < i for i, value in enumerate(shown.values) for parent in value.parents)
    root = ET.fromstring(shown._repr_svg_())
    drawings = {part.text for part in root.iter(f"{SVG}text") if part.get("class") == "name"}
    assert drawings == {value.name for value in shown.values}
    assert len(str(shown).splitlines()) >= len(shown.values) + 2


# --- the mark ----------------------------------------------------------------------------------------------------


def test_a_wrong_value_is_marked_in_shape_sign_and_colour(folder):
    """An octagon and a cross, in a class of their own."""
    root = ET.fromstring(replace(drawn(SIGMOID, folder), mark="s1")._repr_svg_())
    [group] = [g for g in root.iter(f"{SVG}g") if g.find(f"{SVG}polygon") is not None]
    assert group.find(f"{SVG}title").text == "line 4: s1 = w1 * x1"
    assert len(group.find(f"{SVG}polygon").get("points").split()) == 8
    assert group.find(f"{SVG}polygon").get("class") == "bad"
    assert group.find(f"{SVG}rect") is None
    assert [part.text for part in group.iter(f"{SVG}text") if part.get("class") == "cross"] == ["✗"]


def test_a_wrong_gradient_is_marked_below_its_wire(folder):
    """The box of its value stays as it is."""
    root = ET.fromstring(replace(drawn(SIGMOID, folder), mark="grad_s1")._repr_svg_())
    [group] = [g for g in root.iter(f"{SVG}g") if g.find(f"{SVG}polygon") is not None]
    assert group.find(f"{SVG}rect").get("class") == "box"
    assert [part.text for part in group.iter(f"{SVG}text")][-2:] == ["✗", "0.20"]


def test_the_mark_is_told_in_words(folder):
    """For those who do not see the picture, and in text."""
    shown = replace(drawn(SIGMOID, folder), mark="grad_s1")
    assert (
        "s1 is 6.00, made of w1 and x1; its gradient grad_s1 is 0.20. "
        "Here is the first error: grad_s1 does not fit. s2 is 4.00" in shown.words()
    )
    assert [line for line in str(shown).splitlines() if "✗" in line] == [
        "     4  s1 = w1 * x1            6.00   grad_s1   0.20  ← ✗ does not fit"
    ]


def contrast(one, other):
    """The contrast of two colours by WCAG 2.1."""

    def light(colour):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("ink", "ground"), [(0.13, 1.0), (0.0, 1.0), (0.87, 0.067), (1.0, 0.12), (0.8, 0.12)])
@pytest.mark.parametrize("kind", COLOURS)
def test_colours_are_readable_on_light_and_dark_ground(kind, ink, ground):
    """What is mixed with the colour of the text has a contrast of 4.5 (WCAG AA) in each theme."""
    colour, share = COLOURS[kind]
    tint = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    mixed = [share * ink + (1 - share) * part for part in tint]
    assert contrast(mixed, [ground] * 3) >= 4.5


# --- what it is made of ------------------------------------------------------------------------------------------


def test_names_and_code_are_escaped():
    """Whatever stands in a student's code, the picture is well-formed XML and says the same."""
    hostile = '<script>alert("&")</script>\x00\x1b'
    values = (Value("é<"), Value("b", 2, (f"f('{hostile}')",), (0,), 1.0, gradient=Gradient("d<b", 3, 2.0)))
    shown = Picture("<f>", values, "<where>", "d<b", hostile)
    root = ET.fromstring(shown._repr_svg_())
    assert root.find(f"{SVG}title").text == "The circuit of your <f> on <where>"
    assert [part.tag for part in root.iter() if "script" in part.tag] == []
    assert "script" not in re.sub(r"&lt;.*?&gt;", "", shown._repr_html_())


def test_the_picture_in_a_page_has_the_pages_colours(folder):
    """Alone it has a light ground of its own."""
    shown = drawn(SIGMOID, folder)
    assert "#fff" not in shown._repr_html_()
    assert "background:#fff" in shown._repr_svg_()
    ET.fromstring(shown._repr_html_())


def test_the_picture_has_a_name_and_a_description(folder):
    """Screen readers find both first."""
    root = ET.fromstring(drawn(SIGMOID, folder)._repr_svg_())
    assert root.get("role") == "img"
    assert [part.tag for part in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root.find(f"{SVG}desc").text.startswith("Input w0 is 2.00; its gradient grad_w0 is -0.20. Input x0 is")


# --- what cannot be drawn ----------------------------------------------------------------------------------------

FLAT = "draw shows functions of flat code: one value a line, each with a name."


@pytest.mark.parametrize(
    ("text", "what", "advice"),
    [
        ("", "sigmoid_circuit is not defined.", "Run the cell that defines sigmoid_circuit, then this one."),
        (
            "def sigmoid_circuit(w0, x0, w1, x1, w2):\n    while w0 > 0:\n        w0 -= 1\n    return 1, 2, 3, 4, 5, 6\n",
            "sigmoid_circuit is not flat code: line 2 is a loop.",
            FLAT,
        ),
        (
            "def sigmoid_circuit(w0, x0, w1, x1, w2):\n    yield w0\n",
            "The code of sigmoid_circuit cannot be read as flat code.",
            FLAT,
        ),
        ("class sigmoid_circuit:\n    pass\n", "The code of sigmoid_circuit cannot be read as flat code.", FLAT),
    ],
)
def test_what_is_not_flat_code_is_told(text, what, advice, folder):
    """One clear sentence, and what to do."""
    result = drawn(text, folder)
    assert (result.verdict, result.summary) == (Verdict.MISSING, "not drawn.")
    assert said(result) == [what, advice]


def test_a_plan_of_several_calls_is_told(folder):
    """There is no single function to draw."""
    assert said(drawn("", folder, "affine")) == ["affine is a plan of 2 calls, not one function.", FLAT]


def test_an_unknown_input_is_told(folder):
    """With those that there are."""
    result = drawn(SIGMOID, folder, w3=1.0)
    assert said(result) == ["sigmoid_circuit has no input w3.", "Its inputs are w0, x0, w1, x1, w2."]


@pytest.mark.parametrize(
    ("inputs", "what", "advice"),
    [
        ({"reg": "a lot"}, "reg must be one number.", "It is 'a lot'."),
        ({"reg": [1, 2]}, "reg must be one number.", "It is [1, 2]."),
        ({"X": 3}, "X must be numbers in 2 dimensions.", "It is 3."),
        ({"y": [[0]]}, "y must be numbers in 1 dimension.", "It is [[0]]."),
        ({"X": [[1, 2], [3]]}, "X must be numbers in 2 dimensions.", "It is [[1, 2], [3]]."),
    ],
)
def test_an_input_of_another_form_is_told(inputs, what, advice):
    """Before the function is called."""
    result = picture("svm_loss", inputs, {"svm_loss": defined(SVM, "svm_loss")}, A1)
    assert said(result) == [what, advice]


def test_inputs_that_do_not_fit_each_other_are_the_functions_error():
    """The picture goes as far as the code goes."""
    shown = picture("svm_loss", {"X": np.ones((2, 9))}, {"svm_loss": defined(SVM, "svm_loss")}, A1)
    assert shown.error.startswith("svm_loss stops in line 5: ValueError: matmul")


def test_a_name_without_quotes_is_told(folder):
    """draw(sigmoid_circuit) instead of draw("sigmoid_circuit")."""
    result = picture(defined(SIGMOID, "sigmoid_circuit"), {}, {}, folder)
    assert said(result) == ["draw takes the name of an exercise, in quotes.", 'Write draw("sigmoid_circuit").']


def test_code_without_an_end_is_stopped(folder):
    """The contract's time for one call holds here, too."""
    (folder / "exercises.toml").write_text(f"[assignment.limits]\ncall_seconds = 0.2\n{CONTRACT}")
    result = drawn(edited("s0 = w0 * x0", "s0 = [w0 for _ in iter(int, 1)]"), folder)
    assert result.verdict is Verdict.TIMEOUT
    assert said(result) == ["sigmoid_circuit was stopped after 0.2 seconds.", "Draw it on smaller inputs."]


def test_a_fault_of_ours_is_ours(folder, monkeypatch):
    """It does not look like one of the student's."""
    monkeypatch.setitem(picture.__globals__, "circuit_of", lambda *_: 1 / 0)
    result = drawn(SIGMOID, folder)
    assert result.verdict is Verdict.GRADER_FAULT
    assert said(result) == [
        "draw itself stopped: ZeroDivisionError: division by zero.",
        "This is not your fault: tell the course staff.",
    ]


def test_what_the_function_prints_is_not_shown(folder, capsys):
    """draw shows a picture and nothing else."""
    drawn(edited("    s0 =", "    print('here')\n    s0 ="), folder)
    assert capsys.readouterr().out == ""


# --- where it is called ------------------------------------------------------------------------------------------


def test_draw_finds_the_callers_function_and_its_contract(folder, monkeypatch):
    """In the caller's globals, and in the working directory."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv(GRADING, raising=False)
    monkeypatch.setitem(globals(), "sigmoid_circuit", defined(SIGMOID, "sigmoid_circuit"))
    assert draw("sigmoid_circuit", w0=1.0).values[0].value == 1.0


def test_draw_is_silent_when_graded(monkeypatch):
    """Nothing is run twice there."""
    monkeypatch.setenv(GRADING, "1")
    assert draw("sigmoid_circuit") is None


def test_check_has_the_picture_of_what_does_not_fit():
    """Closed below the table, on the inputs that the finding is about, with the first stage that differs marked."""
    text = edited(" + 1)", ")", SVM)
    result = look("svm_loss", {"svm_loss": defined(text, "svm_loss")}, A1)
    assert result.picture.mark == "margins"
    assert result.picture.where == '"lecture 4: one example with scores -2.85, 0.86, 0.28 and label 2"'
    html = result._repr_html_()
    assert html.count("<details>") == html.count('<polygon class="bad"') == 1
    assert f"<summary>{result.picture.title.replace(chr(34), '&quot;')}: margins is marked</summary>" in html


def test_the_picture_of_a_slope_is_on_the_inputs_of_the_slope():
    """Its numbers are those of the finding."""
    text = edited("2 * reg * W", "reg * W", SVM)
    shown = look("svm_loss", {"svm_loss": defined(text, "svm_loss")}, A1).picture
    assert (shown.mark, shown.where) == ("dW", "random inputs (N = 5, D = 7, C = 4)")
    assert {value.name: np.shape(value.value) for value in shown.values}["X"] == (5, 7)


@pytest.mark.parametrize("text", [SVM, a1_solutions()["svm_loss"].equivalents["loops"].replace("+ 1", "+ 2")])
def test_check_has_no_picture_of_what_is_right_or_not_flat(text):
    """Nothing to mark, or nothing to draw."""
    result = look("svm_loss", {"svm_loss": defined(text, "svm_loss")}, A1)
    assert result.picture is None
    assert "<details>" not in result._repr_html_()
