"""The documents: what they point to exists, and what they show is true."""

import re
import tomllib

import pytest
from support.course import ROOT

from flatgrade import __version__
from flatgrade.cli import app
from flatgrade.core.contract import load_assignment
from flatgrade.grader.prove import hidden_cases
from flatgrade.grader.reference import load_solutions

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "datasets").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    """No link or picture of a page is broken."""
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_there_are_pages_to_look_at():
    """The README and the pages that it names are among those that are tested."""
    assert {"README.md", "architecture.md", "protocol.md", "record.md", "exercises.md", "cli.md", "proofs.md"} <= {
        page.name for page in PAGES
    }


def test_commands_in_the_readme_exist():
    """Every `flatgrade ...` and `make ...` of the README is a command and a target."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"^\$ flatgrade (\w+)", text, re.MULTILINE))
    assert commands == {"grade", "prove", "release"}
    assert commands <= {command.callback.__name__ for command in app.registered_commands}
    targets = set(re.findall(r"^\$ make (\w+)", text, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets == {"demo", "test"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_version_and_changelog_agree():
    """The newest entry of the changelog is the version of the package."""
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest[1] == __version__


def test_proofs_page_lists_every_exercise():
    """docs/proofs.md has a row of ticks for each exercise of every assignment."""
    rows = (ROOT / "docs" / "proofs.md").read_text(encoding="utf-8").splitlines()
    contracts = [path.read_text(encoding="utf-8") for path in (ROOT / "assignments").glob("*/exercises.toml")]
    names = [name for text in contracts for name in tomllib.loads(text) if name != "assignment"]
    for name in names:
        found = [row for row in rows if row.startswith(f"| {name} |")]
        assert len(found) == names.count(name)  # sgd is in two assignments
        assert not any("✗" in row for row in found)


@pytest.mark.parametrize("folder", sorted((ROOT / "assignments").iterdir()), ids=lambda folder: folder.name)
def test_the_kill_table_has_a_row_for_each_mistake(folder):
    """docs/kills/<assignment>.md tells of every known mistake, where it lies, which hidden case shows it, and how many."""
    text = (ROOT / "docs" / "kills" / f"{folder.name}.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\w+)$\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    solutions = load_solutions(ROOT / "solutions", load_assignment(folder))
    assert set(sections) == {name for name, solution in solutions.items() if solution.mistakes}
    for name, section in sections.items():
        rows = [line[2:-2].split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
        assert [tuple(row[:2]) for row in rows] == [(item.tag, item.stage) for item in solutions[name].mistakes], name
        hidden = [case.label for case in hidden_cases(solutions[name], "prove")]
        for _, _, first, count in rows:
            assert first in hidden
            assert count in {f"{shown} of {len(hidden)}" for shown in range(1, len(hidden) + 1)} | {
                f"**this case alone**, of {len(hidden)}"
            }


def test_pages_that_name_mistakes_say_whom_they_are_for():
    """Whoever opens a kill table reads first that it is no page for students."""
    pages = [ROOT / "docs" / "kills.md", *(ROOT / "docs" / "kills").glob("*.md")]
    assert len(pages) == 1 + len(list((ROOT / "assignments").iterdir()))
    assert all(page.read_text(encoding="utf-8").splitlines()[2].startswith("**For instructors.**") for page in pages)


def test_the_protocol_page_lists_what_the_code_sends():
    """dtypes and statuses of docs/protocol.md are those of the code."""
    from flatgrade.core.wire import DTYPES

    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    listed = set(re.search(r"dtypes: `([^`]+)`", text)[1].split())
    assert listed == DTYPES
    for status in ("ok", "missing", "error", "timeout", "memory", "untraced"):
        assert f"`{status}`" in text
