"""Messes of what the cells do: magics, displays, input, ends of the process, threads, odd text."""

from functools import partial

from support.messy import enter_each, mess, svm


def in_a_cell_and_above_an_answer(book, text):
    """The code stands in a cell of its own, and again above an answer, in its cell."""
    book.before("svm_loss", text)
    book.top(text, "softmax_loss")


def around_an_answer(book, text):
    """A cell magic, in a cell of its own and around an answer."""
    book.before("svm_loss", f"{text}\nx = 1")
    book.top(text, "softmax_loss")


def in_a_cell(book, text):
    """The code stands in a cell of its own."""
    book.before("svm_loss", text)


def above(book, text):
    """The code stands above an answer, in its cell."""
    book.top(text)


def below(book, text):
    """The code stands below an answer, in its cell."""
    book.bottom(text)


def inside(book, text):
    """A line stands first in the function."""
    book.inside(text)


# What costs no point, wherever it stands.
HARMLESS = {
    "matplotlib_inline": "%matplotlib inline",
    "matplotlib_notebook": "%matplotlib notebook",
    "matplotlib_widget": "%matplotlib widget",
    "matplotlib_ipympl": "%matplotlib ipympl",
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "load_ext_of_an_absent_one": "%load_ext tensorboard\n%tensorboard --logdir logs",
    "config_inline": "%config InlineBackend.figure_format = 'retina'",
    "pip_install": "!pip install -q numpy\n%pip install numpy\n%conda install numpy",
    "shell_commands": "!ls -la\nfiles = !ls\nprint(files)\n!echo {1 + 1}",
    "shell_in_a_block": "if True:\n    !ls\n    %time x = 1",
    "timeit_line": "%timeit sum(range(1000))",
    "timeit_with_options": "%timeit -n 1000000 -r 7 sum(range(1000))\nt = %timeit -o -q sum(range(10))\nprint(t.average >= 0)",
    "time_line": "%time x = sum(range(1000))",
    "magic_assigned": "here = %pwd\nprint(here)",
    "help_signs": "?np.sum\nnp.sum?\nnp.sum??",
    "help_function": "help(np.sum)",
    "run_of_an_absent_file": "%run helper.py",
    "cd": "%cd ..\n%cd /content/drive",
    "env": "%env CUDA_VISIBLE_DEVICES=0\nimport os\nos.environ['A'] = 'b'",
    "precision": "%precision 3",
    "who": "%who\n%whos",
    "history": "%history",
    "unknown_magic": "%no_such_magic 1",
    "run_line_magic": "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().run_line_magic('timeit', '1')",
    "ipython_system": "get_ipython().system('ls')\nget_ipython().getoutput('ls')",
    "plt_show": "plt.plot([1, 2])\nplt.show()",
    "plt_ion": "plt.ion()\nplt.figure()\nplt.pause(0.01)\nplt.close('all')",
    "plt_show_block": "plt.plot([1])\nplt.show(block=True)",
    "fifty_figures": "for _ in range(50):\n    plt.figure()",
    "savefig": "plt.plot([1])\nplt.savefig('plot.png')\nplt.close()",
    "display_of_many_kinds": (
        "from IPython.display import HTML, Image, Markdown, SVG, clear_output, display, Javascript, Math, YouTubeVideo\n"
        "display(HTML('<b>a</b>'), Markdown('*b*'), Javascript('alert(1)'), Math('x^2'), YouTubeVideo('abc'))\n"
        "clear_output(wait=True)\nprint('after')"
    ),
    "html_of_the_page": "from IPython.core.display import HTML\nHTML('<style>.container{width:100%}</style>')",
    "tqdm_bar": "from tqdm import tqdm, trange\nfor _ in tqdm(range(100)):\n    pass\nfor _ in trange(3, leave=False):\n    pass",
    "tqdm_auto_bar": "from tqdm.auto import tqdm\nfor _ in tqdm(range(100)):\n    pass",
    "tqdm_notebook_bar": "from tqdm.notebook import tqdm\nfor _ in tqdm(range(100)):\n    pass",
    "widgets": "import ipywidgets as w\nfrom ipywidgets import interact\ninteract(lambda x=1: x, x=(0, 3))\nw.IntSlider()",
    "prints_megabytes": "for _ in range(300):\n    print('x' * 10_000)",
    "prints_many_lines": "for i in range(200_000):\n    print(i)",
    "writes_to_stderr": "import sys, warnings\nwarnings.warn('careful')\nprint('oops', file=sys.stderr)",
    "warnings_as_errors": "import warnings\nwarnings.simplefilter('error')",
    "logs": "import logging\nlogging.basicConfig(level=logging.DEBUG)\nlogging.warning('hm')",
    "numpy_settings": "np.seterr(all='raise')\nnp.set_printoptions(precision=1)\nnp.random.seed(0)",
    "exit_call": "exit()",
    "quit_call": "quit()",
    "exit_name": "exit",
    "top_level_await": "import asyncio\nawait asyncio.sleep(0)\nx = await asyncio.gather(asyncio.sleep(0))",
    "top_level_async_for": "async def rows():\n    yield 1\nasync for row in rows():\n    print(row)",
    "asyncio_run": "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    return 3\nprint(asyncio.run(main()))",
    "thread_left_running": (
        "import threading, time\ndef work():\n    while True:\n        time.sleep(0.01)\n        print('still here')\n"
        "threading.Thread(target=work).start()"
    ),
    "thread_pool": "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as p:\n    print(list(p.map(str, [1, 2])))",
    "own_checks": "check('svm_loss')\ncheck('softmax_loss')\nresult = check('svm_loss')\nprint(result)\ncheck('no_such')",
    "classes": "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int = 0\n    def double(self):\n        return Point(self.x * 2)\nPoint(2).double()",
    "class_with_a_source": "import inspect\nclass A:\n    def f(self):\n        return 1\nprint(inspect.getsource(A.f))",
    "breakpoint_call": "breakpoint()",
    "global_names": "In, Out, _, __ = 1, 2, 3, 4\nlist_ = [1]",
    "underscore_results": "1 + 1\n_",
    "shadowed_builtins": "sum = max\nprint2 = print\nlist = [1]\ntype = 3",
    "main_guard": "if __name__ == '__main__':\n    print('main')",
    "semicolons": "plt.plot([1]);",
    "tabs": "if True:\n\tx = 1\n\ty = 2",
    "non_ascii_names": "α = 1\nдельта = α\nσ_2 = 'ü'\nprint(α, дельта, '😀')",
    "non_breaking_space_in_a_string": "x = 'a\u00a0b'",
    "form_feed": "x = 1\n\x0c\ny = 2",
    "vertical_tab_in_a_string": "x = 'a\x0bb\x1b[31m'",
    "line_separator_in_a_string": "x = 'a\u2028b\u2029c\x85d'\nprint(x)",
    "encoding_line": "# -*- coding: latin-1 -*-\nx = 'ü'",
    "future_import": "from __future__ import annotations\nimport numpy as np",
    "star_import": "from numpy import *\nfrom math import *",
    "percent_in_strings": "print('%d %%' % 3)\nx = 10 % 3\ny = '''\n%matplotlib inline\n!ls\n'''\nassert '%matplotlib' in y and '!ls' in y",
    "not_equal_on_a_new_line": "x = (1\n     != 2)\nassert x is True",
    "percent_on_a_new_line": "x = (7\n     % 4)\nassert x == 3",
    "question_in_a_string": "x = 'why?'\n# why?\ny = 'what??'",
    "prompt_signs": ">>> x = 1\n>>> print(x)",
    "trailing_spaces": "x = 1   \n   \n\t\n",
    "colab_import": "from google.colab import drive, files\ndrive.mount('/content/drive')",
    "getpass": "import getpass\ntry:\n    getpass.getpass('key: ')\nexcept EOFError:\n    pass",
    "gc_and_memory": "import gc\ngc.collect()\ngc.disable()",
    "signal_handlers": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_DFL)",
    "recursion_limit": "import sys\nsys.setrecursionlimit(10**6)",
    "dir_and_vars": "dir()\nglobals()\nlocals()",
    "backend_agg": "import matplotlib\nmatplotlib.use('Agg')",
    "old_line_magic": "get_ipython().magic('matplotlib inline')\nget_ipython().magic('timeit 1')",
    "annotations": "def f(x: int): pass\nassert f.__annotations__ == {'x': int}",
    "style": "plt.rcParams['figure.figsize'] = (10.0, 8.0)\nplt.style.use('ggplot')",
    "cell_over_its_time_in_a_thread": "import threading, time\nthreading.Timer(60, print).start()",
    "settings_of_the_shell": "ip = get_ipython()\nip.ast_node_interactivity = 'all'",
    "sleep_a_little": "import time\ntime.sleep(0.2)",
    "files_written": "with open('notes.txt', 'w') as f:\n    f.write('x')\nprint(open('notes.txt').read())\nnp.save('w.npy', np.ones(3))\nnp.load('w.npy')",
    "zero_width_characters": "x = 1  # \u200b\ufeff",
    "line_continuation": "x = 1 + \\\n    2",
    "lambda_on_names": "f = lambda W: W\nprint((lambda: 3)())",
    "pandas_absent": "try:\n    import pandas\nexcept ImportError:\n    print('no pandas')",
    "scipy": "try:\n    from scipy import special\nexcept ImportError:\n    pass",
    "data_of_the_course": "import flatgrade_data",
    "subprocess_tried": "import subprocess\ntry:\n    subprocess.run(['ls'])\nexcept OSError as error:\n    print(error)",
    "network_tried": "import urllib.request\ntry:\n    urllib.request.urlopen('http://example.org')\nexcept OSError as error:\n    print(error)",
}

