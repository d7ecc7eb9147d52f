"""What a student and a TA have before them: a released and graded course, JupyterLab, and Debian's chromium.

The pictures that the tests take go to their tmp_path. To have them in a folder, and to make the README's picture anew:

    FLATGRADE_SCREENSHOTS=build/screenshots .venv/bin/pytest tests/browser
    cp build/screenshots/check.png docs/
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from support.course import A1, LINEAR, SOLUTIONS, a1_solutions

from flatgrade.commands import answer_key, grade
from flatgrade.course.directory import Course
from flatgrade.course.release import release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from playwright.sync_api import Locator, Page

PATIENCE = 60  # seconds that a server, a page or a kernel may take on a busy machine
SWITCHES = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}
NEWS = "lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"


class Classroom:
    """A course with a1 released, and what a test does with it."""

    def __init__(self, root: Path) -> None:
        shutil.copy(LINEAR / "nbgrader_config.py", root)
        shutil.copytree(A1, root / "assignments" / A1.name, ignore=shutil.ignore_patterns(".*"))
        self.course = Course.open(root)
        release(self.course, A1.name)
        self.released = self.course.release(A1.name)

    def hand_in(self, student: str, answers: Mapping[str, str]) -> None:
        """Hand in the released notebooks with the answer cells (by grade_id) that `answers` gives."""
        folder = self.course.submitted(student, A1.name)
        shutil.copytree(self.released, folder)
        for path in folder.glob("*.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            for cell in notebook.cells:
                grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
                cell.source = answers.get(grade_id, cell.source)
            nbformat.write(notebook, path)

    def grade(self) -> list[Any]:
        """Grade what was handed in, into nbgrader's gradebook; returns the Records."""
        key = answer_key(self.course, A1.name, SOLUTIONS)
        return list(grade(self.course, key, workers=1))

    def submission_id(self, student: str, notebook: str) -> str:
        """The id under which formgrader shows a student's notebook."""
        with self.course.gradebook() as gradebook:
            return str(gradebook.find_submission_notebook(notebook, A1.name, student).id)


@pytest.fixture(scope="session")
def playwright() -> ModuleType:
    """Playwright's synchronous interface, with the patience that these tests have."""
    module: ModuleType = pytest.importorskip(
        "playwright.sync_api", reason="playwright is missing: pip install playwright"
    )
    module.expect.set_options(timeout=PATIENCE * 1000)
    return module


@pytest.fixture(scope="session", autouse=True)
def chromium(playwright: ModuleType) -> str:
    """Debian's chromium. Autouse, so that its absence skips a test before a course is made for it."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is missing: apt install chromium")
    return program


@pytest.fixture(scope="session")
def right_answers() -> dict[str, str]:
    """The answer cells of a1 as the reference has them, by grade_id."""
    return {name: solution.answer for name, solution in a1_solutions().items()}


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """A course folder with a1 released and nothing handed in, without the settings of this machine's user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path_factory.mktemp("settings")))
        yield Classroom(tmp_path_factory.mktemp("course"))


@pytest.fixture
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """`serve(folder)` starts JupyterLab in a folder and returns its address; it ends with the test."""
    with ExitStack() as servers:
        yield lambda folder: servers.enter_context(jupyterlab(folder, tmp_path_factory.mktemp("home")))


@contextmanager
def jupyterlab(folder: Path, home: Path) -> Iterator[str]:
    """Run JupyterLab in `folder` with a home of its own, on a port that the system chooses."""
    (home / "config" / NEWS).parent.mkdir(parents=True)
    (home / "config" / NEWS).write_text(json.dumps(NO_NEWS))
    log = home / "log"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--IdentityProvider.token="]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--LabApp.extension_manager=readonly"]
    with log.open("wb") as said:
        server = subprocess.Popen(command, cwd=folder, env=environment(home), stdout=said, stderr=said)
    try:
        yield address(server, home / "runtime", log)
    finally:
        stop(server)


def environment(home: Path) -> dict[str, str]:
    """This process's environment without its settings of Jupyter and IPython; all of them lie in `home` instead."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    places = {f"JUPYTER_{name.upper()}_DIR": str(home / name) for name in ("config", "data", "runtime")}
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return {**kept, **places, **threads, "HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "PATH": programs}


def address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Wait until the server answers, and return its address. Fails with what it printed if it does not."""
    end = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < end:
        for path in runtime.glob("jpserver-*.json"):
            try:
                url = json.loads(path.read_text())["url"]
                with urllib.request.urlopen(f"{url}api", timeout=PATIENCE):
                    return str(url)
            except (ValueError, OSError):
                pass  # the file is being written, or nobody listens yet
        time.sleep(0.05)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server: politely, so that it ends its kernels; if that does not help, by force (kernels then follow)."""
    server.terminate()
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture
def expect(playwright: ModuleType) -> Any:
    """Playwright's `expect`, which waits until what it asserts is true."""
    return playwright.expect


@pytest.fixture
def page(playwright: ModuleType, chromium: str) -> Iterator[Page]:
    """An empty page of a browser that reaches this machine only."""
    with (
        playwright.sync_playwright() as driver,
        driver.chromium.launch(executable_path=chromium, args=SWITCHES) as browser,
    ):
        page = browser.new_page(viewport={"width": 1248, "height": 1000})
        page.set_default_timeout(PATIENCE * 1000)
        # A page must not wait for the outside world (formgrader asks it for MathJax).
        page.route(lambda url: "//127.0.0.1:" not in url, lambda route: route.abort())
        yield page


@pytest.fixture
def photograph(tmp_path: Path) -> Callable[[Locator, str], None]:
    """`photograph(locator, name)` keeps a picture of a part of the page, where the docstring of this file says."""

    def take(locator: Locator, name: str) -> None:
        path = tmp_path / f"{name}.png"
        # The frame of the active cell, the one below, would reach into the picture.
        locator.screenshot(path=path, style=".jp-Cell.jp-mod-active { visibility: hidden; }")
        if folder := os.environ.get("FLATGRADE_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder)

    return take
