"""Upsampling by repeating numbers: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np  # noqa: F401 -- the mistakes use it

from flatgrade.core import Case, Mistake


def upsample_nearest_forward(x, scale):
    out = x.repeat(scale[0], axis=2).repeat(scale[1], axis=3)  # (N, C, P, Q)
    cache = (x.shape, scale)
    return out, cache


def upsample_nearest_backward(dout, cache):
    (N, C, H, W), (down, right) = cache
    blocks = dout.reshape(N, C, H, down, W, right)
    dx = blocks.sum(axis=(3, 5))  # (N, C, H, W)
    return dx


def cases(rng):
    """Hidden inputs."""

    def draw(N, C, H, W, scale):
        x, dout = rng.standard_normal((N, C, H, W)), rng.standard_normal((N, C, H * scale[0], W * scale[1]))
        return {"x": x, "scale": scale, "dout": dout}

    return [
        Case("twice as high, three times as wide", draw(5, 3, 4, 6, [2, 3]), generic=True),
        Case("three times as high, twice as wide", draw(2, 3, 6, 4, [3, 2]), generic=True),
        Case("twice as high and twice as wide", draw(3, 2, 4, 5, [2, 2])),
        Case("wider only", draw(2, 3, 3, 4, [1, 4])),
        Case("the same size", draw(2, 3, 4, 3, [1, 1])),
        Case("a map of one number", draw(3, 2, 1, 1, [2, 5])),
    ]


_OUT = "x.repeat(scale[0], axis=2).repeat(scale[1], axis=3)"
_DX = "blocks.sum(axis=(3, 5))"

MISTAKES = [
    Mistake("out", _OUT, "np.tile(x, (1, 1, scale[0], scale[1]))", "Each number is repeated beside itself; this sets copies of the whole map beside each other.", "un-tile"),
    Mistake("out", _OUT, "x.repeat(scale[1], axis=2).repeat(scale[0], axis=3)", "The first number of `scale` is for the height, the second for the width.", "un-swap"),
    Mistake("out", _OUT, "x.repeat(scale[0], axis=2).repeat(scale[0], axis=3)", "Height and width may grow by different factors.", "un-square"),
    Mistake("out", _OUT, "x.repeat(scale[0], axis=2)", "The map grows in its width, too.", "un-rows"),
    Mistake("out", _OUT, "x.repeat(scale[1], axis=3)", "The map grows in its height, too.", "un-columns"),
    Mistake("out", _OUT, "x.repeat(scale[0], axis=2).repeat(scale[1], axis=3) / (scale[0] * scale[1])", "Each copy is as large as the number that it was made of.", "un-divided"),
    Mistake("out", _OUT, "np.kron(x, np.eye(scale[0], scale[1])[:1] * (np.arange(scale[0]) == 0)[:, None])", "Between the numbers of the map stand copies of them, no zeros.", "un-zeros"),
    Mistake("dx", _DX, "blocks.mean(axis=(3, 5))", "Each copy hands its slope back: the slopes add up, without dividing.", "un-mean"),
    Mistake("dx", _DX, "blocks[:, :, :, 0, :, 0]", "All copies of a number hand back their slopes, not only the first.", "un-first"),
    Mistake("dx", _DX, "blocks.max(axis=(3, 5))", "The slopes of the copies add up; none is chosen.", "un-max"),
    Mistake("dx", _DX, "blocks.sum(axis=3)[..., 0]", "The copies to the right hand back their slopes, too.", "un-sumrows"),
    Mistake("dx", _DX, "blocks.sum(axis=5)[:, :, :, 0]", "The copies below hand back their slopes, too.", "un-sumcolumns"),
    Mistake("dx", "dout.reshape(N, C, H, down, W, right)", "dout.reshape(N, C, down, H, right, W).transpose(0, 1, 3, 2, 5, 4)", "The copies of a number stand side by side: this adds up slopes that lie far apart.", "un-scattered"),
    Mistake("dx", "dout.reshape(N, C, H, down, W, right)", "dout.reshape(N, C, H, W, down, right).transpose(0, 1, 2, 4, 3, 5)", "`reshape` alone does not cut blocks out of a map: within a row of the map, the copies to the right come first.", "un-reshape"),
    Mistake("dx", _DX, "blocks.sum(axis=(3, 5)) / N", "`dout` carries all that the loss says, a mean over the batch too: do not divide by N.", "un-divN"),
    Mistake("dx", _DX, "-blocks.sum(axis=(3, 5))", "Where a number grows, its copies grow: no minus sign.", "un-minus"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "slices": '''\
def upsample_nearest_forward(x, scale):
    down, right = scale
    out = np.zeros((*x.shape[:2], x.shape[2] * down, x.shape[3] * right))
    for i in range(down):
        for j in range(right):
            out[:, :, i::down, j::right] = x
    return out, scale


def upsample_nearest_backward(dout, cache):
    down, right = cache
    return sum(dout[:, :, i::down, j::right] for i in range(down) for j in range(right))
''',
    "number by number": '''\
def upsample_nearest_forward(x, scale):
    N, C, H, W = x.shape
    out = np.zeros((N, C, H * scale[0], W * scale[1]))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = x[:, :, i // scale[0], j // scale[1]]
    return out, (x, scale)


def upsample_nearest_backward(dout, cache):
    x, scale = cache
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dx[:, :, i // scale[0], j // scale[1]] += dout[:, :, i, j]
    return dx
''',
    "a product with ones": '''\
def upsample_nearest_forward(x, scale):
    return np.kron(x, np.ones(tuple(scale))), scale


def upsample_nearest_backward(dout, cache):
    down, right = cache
    rows = np.kron(np.eye(dout.shape[2] // down), np.ones((1, down)))
    columns = np.kron(np.eye(dout.shape[3] // right), np.ones((right, 1)))
    return rows @ dout @ columns
''',
}


def torch_path(x, scale, dout):
    """The same in torch; returns its output."""
    import torch

    return torch.nn.functional.interpolate(x, scale_factor=tuple(map(float, scale)), mode="nearest")
