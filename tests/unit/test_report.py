"""What people read: the rows of a class, the verdict in a cell, the class page."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import nbconvert
import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.utils import determine_grade

from flatgrade.core.finding import Finding, Verdict
from flatgrade.grader.record import ExerciseRecord, Record, StageRecord
from flatgrade.report.chart import histogram_svg
from flatgrade.report.page import PlantedMistake, class_page, planted_mistakes
from flatgrade.report.stages import stages_picture, stages_svg
from flatgrade.report.statistics import Bin, class_figures, histogram
from flatgrade.report.table import Row, class_rows
from flatgrade.report.verdict import verdict_outputs, verdict_text
from flatgrade.report.wording import MOST_TEXT, counted, number, outcome, place, plain, points, stage_words

SVM = {"scores": 1, "margins": 2, "data_loss": 1, "reg_loss": 1, "loss": 1, "dmargins": 0, "dscores": 2, "dW": 2}
SOFTMAX = {"scores": 1, "shifted": 1, "probs": 2, "data_loss": 1, "reg_loss": 1, "loss": 1, "dscores": 2, "dW": 1}
STAGES = {"svm_loss": SVM, "softmax_loss": SOFTMAX}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> $\\href{javascript:alert(3)}{x}$ \u202eסוף"


def fault(stage, line, mistake="", hint="", relation="does not follow from"):
    """A finding as the judge words one for a charged stage."""
    return Finding(f"{stage} (line {line}) {relation} your lines above it.", hint, stage, line, mistake)


HALF = fault("dW", 13, "lin-reg1x", "The derivative of W**2 is 2 * W.", "is half of what follows from")
NO_N = fault("data_loss", 7, "svm-noN", "The loss is a mean: over how many examples did you sum?")
DELTA = fault("margins", 5, "svm-delta", "The hinge wants a score lead of 1: where is the + 1?")
NO_ONE = fault("dscores", 11, "sm-nominus1", "The right class's entry is its probability minus 1.")
NO_SHIFT = fault("shifted", 4, "sm-noshift", "exp overflows for large scores: subtract each row's maximum first.")
UNNAMED = fault("probs", 6)
SPECIAL = Finding("Right on typical inputs, wrong on: one example; two classes.", "What is special there?")
DOTS = Finding("A stage is not written yet.", "Replace the ... by your own line.", line=4)
ENDLESS = Finding("softmax_loss was stopped after 5 seconds.", "Look for a loop that never ends.")
DEAD = Finding("The process ended by itself (signal 11).")
GONE = Finding("svm_loss is not defined.", "Was the cell that defines svm_loss deleted or renamed?")
OURS = Finding("The grader failed on this exercise (KeyError: 'x').")


def exercise(name, verdict=Verdict.PASS, *findings):
    """One exercise: stages with a finding are charged; where nothing ran, no stage is shown to be right."""
    charged = {finding.stage for finding in findings}
    ran = verdict in (Verdict.PASS, Verdict.WRONG)
    stages = []
    for stage, worth in STAGES[name].items():
        fate = Verdict.WRONG if stage in charged else Verdict.PASS if ran else Verdict.MISSING
        stages.append(StageRecord(stage, fate, worth if fate is Verdict.PASS else 0, worth))
    passed, run = {Verdict.PASS: (12, 12), Verdict.WRONG: (3, 12)}.get(verdict, (0, 1))
    return ExerciseRecord(
        name=name,
        notebook="linear_svm" if name == "svm_loss" else "softmax",
        cell=f"test_{name}",
        verdict=verdict,
        earned=float(sum(stage.earned for stage in stages)),
        points=10.0,
        stages=tuple(stages),
        findings=findings,
        cases_passed=passed,
        cases_run=run,
        seconds=0.02,
    )


def record(student, *, svm=(), softmax=(), **more):
    """A Record of both exercises, each given by verdict and findings, right by default."""
    exercises = (exercise("svm_loss", *svm), exercise("softmax_loss", *softmax))
    versions = {"flatgrade": "0.1.0", "numpy": "2.2.1"}
    return Record(student, "a1_flat_backprop", exercises, sandbox="L3", seconds=0.05, versions=versions, **more)


def some_class():
    """30 students: 8 right, 15 wrong with one to three findings, and every kind of accident."""
    wrong = Verdict.WRONG
    answers = [
        {},
        {"svm": (wrong, HALF)},
        {"svm": (wrong, NO_N, HALF)},
        {},
        {"softmax": (wrong, NO_ONE)},
        {"svm": (wrong, DELTA, NO_N, HALF), "softmax": (wrong, UNNAMED)},
        {"softmax": (wrong, NO_SHIFT)},
        {"svm": (wrong, fault("dscores", 12), SPECIAL)},
    ]
    names = (
        "Ada Adler", "Bruno Bauer", "Chloé Côté", "Dmitri Dahl", "Eva Eklund", "Farid Faris", "Grete Graf", "Hugo Haas",
        "Ines Ibarra", "Jonas Jensen", "Katya Kern", "Luis López", "Mei Min", "Noor Nasser", "Olga Otto", "Pablo Paz",
        "Quinn Quist", "Rosa Rossi", "Sami Sato", "Tilda Torp", "Uma Ueda", "Viktor Vogt", "Wanda Weiss",
    )  # fmt: skip
    return [
        *(record(name, **answers[i % len(answers)]) for i, name in enumerate(names)),
        record("Yusuf Yıldız", svm=(Verdict.NOT_WRITTEN, DOTS), softmax=(Verdict.NOT_WRITTEN, DOTS)),
        record("Zoë Zimmer", softmax=(Verdict.TIMEOUT, ENDLESS)),
        record("Anton Auer", svm=(Verdict.CRASHED, DEAD), notes=("A cell of the release was put back.",)),
        record("Bea Blum", svm=(Verdict.MISSING, GONE)),
        record("Cai Chen", svm=(Verdict.GRADER_FAULT, OURS)),
        Record("Dora Diaz", "a1_flat_backprop", (), problem="linear_svm.ipynb is not a notebook."),
        record("سارة", softmax=(wrong, UNNAMED)),
    ]


class Elements(HTMLParser):
    """The elements of a page in order, as (tag, attributes), and its text; raises where end tags do not match."""

    VOID = frozenset({"meta", "input", "br", "img"})

    def __init__(self, text):
        super().__init__()
        self.found, self.text, self._open = [], "", []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def tags(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


# Wording


@settings(deadline=None)
@given(st.text() | st.text(st.characters(categories=("Cc", "Cs", "Cf")), min_size=1))
def test_plain_text_is_one_line_and_fits_a_terminal(text):
    """Whatever a student wrote becomes one line of bounded length without control signs that UTF-8 can hold."""
    shown = plain(text)
    shown.encode("utf-8")
    assert len(shown) <= MOST_TEXT
    assert "Cc" not in {unicodedata.category(sign) for sign in shown}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_plain_keeps_what_is_harmless():
    """Names of any script stay as they are; white space becomes one space; a long text is cut with dots."""
    assert plain("Zoë  Zimmer\n\t🙂 سارة") == "Zoë Zimmer 🙂 سارة"
    assert plain("a\x1b[31mb\u202ec\ud800") == "a\ufffd[31mb\ufffdc\ufffd"
    assert plain("x" * 601) == "x" * 596 + " ..."


@pytest.mark.parametrize(
    ("value", "shown"), [(10.0, "10"), (7.5, "7.5"), (10 / 3, "3.33"), (0.0, "0"), (100, "100"), (0.001, "0")]
)
def test_points_have_at_most_two_decimals(value, shown):
    """A number of points is as short as it can be."""
    assert number(value) == shown


def test_counted_agrees_with_its_noun():
    """One student, two students."""
    assert [counted(count, "student") for count in (0, 1, 2, 0.5)] == [
        "0 students", "1 student", "2 students", "0.5 students",
    ]  # fmt: skip


OUTCOMES = {
    Verdict.PASS: "Right on all 12 cases.",
    Verdict.WRONG: "Right on 3 of 12 cases.",
    Verdict.NOT_WRITTEN: "Not written yet.",
    Verdict.MISSING: "There was nothing to run.",
    Verdict.ERROR: "It stops with an error.",
    Verdict.TIMEOUT: "It was stopped: out of time.",
    Verdict.MEMORY: "It was stopped: out of memory.",
    Verdict.OUTPUT_LIMIT: "It was stopped: too much output.",
    Verdict.CRASHED: "The process that ran it ended.",
    Verdict.FORBIDDEN: "It was stopped: it tried what is not allowed here.",
    Verdict.MALFORMED: "What came back cannot be read.",
    Verdict.GRADER_FAULT: "The grader failed here, not the answer: it costs no points and will be graded again.",
}


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_its_sentence(verdict):
    """No verdict is left without words."""
    assert outcome(exercise("svm_loss", verdict)) == OUTCOMES[verdict]


def test_outcome_without_cases():
    """An exercise of one case, or of none, does not speak of all cases."""
    right, wrong = exercise("svm_loss"), exercise("svm_loss", Verdict.WRONG)
    assert outcome(replace(right, cases_run=1)) == "Right."
    assert outcome(replace(wrong, cases_run=0)) == "Wrong."


def test_points_of_an_exercise():
    """A fault of ours shows no points at all."""
    assert points(exercise("svm_loss", Verdict.WRONG, HALF)) == "8 of 10 points"
    assert points(exercise("svm_loss", Verdict.GRADER_FAULT, OURS)) == "not graded"


def test_place_says_what_is_known():
    """Of exercise, line and stage, what is not known is left out."""
    assert place("svm_loss", HALF) == "svm_loss line 13: dW"
    assert place("svm_loss", replace(HALF, line=0)) == "svm_loss: dW"
    assert place("svm_loss", DOTS) == "svm_loss line 4"
    assert place("svm_loss", DEAD) == "svm_loss"


# Rows


def test_rows_say_the_first_wrong_line():
    """One row a Record, in order; the lowest line of the first wrong exercise, its mistake, and how much more."""
    wrong = Verdict.WRONG
    rows = class_rows(
        [
            record("right"),
            record("named", svm=(wrong, HALF, NO_N), softmax=(wrong, UNNAMED)),
            record("no name", softmax=(wrong, SPECIAL, UNNAMED)),
            record("nothing said", svm=(Verdict.MEMORY,)),
            record("ours", svm=(Verdict.GRADER_FAULT, OURS)),
            Record("not taken in", "a1", (), problem="The notebook is not JSON."),
            record("bad\x1b[2Jname", softmax=(Verdict.TIMEOUT, ENDLESS)),
        ]
    )
    assert rows == [
        Row("right", "20 / 20", "✓✓"),
        Row("named", "15 / 20", "✗✗", "svm_loss line 7: data_loss", "svm-noN", NO_N.advice, 2),
        Row("no name", "18 / 20", "✓✗", "softmax_loss line 6: probs", "", UNNAMED.what, 1),
        Row("nothing said", "10 / 20", "!✓", "svm_loss", "", "It was stopped: out of memory."),
        Row("ours", "not graded", "!✓", "svm_loss", "", OURS.what),
        Row("not taken in", "not graded", "", "", "", "The notebook is not JSON."),
        Row("bad\ufffd[2Jname", "10 / 20", "✓!", "softmax_loss", "", str(ENDLESS)),
    ]


# The verdict of a cell


def graded_cell(result):
    """A test cell that holds the outputs of the verdict."""
    marks = {"grade": True, "solution": False, "locked": True, "grade_id": "x", "schema_version": 3, "points": 10}
    cell = nbformat.v4.new_code_cell("check()", metadata={"nbgrader": marks})
    cell.outputs = nbformat.from_dict(verdict_outputs(result))
    return cell


@settings(deadline=None)
@given(st.floats(0, 10) | st.sampled_from([0.1 + 0.2, 10 / 3, 7.5, 1e-9, 10]))
def test_nbgrader_reads_the_same_points(earned):
    """A re-score of the cell by stock nbgrader gives exactly the points of the Record."""
    cell = graded_cell(replace(exercise("svm_loss", Verdict.WRONG), earned=earned))
    assert determine_grade(cell) == (earned, 10.0)


def test_points_beyond_the_exercise_are_never_written():
    """Rounding in a sum of stages cannot make points that nbgrader refuses."""
    assert determine_grade(graded_cell(replace(exercise("svm_loss"), earned=10.0000000001))) == (10.0, 10.0)


@pytest.mark.parametrize("verdict", Verdict)
def test_outputs_are_a_notebook(verdict):
    """Every verdict gives valid nbformat: a display, then the points as a plain number."""
    cell = graded_cell(exercise("svm_loss", verdict, HALF))
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    display, result = cell.outputs
    assert (display.output_type, sorted(display.data)) == ("display_data", ["text/html", "text/plain"])
    assert (result.output_type, sorted(result.data)) == ("execute_result", ["text/plain"])


def test_verdict_in_text():
    """A wrong answer shows its stages and findings, one that is right or never ran shows no stages."""
    wrong = exercise("svm_loss", Verdict.WRONG, NO_N, HALF)
    stages = [*wrong.stages[:-3], replace(wrong.stages[-3], verdict=Verdict.MISSING), *wrong.stages[-2:]]
    assert verdict_text(replace(wrong, stages=tuple(stages))) == (
        """\