enter_each(in_a_cell_and_above_an_answer, HARMLESS)


# Cell magics: a cell of their own, and around an answer.
CELL_MAGICS = {
    "time_cell": "%%time",
    "capture_cell": "%%capture",
    "capture_named_cell": "%%capture out",
    "timeit_cell": "%%timeit",
    "prun_cell": "%%prun",
    "comment_above_a_cell_magic": "# my answer\n%%time",
    "blank_above_a_cell_magic": "\n\n%%time",
    "memray_cell": "%%memit",
}


enter_each(around_an_answer, CELL_MAGICS)

OTHER_LANGUAGES = {
    "bash_cell": "%%bash\nls",
    "sh_cell": "%%sh\nls",
    "javascript_cell": "%%javascript\nalert(1)",
    "html_cell": "%%html\n<b>x</b>",
    "svg_cell": "%%svg\n<svg/>",
    "latex_cell": "%%latex\n$x$",
    "markdown_cell": "%%markdown\n*x*",
    "script_cell": "%%script python\nprint(1)",
    "cython_cell": "%%cython\ncdef int x = 1",
    "writefile_cell": "%%writefile notes.py\nx = 1",
    "unknown_cell_magic": "%%no_such_magic\nx = 1",
    "shell_cell": "!!ls",
    "perl_cell": "%%perl\nprint 1;",
}

