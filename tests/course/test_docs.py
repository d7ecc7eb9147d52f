"""The documents: what they point to exists, and what they show is true."""

import re
import tomllib

import pytest
from support.course import ROOT

from flatgrade import __version__
from flatgrade.cli import app

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "datasets").rglob("*.md")])


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
    for path in (ROOT / "assignments").glob("*/exercises.toml"):
        for name in tomllib.loads(path.read_text(encoding="utf-8")):
            if name != "assignment":
                [row] = [row for row in rows if row.startswith(f"| {name} |")]
                assert "✗" not in row


def test_the_protocol_page_lists_what_the_code_sends():
    """dtypes and statuses of docs/protocol.md are those of the code."""
    from flatgrade.core.wire import DTYPES

    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    listed = set(re.search(r"dtypes: `([^`]+)`", text)[1].split())
    assert listed == DTYPES
    for status in ("ok", "missing", "error", "timeout", "memory", "untraced"):
        assert f"`{status}`" in text