✗ svm_loss: 7 of 10 points. Right on 3 of 12 cases.
  ✓ scores         1 / 1  right
  ✓ margins        2 / 2  right
  ✗ data_loss      0 / 1  an error starts here
  ✓ reg_loss       1 / 1  right
  ✓ loss           1 / 1  right
  ∅ dmargins   no points  nothing shows that it is right
  ✓ dscores        2 / 2  right
  ✗ dW             0 / 2  an error starts here
  data_loss (line 7) does not follow from your lines above it.
    The loss is a mean: over how many examples did you sum?
  dW (line 13) is half of what follows from your lines above it.
    The derivative of W**2 is 2 * W."""
    )
    assert verdict_text(exercise("svm_loss")) == "✓ svm_loss: 10 of 10 points. Right on all 12 cases."
    assert verdict_text(exercise("softmax_loss", Verdict.TIMEOUT, ENDLESS)) == (
        "! softmax_loss: 0 of 10 points. It was stopped: out of time.\n"
        "  softmax_loss was stopped after 5 seconds.\n"
        "    Look for a loop that never ends."
    )


def test_verdict_in_html_says_the_same():
    """The block has all the words of the text, one row a stage, inline styles and no script."""
    result = exercise("svm_loss", Verdict.WRONG, NO_N, HALF)
    page = Elements(verdict_outputs(result)[0]["data"]["text/html"])
    assert len(page.tags("tr")) == len(SVM)
    tags = {"div", "span", "strong", "bdi", "img", "table", "tbody", "tr", "td", "th", "p"}
    assert {tag for tag, _ in page.found} == tags
    assert page.text.startswith("✗ svm_loss \xa07 of 10 points \xa0Right on 3 of 12 cases.")
    assert "✗data_loss0 / 1an error starts here" in page.text
    assert "✓dmarginsno pointsright" in page.text
    assert page.text.endswith("".join(str(finding) for finding in result.findings))


def test_no_text_of_a_student_is_read_as_html():
    """Hostile findings add no element and no formula: the elements are those of harmless findings."""
    harmless = Finding("dW is wrong", "Look there.", "dW", 3)
    hostile = Finding(HOSTILE, HOSTILE, "dW", 3)
    one, other = (
        Elements(verdict_outputs(exercise("svm_loss", Verdict.WRONG, finding))[0]["data"]["text/html"])
        for finding in (harmless, hostile)
    )
    assert one.found == other.found
    assert other.text.count(plain(HOSTILE)) == 2
    assert other.found[0][1]["class"] == "tex2jax_ignore mathjax_ignore"


def test_verdict_stands_in_a_page_of_nbconvert():
    """nbconvert, which formgrader and feedback use, shows the block as HTML and the points beside it."""
    cell = graded_cell(exercise("svm_loss", Verdict.WRONG, HALF))
    page, _ = nbconvert.HTMLExporter(template_name="classic").from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert "<strong><bdi>dW (line 13) is half of what follows from your lines above it.</bdi></strong>" in page
    assert "<pre>8</pre>" in page


def drawn(*stages):
    """The stages' picture, read as XML, from left to right: row (0: values), name, shape, its class, and sign."""
    svg = "{http://www.w3.org/2000/svg}"
    root = ET.fromstring(stages_svg([StageRecord(name, verdict, 0, 0) for name, verdict in stages]))
    shapes = [part for part in root if part.tag in (f"{svg}rect", f"{svg}polygon")]
    names = [part for part in root.iter(f"{svg}text") if part.get("class") in ("name", "bold")]
    return [
        (int(float(name.get("y")) // 36), name.text, part.tag.removeprefix(svg), part.get("class"), sign.text)
        for part, name, sign in zip(shapes, names[::2], names[1::2], strict=True)
    ]


def test_a_verdict_shows_values_above_their_gradients():
    """Gradients of inputs stand in front; an error is a stop sign with a cross in a colour of its own."""
    ok, wrong, unshown = Verdict.PASS, Verdict.WRONG, Verdict.MISSING
    assert drawn(("q", ok), ("f", unshown), ("dq", wrong), ("dW", ok)) == [
        (1, "dW", "rect", "pass", "✓"),
        (0, "q", "rect", "pass", "✓"),
        (1, "dq", "polygon", "bad", "✗"),
        (0, "f", "rect", "rest", "∅"),
    ]


def test_a_value_that_begins_with_d_is_no_gradient():
    """data_loss stands above the line, as does dist where there is no ist."""
    found = drawn(*((name, Verdict.PASS) for name in ("dist", "data_loss", "loss", "grad_loss", "grad_dist")))
    assert [part[:2] for part in found] == [
        (0, "dist"),
        (1, "grad_dist"),
        (0, "data_loss"),
        (0, "loss"),
        (1, "grad_loss"),
    ]


def test_the_picture_of_a_verdict_needs_nothing_else():
    """It is in the page itself, with words beside it; foreign names in it are escaped."""
    page = Elements(verdict_outputs(exercise("svm_loss", Verdict.WRONG, HALF, DELTA))[0]["data"]["text/html"])
    (image,) = page.tags("img")
    assert image["alt"] == "The stages, values in a row and gradients below. An error starts at margins and dW."
    assert image["src"].startswith("data:image/svg+xml;base64,")
    assert "border:0" in image["style"].split(";")  # formgrader would frame it in red
    hostile = StageRecord(HOSTILE, Verdict.WRONG, 0, 1)
    (image,) = Elements(stages_picture([hostile])).tags("img")
    root = ET.fromstring(base64.b64decode(image["src"].partition(",")[2]))
    assert [part.text for part in root.iter() if part.get("class") == "name"] == [plain(HOSTILE)]
    assert [part.tag for part in root.iter() if part.tag.endswith(("script", "img"))] == []


def test_outputs_without_values_below_which_gradients_could_stand_are_one_row():
    """A layer's gradients belong to inputs that are not shown: no row is named, and none is empty."""
    layer = [StageRecord(name, Verdict.WRONG, 0, 2) for name in ("out", "dx", "dw", "db")]
    root = ET.fromstring(stages_svg(layer))
    assert [part.get("class") for part in root.iter() if part.get("class") == "row"] == []
    assert len({part.get("y") for part in root.iter() if part.get("class") == "name"}) == 1
    (image,) = Elements(stages_picture(layer[:1])).tags("img")
    assert image["alt"] == "The stages, in a row. An error starts at out."


def test_many_stages_stand_in_several_bands():
    """The picture is never wider than a page."""
    stages = [StageRecord(f"value_{i}", Verdict.PASS, 1, 1) for i in range(40)]
    root = ET.fromstring(stages_svg(stages))
    assert float(root.get("width")) <= 840
    assert len({part.get("y") for part in root.iter() if part.get("class") == "name"}) == 6


def test_a_verdict_that_is_the_same_for_all_stages_has_no_picture():
    """Where all is right, or nothing ran, there is nothing to tell apart."""
    for verdict in (Verdict.PASS, Verdict.ERROR):
        assert Elements(verdict_outputs(exercise("svm_loss", verdict))[0]["data"]["text/html"]).tags("img") == []


# Figures


def test_figures_of_the_class():
    """Means count graded submissions; stages, mistakes and verdicts are counted as the Records have them."""
    figures = class_figures(some_class())
    assert (figures.submissions, figures.graded, figures.full, figures.points) == (30, 28, 6, 20.0)
    assert (figures.mean, figures.median) == (pytest.approx(459 / 28), 18.0)
    assert dict(figures.verdicts) == {
        Verdict.PASS: 31, Verdict.WRONG: 21, Verdict.NOT_WRITTEN: 2, Verdict.MISSING: 1, Verdict.TIMEOUT: 1,
        Verdict.CRASHED: 1, Verdict.GRADER_FAULT: 1,
    }  # fmt: skip
    assert [(item.tag, len(item.students)) for item in figures.mistakes] == [
        ("lin-reg1x", 9), ("svm-noN", 6), ("sm-nominus1", 3), ("svm-delta", 3), ("sm-noshift", 3),
    ]  # fmt: skip
    svm, softmax = figures.exercises
    assert [(stage.name, stage.wrong, stage.unshown) for stage in svm.stages] == [
        ("scores", 0, 3), ("margins", 3, 3), ("data_loss", 6, 3), ("reg_loss", 0, 3), ("loss", 0, 3),
        ("dmargins", 0, 3), ("dscores", 2, 3), ("dW", 9, 3),
    ]  # fmt: skip
    assert svm.stages[-1].share == pytest.approx(12 / 28)
    assert (softmax.name, softmax.points, sum(count for _, count in softmax.verdicts)) == ("softmax_loss", 10.0, 28)
    assert (figures.unnamed, figures.seconds) == (6, pytest.approx(29 * 0.05))


def test_a_mistake_of_two_exercises_is_one_mistake():
    """A tag that exercises share is counted once a student, with both places and the hint that is given most."""
    other = replace(HALF, advice="2 W.")
    wrong = Verdict.WRONG
    records = [record("a", svm=(wrong, HALF), softmax=(wrong, other)), record("b", softmax=(wrong, HALF))]
    (mistake,) = class_figures(records).mistakes
    assert mistake.places == (("svm_loss", "dW"), ("softmax_loss", "dW"))
    assert (mistake.students, mistake.hint) == ((0, 1), HALF.advice)


def test_only_errors_that_were_not_recognised_are_unnamed():
    """A named error is not counted twice for what else was said of its stage, nor is a stage that is not written."""
    said = Finding("dW has wrong values.", stage="dW")
    empty = Finding("scores is not written yet.", stage="scores")
    named = record("a", svm=(Verdict.WRONG, HALF, said), softmax=(Verdict.NOT_WRITTEN,))
    stages = tuple(replace(stage, verdict=Verdict.MISSING) for stage in named.exercises[1].stages)
    unwritten = replace(named.exercises[1], findings=(empty,), stages=stages)
    assert class_figures([replace(named, exercises=(named.exercises[0], unwritten))]).unnamed == 0
    assert class_figures([record("a", svm=(Verdict.WRONG, said))]).unnamed == 1


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=40), st.sampled_from([0.5, 1, 7, 10, 13.5, 20, 55, 100, 2238.92, 1e6 / 3]))
def test_histogram_counts_everybody_once(shares, points):
    """Bars follow each other without a gap, at most 20 and one for full points, and count every student once."""
    earned = [share * points for share in shares]
    bars = histogram(earned, points)
    assert sum(bar.count for bar in bars) == len(earned)
    assert len(bars) <= 21
    assert [bar.high for bar in bars[:-1]] == pytest.approx([bar.low for bar in bars[1:]])
    assert bars[-1] == Bin(points, points, sum(value >= points for value in earned))