enter_each(in_a_cell, OTHER_LANGUAGES)


# What costs no point in one of the four places.
enter_each(
    in_a_cell,
    {
        "reset": "%reset -f\nimport numpy as np",
        "input_in_a_cell": "name = input('Your name? ')",
        "sys_exit_in_a_cell": "import sys\nsys.exit()",
        "raise_system_exit": "raise SystemExit('Stop right there!')",
        "raise_keyboard_interrupt": "raise KeyboardInterrupt",
        "restart_of_the_kernel": "import IPython\nIPython.Application.instance().kernel.do_shutdown(True)",
        "endless_loop_in_a_cell": "while True:\n    pass",
        "endless_print_in_a_cell": "while True:\n    print('x')",
        "endless_print_of_long_lines": "while True:\n    print('x' * 100_000)",
        "training_that_is_not_tagged": "import time\ntime.sleep(60)",
        "nul_in_another_cell": "x = 'a\x00b'",
        "absent_library_in_a_cell": "import tensorflow as tf",
        "memory_of_a_terabyte_in_a_cell": "x = np.ones((1000, 1000, 1000, 100))",
        "memory_of_a_list_in_a_cell": "x = []\nwhile True:\n    x.append('x' * 1_000_000)",
        "endless_recursion_in_a_cell": "def f(): return f()\nf()",
        "very_long_line": "x = '" + "a" * 1_000_000 + "'",
        "very_deep_expression": "x = " + "(" * 5000 + ")" * 5000,
        "dict_of_a_megabyte": "d = {" + ", ".join(f"{i}: {i}" for i in range(60_000)) + "}\nd",
        "figure_of_many_points": "plt.scatter(*np.random.randn(2, 100_000))\nplt.show()",
        "animation": (
            "from matplotlib.animation import FuncAnimation\nfrom IPython.display import HTML\n"
            "fig, ax = plt.subplots()\nHTML(FuncAnimation(fig, lambda i: [], frames=2).to_jshtml())"
        ),
        "multiprocessing_pool": "import multiprocessing as mp\nwith mp.Pool(2) as p:\n    print(p.map(abs, [1]))",
        "another_cell_has_a_syntax_error": "x = = 1",
        "another_cell_has_an_error": "1 / 0",
    },
)
enter_each(
    above,
    {
        "input_above_the_answer": "name = input('Your name? ')",
        "sys_exit_above_the_answer": "import sys\nsys.exit()",
        "error_above_the_answer": "1 / 0",
        "torch_above_the_answer": "import torch",
        "absent_library_above_the_answer": "import tensorflow as tf",
        "absent_decorator_above_the_answer": "from numba import njit",
        "endless_loop_above_the_answer": "while True:\n    pass",
        "answer_decorated": "import functools\n@functools.lru_cache(None)\ndef f(x):\n    return x\n\n@(lambda g: g)",
    },
)
enter_each(
    below,
    {
        "reset_inside_the_answer": "%reset -f",
        "sys_exit_below_the_answer": "import sys\nsys.exit(0)",
        "endless_loop_below_the_answer": "while True:\n    pass",
        "error_below_the_answer": "svm_loss(1)",
        "answer_called_below": "svm_loss(W=np.ones((2, 3)), X=np.ones((4, 2)), y=np.zeros(4, int), reg=0.1)",
        "constants_below_the_answer": "W, X, y, reg = 1, 2, 3, 4\nN = rows = scores = None",
    },
)
enter_each(
    inside,
    {
        "exit_in_the_answer": "exit()",
        "prints_in_the_answer": "print('x' * 1_000_000)",
        "plots_in_the_answer": "plt.figure(); plt.plot([1]); plt.show()",
        "warnings_in_the_answer": "import warnings; warnings.warn('hm'); np.log(0.0)",
        "control_characters_in_the_answer": "x = 'a\x01\x07\x1b[0m'",
        "non_ascii_names_in_the_answer": "α, дельта, 変数 = 1, 2, 3",
        "time_taken_in_the_answer": "import time; began = time.time(); print(time.time() - began)",
    },
)

