"""What is shipped: the wheel and the sdist hold nothing secret, and the wheel works by itself."""

import subprocess
import sys
import tarfile
import zipfile

import pytest
from support.course import ROOT
from support.notebooks import INSTALL


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def members(dist):
    [wheel], [sdist] = dist.glob("*.whl"), dist.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(sdist) as archive:
        files = [item for item in archive.getmembers() if item.isfile()]
        in_sdist = {item.name: archive.extractfile(item).read() for item in files}
    return {"wheel": in_wheel, "sdist": in_sdist}


def secret_texts():
    """Texts that stand in solutions/ and nowhere else: hints of mistakes, and the references' own lines."""
    for path in (ROOT / "solutions").rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        yield from (line.strip().encode() for line in lines if line.strip().startswith("Mistake("))
        yield b"def torch_path"


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_nothing_of_the_solutions_is_shipped(members, kind):
    """No file of solutions/, no hint of a mistake, no hidden case is in what students install."""
    files = members[kind]
    assert len(files) > 30
    assert [name for name in files if "solutions" in name.split("/")] == []
    assert [name for name in files if name.endswith(".ipynb")] == []
    assert [name for name in files if "docs" in name.split("/")] == []  # they name the mistakes
    secrets = list(secret_texts())
    assert len(secrets) > 90
    together = b"\n".join(files.values())
    assert [text for text in secrets if text in together] == []


def test_the_wheel_holds_both_packages_and_their_data(members):
    """Templates and built-in data travel with the code."""
    files = members["wheel"]
    for name in ("flatgrade/core/replay.py", "flatgrade/report/templates/class.html.j2", "flatgrade_data/__init__.py"):
        assert name in files
    assert any(name.startswith("flatgrade_data/") and "digits" in name and not name.endswith(".py") for name in files)


FIRST_CELL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance().run_cell(sys.argv[1]).raise_error()
import flatgrade.student, importlib.metadata
assert importlib.metadata.version("ipython") == "7.34.0"
"""
SMOKE = """
import numpy as np, flatgrade, flatgrade_data, importlib.util
assert importlib.util.find_spec("nbgrader") is None and importlib.util.find_spec("pytest") is None
data = flatgrade_data.digits()
assert data.X_train.dtype == np.float32
from flatgrade.student import check
print(flatgrade.__version__, check.__name__)
"""


def test_the_wheel_works_without_development_packages(dist, tmp_path):
    """The first cell of a notebook installs the wheel beside it: NumPy, Matplotlib, and the IPython that runs stays.

    The instructor's command says what it needs.
    """
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    as_colab = [python, "-m", "pip", "install", "--quiet", "ipython==7.34.0", "setuptools<81"]
    subprocess.run(as_colab, check=True, capture_output=True)
    subprocess.run([python, "-c", FIRST_CELL, INSTALL], check=True, capture_output=True, cwd=dist)
    told = subprocess.run([python, "-I", "-c", SMOKE], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert told.stdout == "0.1.0 check\n"
    program = subprocess.run([environment / "bin" / "flatgrade"], check=False, capture_output=True, text=True)
    assert program.returncode == 2
    assert program.stderr == (
        "flatgrade's command line is for instructors and needs typer, rich, nbgrader: "
        "run pip install 'flatgrade[grading]'. In a notebook, from flatgrade.student import check works without it.\n"
    )