def test_histogram_is_drawn_with_title_and_description():
    """The picture says in words what its bars show; without points there is no picture."""
    bars = histogram([0, 4, 4.5, 10], 10)
    page = Elements(str(histogram_svg(bars, 4.25)))
    assert len(page.tags("rect")) == 4
    assert page.tags("svg")[0]["role"] == "img"
    assert page.tags("svg")[0]["aria-labelledby"] == "chart-title chart-desc"
    assert page.text.startswith(
        "Students by points0 to under 0.5 points: 1 student. 4 to under 4.5 points: 1 student. "
        "4.5 to under 5 points: 1 student. 10 points: 1 student. The median is 4.25."
    )
    assert histogram_svg(histogram([0.0], 0.0), 0.0) == ""


# The page


def test_page_has_a_row_for_each_student():
    """30 students make 30 rows that open, each with all columns, and every header has its scope."""
    page = Elements(class_page(some_class(), "Flat backprop"))
    rows = [attributes for attributes in page.tags("tbody") if attributes.get("id", "").startswith("s")]
    assert [row["id"] for row in rows] == [f"s{i}" for i in range(30)]
    assert len([row for row in page.tags("tr") if row.get("class") == "more"]) == 30
    headers = page.tags("th")
    assert len(headers) > 30
    assert all(header.get("scope") in ("row", "col") for header in headers)
    for words in ("Flat backprop", "Farid Faris", "28 graded, 6 with full points", "dW (line 13) is half", "lin-reg1x"):
        assert words in page.text
    assert "linear_svm.ipynb is not a notebook." in page.text
    assert "The grader itself failed: run the grading again; the export waits for it." in page.text
    assert "sandbox L3: 29 submissions." in page.text