STOPPED = "The cell svm_loss before it did not come to its end."
LOOP = (
    "svm_loss was stopped after 1 seconds. Look for a loop that never ends, or for one that could be a matrix product."
)

# What costs the answer: its place, the text, the verdict, and the whole sentence.
COSTS = {
    "input_in_the_answer": (
        inside,
        "n = input()",
        "ERROR",
        "svm_loss stopped at line 2: EOFError: input() has no keyboard when graded.",
    ),
    "sys_exit_in_the_answer": (inside, "import sys; sys.exit()", "ERROR", "svm_loss stopped at line 2: SystemExit."),
    "endless_print_in_the_answer": (inside, "while True: print('x')", "TIMEOUT", LOOP),
    "endless_loop_in_the_answer": (inside, "while True: pass", "TIMEOUT", LOOP),
    "endless_recursion_in_the_answer": (
        inside,
        "return svm_loss(W, X, y, reg)",
        "ERROR",
        "svm_loss stopped at line 2: RecursionError: maximum recursion depth exceeded.",
    ),
    "torch_in_the_answer": (
        inside,
        "import torch",
        "ERROR",
        "svm_loss stopped at line 2: ModuleNotFoundError: No module named 'torch'.",
    ),
    "helper_missing": (
        inside,
        "half(2)",
        "ERROR",
        "svm_loss stopped at line 2: NameError: name 'half' is not defined.",
    ),
    "syntax_error_in_the_answer": (inside, "x = = 1", "ERROR", f"{STOPPED} SyntaxError: invalid syntax (line 2)."),
    "syntax_error_below_the_answer": (
        below,
        "print 'done'",
        "ERROR",
        f"{STOPPED} SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)? (line 18).",
    ),
    "tabs_and_spaces": (
        inside,
        "if True:\n\tx = 1\n        y = 2",
        "ERROR",
        f"{STOPPED} TabError: inconsistent use of tabs and spaces in indentation (line 3).",
    ),
    "typographic_quotes": (
        inside,
        "x = \u201ctext\u201d",
        "ERROR",
        f"{STOPPED} SyntaxError: invalid character '\u201c' (U+201C) (line 2).",
    ),
    "non_breaking_space": (
        inside,
        "x =\u00a01",
        "ERROR",
        f"{STOPPED} SyntaxError: invalid non-printable character U+00A0 (line 2).",
    ),
    "nul_in_the_answer": (
        inside,
        "x = 'a\x00b'",
        "ERROR",
        f"{STOPPED} SyntaxError: source code string cannot contain null bytes.",
    ),
    "answer_overwritten_by_a_result": (
        below,
        "svm_loss = svm_loss(np.ones((2, 3)), np.ones((4, 2)), np.zeros(4, int), 0.1)",
        "MISSING",
        "svm_loss is a tuple, not a function. Was the cell that defines it deleted, or the name changed?",
    ),
}
for _name, (_place, _text, _verdict, _sentence) in COSTS.items():
    mess(**svm(_verdict, 0.0, _sentence), name=_name)(partial(_place, text=_text))


