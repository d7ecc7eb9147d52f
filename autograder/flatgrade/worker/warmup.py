"""What a zygote does once, so that none of its workers has to: lazy imports, caches, the first figure, the first error.

Measured in milliseconds a worker: 6 for the cells below, 8 for the first seeding of NumPy's global generator, 200 for
torch's first convolution and its gradient. All of it in one thread, since threads do not survive a fork.
"""

from __future__ import annotations

import random

import matplotlib.pyplot as plt
import numpy as np

from flatgrade.worker.as_ipython import remember
from flatgrade.worker.shell import Shell, forget, run_cell

_SECONDS, _CAP = 60.0, 1 << 20
_CELLS = (
    "import numpy as np\nimport matplotlib.pyplot as plt\nfrom flatgrade.student import check",
    "plt.plot([1, 2], label='$x$')\nplt.legend()\nplt.title('a')\nplt.show()\nplt.imshow(np.zeros((4, 4)))\nplt.show()",
    "x = np.random.default_rng(0).standard_normal((8, 8))\nnp.linalg.svd(x), (x @ x).sum(), np.random.randn(3)",
    "import flatgrade_data\nnp.testing.assert_allclose(1.0, 1.0)",
    "def f(:",
    "1 / 0",
    "print('a'), {'a': 1}",
)
_TORCH_CELL = """
import torch
torch.set_num_threads(1)
x = torch.randn(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)
layer = torch.nn.Conv2d(3, 4, 3, dtype=torch.float64)
(torch.nn.functional.max_pool2d(layer(x), 2) ** 2).sum().backward()
torch.nn.functional.cross_entropy(torch.randn(4, 3, requires_grad=True), torch.tensor([0, 1, 2, 0])).backward()
"""


def warm_up(shell: Shell) -> None:
    """Run what is slow the first time; the shell is then as if nothing had been run in it."""
    shell.enable_matplotlib("inline")  # or figures are shown as texts
    for cell in _CELLS:
        run_cell(shell, "warm", cell, _SECONDS, _CAP)
    remember(shell)
    plt.close("all")
    random.seed()
    np.random.seed()  # noqa: NPY002 -- each worker seeds anew
    forget(shell)


def warm_up_torch(shell: Shell) -> None:
    """The same for torch. Raises ModuleNotFoundError where it is missing."""
    import torch  # noqa: F401 -- a missing library is an error here, not in the cell

    run_cell(shell, "warm", _TORCH_CELL, _SECONDS, _CAP)
    forget(shell)