def test_page_loads_nothing():
    """All is in the file: no address but those within the page, one script, whose hash is the only one allowed."""
    text = class_page(some_class(), "T")
    page = Elements(text)
    addresses = [value for _, attributes in page.found for name, value in attributes.items() if name in ("href", "src")]
    assert len(addresses) > 20
    assert all(address.startswith("#") for address in addresses)
    assert "url(" not in text
    assert "@import" not in text
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(item["content"] for item in page.tags("meta") if "http-equiv" in item)
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hashed}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_links_lead_somewhere():
    """Every address within the page is the id of an element, and no id is given twice."""
    page = Elements(class_page(some_class(), "T"))
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {item["href"].removeprefix("#") for item in page.tags("a")} <= set(ids)


def test_hostile_texts_stay_texts():
    """The page of hostile names, problems, notes and findings has the elements of the harmless page, and no others."""

    def page(text):
        finding = Finding(text, text, "dW", 3, text)
        one = record(text, svm=(Verdict.WRONG, finding), problem=text, notes=(text,))
        return Elements(class_page([one], text, planted={text: [("svm_loss", "dW", text)]}))

    harmless, hostile = page("Ada"), page(HOSTILE)
    keyed = [{k: v for k, v in attributes.items() if k != "data-key"} for _, attributes in hostile.found]
    assert [tag for tag, _ in hostile.found] == [tag for tag, _ in harmless.found]
    assert keyed == [{k: v for k, v in attributes.items() if k != "data-key"} for _, attributes in harmless.found]
    assert hostile.text.count(plain(HOSTILE)) == harmless.text.count("Ada") > 8


