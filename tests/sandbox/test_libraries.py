"""Libraries that an assignment does not allow are absent, whatever way student code asks for them."""

import importlib.util
import sys

import pytest
from support.worker import outputs_of

from flatgrade.core.exercise import Limits
from flatgrade.grader.libraries import libraries
from flatgrade.grader.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves on Linux")

LIMITS = Limits(memory_mib=1024)
HAS_TORCH = importlib.util.find_spec("torch") is not None

# Each comes to its last line only if it has the library.
WAYS = {
    "import": "import {name}",
    "from": "from {name} import *",
    "__import__": "__import__({name!r})",
    "importlib": "import importlib; importlib.import_module({name!r})",
    "exec": "exec('import {name}')",
    "eval": "eval('__import__({name!r})')",
    "find_spec": "import importlib.util as u; s = u.find_spec({name!r}); m = u.module_from_spec(s); s.loader.exec_module(m)",
    "finder taken away": "import sys; sys.meta_path.pop(0); import {name}",
    "path finder": "from importlib.machinery import PathFinder as P; s = P.find_spec({name!r}); s.loader.load_module()",
    "source": "import {site!r}; exec(open({site!r} + '/{name}/__init__.py').read())".replace("import {site!r}; ", ""),
    "zip": "import shutil; shutil.copytree({site!r} + '/{name}', 'mine'); import mine",
    "link": "import os; os.symlink({site!r} + '/{name}', 'mine'); import mine",
    "runpy": "import runpy; runpy.run_module({name!r})",
    "pkgutil": "import pkgutil; open(pkgutil.get_loader({name!r}).get_filename()).read()",
    "magic": "get_ipython().run_cell('import {name}', silent=True).raise_error()",
    "parts": "import importlib; importlib.import_module({name!r}[:2] + {name!r}[2:])",
    "library": "import ctypes, glob; ctypes.CDLL(glob.glob({site!r} + '/{name}/**/*.so', recursive=True)[0])",
    "sys.modules": "import sys; sys.modules[{name!r}].__name__",
    "another path": "import sys; sys.path.insert(0, {site!r}); import {name}",
    "site": "import site; site.addsitedir({site!r}); import {name}",
}


def site_of(name):
    """The folder that a library lies in."""
    return importlib.util.find_spec(name).origin.rpartition(f"/{name}/")[0]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def worker(sandbox):
    with sandbox.worker(LIMITS) as worker:
        yield worker


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["nbgrader", pytest.param("torch", marks=pytest.mark.torch)])
def test_a_library_that_is_not_allowed_cannot_be_had(worker, name, way):
    """Twenty spellings of an import: none comes to its end."""
    if name == "torch" and not HAS_TORCH:
        pytest.skip("torch is not installed")
    assert len(WAYS) == 20
    outputs = outputs_of(worker, WAYS[way].format(name=name, site=site_of(name)) + "\nprint('got it')")
    assert "got it" not in str([output.get("text") for output in outputs])
    assert [output["output_type"] for output in outputs][-1:] == ["error"]


def test_an_absent_library_is_absent_politely(worker):
    """`except ImportError` catches it, as where it is not installed."""
    source = "try:\n    import nbgrader\nexcept ImportError as error:\n    print(type(error).__name__, error)"
    [output] = outputs_of(worker, source)
    assert output["text"] == "ModuleNotFoundError No module named 'nbgrader'\n"


def test_what_the_course_is_made_of_is_there(worker):
    """NumPy, matplotlib, IPython, our own student package, and everything of the standard library."""
    names = "numpy numpy.testing numpy.fft matplotlib.animation IPython.display flatgrade.student sqlite3 decimal csv timeit"
    [output] = outputs_of(worker, f"import {', '.join(names.split())}\nprint('all')")
    assert output["text"] == "all\n"


def test_an_assignment_adds_libraries():
    """`libraries = ["jinja2"]` makes it importable, with all that it requires; the profile "any" leaves all."""
    with Sandbox(allowed=("jinja2",)) as sandbox, sandbox.worker(LIMITS) as worker:
        outputs = outputs_of(worker, "import jinja2, markupsafe\nprint(jinja2.__name__)")
        assert [output.get("text") for output in outputs] == ["jinja2\n"], outputs
    everything = libraries("any")
    assert (everything.list_only, everything.absent) == ((), ())
    absent = libraries("numpy").absent
    assert {"nbgrader", "sqlalchemy", "pytest"} <= set(absent)
    assert not {"numpy", "matplotlib", "IPython", "PIL"} & set(absent)


@pytest.mark.torch
@pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")
def test_the_torch_profile_has_torch():
    """Warm, in one thread, and its gradients are right after the fork."""
    source = (
        "import torch\nx = torch.tensor([3.0], requires_grad=True)\n(x * x).backward()\n"
        "print(x.grad.item(), torch.get_num_threads(), torch.nn.functional.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3)).sum().item())"
    )
    with Sandbox(profile="torch") as sandbox, sandbox.worker(LIMITS) as worker:
        [output] = outputs_of(worker, source)
    assert output["text"] == "6.0 1 36.0\n"
