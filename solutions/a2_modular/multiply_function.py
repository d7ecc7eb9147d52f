"""Multiply as a torch.autograd.Function: reference, hidden cases, known mistakes, equivalents, torch path."""

import torch

from flatgrade.core import Case, Mistake

GIVEN = '''\
import numpy as np
import torch


def leaf(array):
    """A tensor of these numbers, for which torch keeps a gradient."""
    return torch.tensor(array, requires_grad=True)


def as_array(tensor):
    """The numbers of a tensor."""
    return tensor.detach().numpy()


def walk_back(tensor, upstream):
    """Let torch walk back from a tensor at which the gradient `upstream` arrives."""
    return tensor.backward(torch.tensor(upstream))


def slope(tensor):
    """The gradient that came back to a tensor; zeros if none came."""
    return np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
'''


class Multiply(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        z = x * y  # (N, D)
        return z

    @staticmethod
    def backward(ctx, dz):
        x, y = ctx.saved_tensors
        dx = dz * y  # (N, D)
        dy = dz * x  # (N, D)
        return dx, dy


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D):
        return {name: rng.standard_normal((N, D)) for name in ("x", "y", "dz")}

    small = draw(4, 3)
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more rows than columns", draw(8, 3), generic=True),
        Case("a single number", draw(1, 1)),
        Case("an upstream gradient of zero", {**small, "dz": 0 * small["dz"]}),
    ]


OWN = "A multiply gate swaps: the slope by one input is the value of the other input."
NO_UPSTREAM = "This is the slope of the gate alone: where is the gradient that arrives at z?"
NO_LOCAL = "The upstream gradient is handed on as it is, as an add gate does. A multiply gate has a slope of its own."
SIGN = "The size is right: look at the sign."
NONE = "torch is told that no gradient goes back to this input, but it has one."

MISTAKES = [
    Mistake("z", "x * y", "x + y", "A multiply gate multiplies its inputs; this one adds them.", "fun-plus"),
    Mistake("dx", "dx = dz * y", "dx = dz * x", OWN, "fun-dx-own"),
    Mistake("dx", "dx = dz * y", "dx = y * 1.0", NO_UPSTREAM, "fun-dx-no-upstream"),
    Mistake("dx", "dx = dz * y", "dx = dz", NO_LOCAL, "fun-dx-no-local"),
    Mistake("dx", "dx = dz * y", "dx = -dz * y", SIGN, "fun-dx-sign"),
    Mistake("dx", "dx = dz * y", "dx = dz + y", "Upstream gradient and local slope are multiplied, not added.", "fun-dx-sum"),
    Mistake("dx", "return dx, dy", "return None, dy", NONE, "fun-dx-none"),
    Mistake("dy", "dy = dz * x", "dy = dz * y", OWN, "fun-dy-own"),
    Mistake("dy", "dy = dz * x", "dy = x * 1.0", NO_UPSTREAM, "fun-dy-no-upstream"),
    Mistake("dy", "dy = dz * x", "dy = dz", NO_LOCAL, "fun-dy-no-local"),
    Mistake("dy", "dy = dz * x", "dy = -dz * x", SIGN, "fun-dy-sign"),
    Mistake("dy", "return dx, dy", "return dx, None", NONE, "fun-dy-none"),
    Mistake("dx", "ctx.save_for_backward(x, y)", "ctx.save_for_backward(x, x * y)", "Keep both inputs: the second that was kept is the output.", "fun-kept-output"),
    Mistake("dy", "ctx.save_for_backward(x, y)", "ctx.save_for_backward(x.abs(), y)", "Keep the inputs as they came: negative ones are negative slopes.", "fun-kept-abs"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "kept on ctx": """\
class Multiply(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.factors = (x, y)
        return torch.mul(x, y)

    @staticmethod
    def backward(ctx, upstream):
        x, y = ctx.factors
        return y * upstream, x * upstream
""",
    "only the gradients that are needed": """\
class Multiply(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(y, x)
        return x * y

    @staticmethod
    def backward(ctx, dz):
        y, x = ctx.saved_tensors
        dx = dz * y if ctx.needs_input_grad[0] else None
        dy = dz * x if ctx.needs_input_grad[1] else None
        return dx, dy
""",
}


def torch_path(x, y, dz):
    """The same product, left to torch; the gradient dz arrives at what it returns."""
    return x * y