def test_planted_beside_found():
    """What was planted is looked up in the findings of its exercise: named, found at its stage only, or not found."""
    one = record("Ada", svm=(Verdict.WRONG, HALF), softmax=(Verdict.WRONG, UNNAMED))
    planted = [("svm_loss", "dW", "lin-reg1x"), ("softmax_loss", "probs", "sm-axis"), ("svm_loss", "loss", "lin-noreg")]
    assert planted_mistakes(one, planted) == (
        PlantedMistake("svm_loss", "dW", "lin-reg1x", found=True, named=True, line=13),
        PlantedMistake("softmax_loss", "probs", "sm-axis", found=True, named=False, line=6),
        PlantedMistake("svm_loss", "loss", "lin-noreg", found=False, named=False, line=0),
    )
    text = " ".join(Elements(class_page([one, record("Bo")], "T", {"Ada": planted, "Bo": ()})).text.split())
    assert "Planted mistakes3 2 found at their stage, 1 named" in text
    assert "lin-reg1x dW in svm_loss: named, line 13" in text
    assert "sm-axis probs in softmax_loss: found, not named, line 6" in text
    assert "lin-noreg loss in svm_loss: not found" in text
    assert "Planted" not in Elements(class_page([one], "T")).text


def test_page_of_nobody():
    """A class without a submission, or without a grade, still has its page."""
    refused = Record("Dora", "a1", (), problem="There is no notebook.")
    assert "0 graded, 0 with full points" in Elements(class_page([], "T")).text
    assert "No mistake was named." in Elements(class_page([refused], "T")).text