@mess(problem="losses.ipynb: cell 3 was not run to its end: The process ended by itself with exit code 0.")
def os_exit_in_a_cell(book):
    book.before("svm_loss", "import os\nos._exit(0)")


@mess()
def helper_written_to_a_file(book):
    book.before("svm_loss", "%%writefile helper.py\ndef half(x):\n    return x / 2")
    book.top("from helper import half")
    book.inside("assert half(2) == 1")


@mess()
def helper_run_from_a_file(book):
    book.before("svm_loss", "%%writefile helper.py\ndef half(x):\n    return x / 2", "%run helper.py")
    book.inside("assert half(2) == 1")


@mess()
def helper_of_a_timed_cell(book):
    book.before("svm_loss", "%%time\ndef half(x):\n    return x / 2")
    book.inside("assert half(2) == 1")


@mess()
def answer_loaded_from_its_own_file(book):
    book.before("svm_loss", f"%%writefile answer.py\nimport numpy as np\n{book.cell('svm_loss')['source']}")
    book.cell("svm_loss")["source"] = "from answer import svm_loss"


@mess()
def reset_after_the_answer(book):
    book.after("svm_loss", "%reset -f")


@mess()
def body_in_tabs(book):
    book.cell("svm_loss")["source"] = book.cell("svm_loss")["source"].replace("    ", "\t")


@mess()
def lone_surrogate_in_a_comment(book):
    book.inside("# @")
    return book.bytes().replace(b"# @", rb"# \ud83d")


@mess(**svm("ERROR", 0.0, f"{STOPPED} SyntaxError: invalid character '\ufffd' (U+FFFD) (line 2)."))
def lone_surrogate_as_a_name(book):
    book.inside("@ = 1")
    return book.bytes().replace(b"@ = 1", rb"\ud83d = 1")


@mess()
def indented_answer(book):
    source = book.cell("svm_loss")["source"]
    book.cell("svm_loss")["source"] = "\n".join("    " + line if line else line for line in source.split("\n"))


@mess()
def pasted_prompts(book):
    head, *lines = book.cell("svm_loss")["source"].rstrip("\n").split("\n")
    book.cell("svm_loss")["source"] = "\n".join([f">>> {head}", *(f"... {line}" for line in lines)])


@mess()
def pasted_ipython_prompts(book):
    head, *lines = book.cell("svm_loss")["source"].rstrip("\n").split("\n")
    book.cell("svm_loss")["source"] = "\n".join([f"In [3]: {head}", *(f"   ...: {line}" for line in lines)])


@mess(**svm("ERROR", 0.0, "svm_loss stopped: svm_loss returns one coroutine; expected 2 values: loss, dW."))
def async_answer(book):
    book.cell("svm_loss")["source"] = "async " + book.cell("svm_loss")["source"]


@mess()
def answer_in_a_class(book):
    source = "\n".join("    " + line for line in book.cell("svm_loss")["source"].split("\n"))
    book.cell("svm_loss")["source"] = f"class Losses:\n    @staticmethod\n{source}\nsvm_loss = Losses.svm_loss"


@mess(**svm("MISSING", 0.0, "svm_loss is not defined. Was the cell that defines it deleted, or the name changed?"))
def answer_renamed(book):
    book.cell("svm_loss")["source"] = book.cell("svm_loss")["source"].replace("def svm_loss", "def svm_lost")


@mess()
def answer_with_annotations(book):
    source = book.cell("svm_loss")["source"]
    book.cell("svm_loss")["source"] = source.replace("reg):", "reg: float) -> tuple[float, np.ndarray]:", 1)


def wrong_by_a_factor(book, text):
    """A known mistake in the answer, whose cell begins with a magic: the line and the stages are told all the same."""
    source = book.cell("svm_loss")["source"]
    assert "2 * reg * W" in source
    book.cell("svm_loss")["source"] = f"{text}\n{source.replace('2 * reg * W', 'reg * W')}"


for _name, _magic in CELL_MAGICS.items():
    _line = 16 + _magic.count("\n")
    _sentence = f"dW (line {_line}) does not follow from your lines above it. The derivative of W**2 is 2 * W."
    mess(**svm("WRONG", 8.0, _sentence), name=f"wrong_under_{_name}")(partial(wrong_by_a_factor, text=_magic))