def test_signs_have_words():
    """Where colour or a sign tells a verdict, its name or its words stand beside it."""
    text = Elements(class_page(some_class(), "T")).text
    for one in some_class():
        for item in one.exercises:
            assert item.verdict.value in text
    assert stage_words(Verdict.WRONG) in text
    assert stage_words(Verdict.MISSING) in text


@pytest.mark.browser
def test_page_in_a_browser(tmp_path):
    """Rows sort by points, are found by words, open by click and by link; nothing is loaded, nothing goes wrong."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
    chromium = shutil.which("chromium") or pytest.skip("chromium is missing")
    path = tmp_path / "class.html"
    hostile = record(HOSTILE, svm=(Verdict.WRONG, Finding(HOSTILE, HOSTILE)))
    path.write_text(class_page([*some_class(), hostile], "T"), encoding="utf-8")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())

        def scores():
            return page.locator("tr.student td.points").all_inner_texts()

        page.get_by_role("button", name="Points").click()
        assert (scores()[:3], scores()[-1]) == (["not graded", "not graded", "0 / 20"], "20 / 20")
        page.get_by_role("button", name="Points").click()
        assert (scores()[0], scores()[-1]) == ("20 / 20", "not graded")
        page.get_by_label("Find").fill("svm-delta faris")
        assert page.locator("tbody:visible tr.student").count() == 1
        assert page.locator("#shown").inner_text() == "1 of 31 shown"
        page.get_by_role("button", name="Open all").click()
        assert page.locator("tr.more:visible").count() == 1
        page.get_by_label("Find").fill("")
        assert page.locator("tr.more:visible").count() == 1
        page.get_by_role("link", name="Cai Chen").first.click()
        assert page.locator("#s27 tr.more").is_visible()
        page.locator("#s0 summary").press("Enter")
        assert page.locator("tr.more:visible").count() == 3
        browser.close()
    assert said == []
    assert asked == [path.as_uri()]
