"""Max pooling over windows of any size and stride: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    (h, w), (sh, sw) = size, stride
    P, Q = (H - h) // sh + 1, (W - w) // sw + 1
    out = np.zeros((N, C, P, Q))
    for i in range(P):
        for j in range(Q):
            window = x[:, :, i * sh : i * sh + h, j * sw : j * sw + w]  # (N, C, h, w)
            out[:, :, i, j] = window.max(axis=(2, 3))
    cache = (x, size, stride)
    return out, cache


def max_pool_backward(dout, cache):
    x, (h, w), (sh, sw) = cache
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * sh, j * sw
        window = x[n, c, top : top + h, left : left + w]  # (h, w)
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
    return dx


def cases(rng):
    """Hidden inputs; ties stand in two cases only, whose labels tell of them, and the contract says which number counts."""

    def draw(N, C, H, W, size, stride):
        P, Q = (H - size[0]) // stride[0] + 1, (W - size[1]) // stride[1] + 1
        x, dout = rng.standard_normal((N, C, H, W)), rng.standard_normal((N, C, P, Q))
        return {"x": x, "size": size, "stride": stride, "dout": dout}

    relu = draw(3, 2, 6, 7, [2, 3], [2, 2])
    relu["x"] = np.maximum(0, relu["x"] - 0.5)
    close = draw(2, 3, 7, 5, [3, 2], [2, 1])
    close["x"] = 5 + 0.002 * close["x"]
    negative = draw(2, 3, 5, 7, [2, 2], [2, 2])
    negative["x"] = -1 - np.abs(negative["x"])
    whole = draw(2, 3, 7, 6, [3, 2], [2, 2])
    whole["x"] = rng.integers(0, 3, (2, 3, 7, 6)).astype(float)
    return [
        Case("windows of 2 x 3 that overlap", draw(2, 3, 6, 8, [2, 3], [1, 2]), generic=True),
        Case("windows of 3 x 2 that overlap in one direction; the sizes do not divide", draw(5, 2, 8, 13, [3, 2], [2, 3]), generic=True),
        Case("maps that come from a ReLU: many windows hold nothing but zeros", relu, generic=True),
        Case("small whole numbers: the largest of a window often occurs twice", whole, generic=True),
        Case("numbers that lie close to each other", close, generic=True),
        Case("windows of 2 x 2 with stride 2", draw(3, 2, 6, 4, [2, 2], [2, 2])),
        Case("a stride larger than the window", draw(2, 3, 7, 9, [2, 2], [3, 4])),
        Case("negative numbers only", negative),
        Case("one window as large as the map", draw(2, 3, 4, 5, [4, 5], [1, 1])),
        Case("one example with one channel", draw(1, 1, 7, 6, [3, 2], [2, 2])),
    ]


_ROUTE = """\
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]"""
_WINDOW = "window = x[:, :, i * sh : i * sh + h, j * sw : j * sw + w]"
_BACK = "x, (h, w), (sh, sw) = cache"
_TIES = "Several numbers of the window are equal and the largest: here the first of them in row order gets the slope, and the others nothing."

MISTAKES = [
    Mistake("out", "window.max(axis=(2, 3))", "np.maximum(0, window.max(axis=(2, 3)))", "The largest number of a window may be negative: there is no 0 to compare with.", "mp-zero"),
    Mistake("out", "window.max(axis=(2, 3))", "window.mean(axis=(2, 3))", "Max pooling keeps the largest number of a window; this is the mean.", "mp-mean"),
    Mistake("out", "window.max(axis=(2, 3))", "window.sum(axis=(2, 3))", "Max pooling keeps the largest number of a window; this is the sum.", "mp-sum"),
    Mistake("out", "window.max(axis=(2, 3))", "window.min(axis=(2, 3))", "Max pooling keeps the largest number of a window; this is the smallest.", "mp-min"),
    Mistake("out", "window.max(axis=(2, 3))", "np.abs(window).max(axis=(2, 3))", "The largest number is wanted, not the one that is farthest from 0.", "mp-abs"),
    Mistake("out", "window.max(axis=(2, 3))", "window[:, :, 0, 0]", "All numbers of the window take part, not only the one in its corner.", "mp-corner"),
    Mistake("out", "window.max(axis=(2, 3))", "window.max(axis=(1, 2, 3))[:, None]", "Each channel is pooled for itself; this takes the largest over all channels.", "mp-channels"),
    Mistake("out", "window.max(axis=(2, 3))", "window.max(axis=(0, 2, 3))", "Each example is pooled for itself; this takes the largest over the whole batch.", "mp-batch"),
    Mistake("out", "(h, w), (sh, sw) = size, stride", "(h, w), (sh, sw) = size, size", "The windows need not lie side by side: how far they move is the stride, not their size.", "mp-strideK"),
    Mistake("out", "(h, w), (sh, sw) = size, stride", "(h, w), (sh, sw) = stride, stride", "How large a window is tells `size`; the stride only says how far it moves.", "mp-sizeS"),
    Mistake("out", "(h, w), (sh, sw) = size, stride", "(w, h), (sh, sw) = size, stride", "Height and width of the window have changed places: the first of the pair is the height.", "mp-swap"),
    Mistake("out", "(h, w), (sh, sw) = size, stride", "(h, w), (sw, sh) = size, stride", "The two strides have changed places: the first of the pair leads down, the second to the right.", "mp-swapstride"),
    Mistake("out", "(h, w), (sh, sw) = size, stride", "(h, w), (sh, sw) = (size[0], size[0]), stride", "A window need not be square: its width is the second number of `size`.", "mp-square"),
    Mistake("out", "(h, w), (sh, sw) = size, stride", "(h, w), (sh, sw) = size, (stride[0], stride[0])", "The two strides need not be equal: to the right the second number of `stride` counts.", "mp-stridesquare"),
    Mistake("out", "P, Q = (H - h) // sh + 1, (W - w) // sw + 1", "P, Q = (H - h) // sh, (W - w) // sw", "The first window lies at the very edge and counts, too: `out` lacks a row and a column.", "mp-size+1"),
    Mistake("out", "P, Q = (H - h) // sh + 1, (W - w) // sw + 1", "P, Q = -(-(H - h) // sh) + 1, -(-(W - w) // sw) + 1", "A window that would stick out of the map is left away: sizes round down.", "mp-ceil"),
    Mistake("out", "P, Q = (H - h) // sh + 1, (W - w) // sw + 1", "P, Q = (H - 1) // sh + 1, (W - 1) // sw + 1", "Windows that stick out of the map do not count: the size of the window belongs into the size of `out`.", "mp-stickout"),
    Mistake("out", _WINDOW, "window = x[:, :, i * sh : i * sh + h, j * sw : j * sw + w - 1] if w > 1 else x[:, :, i * sh : i * sh + h, j * sw : j * sw + w]", "The window is one column short: the end of a slice does not belong to it.", "mp-short"),
    Mistake("out", _WINDOW, "window = x[:, :, i : i + h, j : j + w]", "The window has to move by the stride, not by 1.", "mp-nostride"),
    Mistake("dx", "dx[n, c, top + row, left + column] += dout", "dx[n, c, top + row, left + column] = dout", "A number can be the largest of several windows where they overlap: its slopes add up.", "mp-assign"),
    Mistake("dx", _ROUTE, "        dx[n, c, top : top + h, left : left + w] += dout[n, c, i, j] * (window == window.max())", _TIES, "mp-ties-all"),
    Mistake("dx", _ROUTE, "        mask = window == window.max()\n        dx[n, c, top : top + h, left : left + w] += dout[n, c, i, j] * mask / mask.sum()", _TIES, "mp-ties-split"),
    Mistake("dx", "np.unravel_index(window.argmax(), window.shape)", "np.argwhere(window == window.max())[-1]", _TIES, "mp-ties-last"),
    Mistake("dx", "row, column = np.unravel_index(window.argmax(), window.shape)", "column, row = np.unravel_index(window.T.argmax(), window.T.shape)", "Of equal numbers the first in row order counts: the rows from top to bottom, each from left to right. This goes down the columns.", "mp-ties-column"),
    Mistake("dx", _ROUTE, "        dx[n, c, top : top + h, left : left + w] += dout[n, c, i, j] * np.isclose(window, window.max(), rtol=0, atol=1e-2)", "Only the largest number of the window gets the slope, not those that come close to it.", "mp-isclose"),
    Mistake("dx", "np.unravel_index(window.argmax(), window.shape)", "np.unravel_index(window.argmax(), window.shape, order='F')", "`argmax` counts the numbers of the window row by row. Row and column have to be made from its count in the same order.", "mp-argmaxflat"),
    Mistake("dx", "window = x[n, c, top : top + h, left : left + w]", "window, top, left = x[n, c], 0, 0", "The largest number of the whole map is not the largest of each window: `argmax` has to look at the window.", "mp-argmaxglobal"),
    Mistake("dx", "[n, c, top + row, left + column]", "[n, c, row, column]", "Row and column are counted from the corner of the window, not from that of the map.", "mp-offset"),
    Mistake("dx", _ROUTE, "        dx[n, c, top : top + h, left : left + w] += dout[n, c, i, j]", "Only the largest number of a window can change `out`; the others have slope 0.", "mp-everywhere"),
    Mistake("dx", _ROUTE, "        dx[n, c, top : top + h, left : left + w] += dout[n, c, i, j] / (h * w)", "This spreads the slope over the window, as mean pooling does; here the largest number gets all of it.", "mp-spread"),
    Mistake("dx", "window.argmax()", "window.argmin()", "The slope goes to the largest number of the window; this is the smallest.", "mp-argmin"),
    Mistake("dx", "window.argmax()", "np.abs(window).argmax()", "The slope goes to the largest number, not to the one that is farthest from 0.", "mp-absback"),
    Mistake("dx", "+= dout[n, c, i, j]", "+= dout[n, c, i, j] * window.max()", "`out` grows as fast as the largest number does: its slope is 1, whatever the number is.", "mp-value"),
    Mistake("dx", "+= dout", "-= dout", "Where the largest number grows, `out` grows: no minus sign.", "mp-minus"),
    Mistake("dx", "+= dout[n, c, i, j]", "+= 1", "Go on from `dout`: the slope that arrives at `out` is handed on.", "mp-nodout"),
    Mistake("dx", "window = x[n, c,", "window = x[n, 0,", "Each channel has largest numbers of its own; this looks at the first channel only.", "mp-channel0"),
    Mistake("dx", "window = x[n, c,", "window = x[0, c,", "Each example has largest numbers of its own; this looks at the first example only.", "mp-example0"),
    Mistake("dx", "top, left = i * sh, j * sw", "top, left = i, j", "The windows lie where they lay in the forward pass: they move by the stride.", "mp-backnostride"),
    Mistake("dx", _BACK, "x, (w, h), (sh, sw) = cache", "Height and width of the window have changed places in the backward pass.", "mp-backswap"),
    Mistake("dx", _BACK, "x, (h, w), (sh, sw) = cache\n    w = h", "A window need not be square, in the backward pass no more than in the forward pass.", "mp-backsquare"),
    Mistake("dx", "dx = np.zeros(x.shape)", "dx = np.zeros((*x.shape[:2], (dout.shape[2] - 1) * sh + h, (dout.shape[3] - 1) * sw + w))", "`dx` has the shape of `x`, with the rows and columns that no window reaches, too: their slope is 0.", "mp-remainder"),
    Mistake("dx", "dx = np.zeros(x.shape)", "dx = np.ones(x.shape)", "A number that is the largest of no window has slope 0: start with zeros.", "mp-ones"),
    Mistake("dx", "dx = np.zeros(x.shape)", "dx = x.copy()", "`dx` holds slopes and nothing of `x`: start with zeros.", "mp-copy"),
    Mistake("dx", "return dx", "return dx / len(x)", "`dout` carries all that the loss says, a mean over the batch too: do not divide by N.", "mp-divN"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "places kept in the forward pass": '''\
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    P = 1 + (H - size[0]) // stride[0]
    Q = 1 + (W - size[1]) // stride[1]
    out = np.empty((N, C, P, Q))
    places = {}
    for n in range(N):
        for c in range(C):
            for i in range(P):
                for j in range(Q):
                    best = None
                    for a in range(size[0]):
                        for b in range(size[1]):
                            row, column = i * stride[0] + a, j * stride[1] + b
                            if best is None or x[n, c, row, column] > x[n, c, best[0], best[1]]:
                                best = row, column
                    out[n, c, i, j] = x[n, c, best[0], best[1]]
                    places[n, c, i, j] = best
    return out, (places, x.shape)


def max_pool_backward(dout, cache):
    places, shape = cache
    dx = np.zeros(shape)
    for (n, c, i, j), (row, column) in places.items():
        dx[n, c, row, column] += dout[n, c, i, j]
    return dx
''',
    "windows without loops": '''\
def max_pool_forward(x, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, tuple(size), axis=(2, 3))
    windows = windows[:, :, :: stride[0], :: stride[1]]
    flat = windows.reshape(*windows.shape[:4], -1)
    return flat.max(axis=4), (x.shape, flat.argmax(axis=4), size, stride)


def max_pool_backward(dout, cache):
    shape, place, (h, w), (sh, sw) = cache
    n, c, i, j = np.indices(dout.shape)
    dx = np.zeros(shape)
    np.add.at(dx, (n, c, i * sh + place // w, j * sw + place % w), dout)
    return dx
''',
    "a loop over the places in the window": '''\
def max_pool_forward(x, size, stride):
    (h, w), (sh, sw) = size, stride
    P, Q = (x.shape[2] - h) // sh + 1, (x.shape[3] - w) // sw + 1
    out = np.full((*x.shape[:2], P, Q), -np.inf)
    for a in range(h):
        for b in range(w):
            out = np.maximum(out, x[:, :, a : a + sh * P : sh, b : b + sw * Q : sw][:, :, :P, :Q])
    return out, {"x": x, "out": out, "size": size, "stride": stride}


def max_pool_backward(dout, cache):
    x, out, (h, w), (sh, sw) = cache["x"], cache["out"], cache["size"], cache["stride"]
    P, Q = dout.shape[2:]
    dx = np.zeros_like(x)
    left = dout.copy()
    for a in range(h):
        for b in range(w):
            here = x[:, :, a : a + sh * P : sh, b : b + sw * Q : sw][:, :, :P, :Q] == out
            dx[:, :, a : a + sh * P : sh, b : b + sw * Q : sw] += np.where(here, left, 0)
            left = np.where(here, 0, left)
    return dx
''',
}


def torch_path(x, size, stride, dout):
    """The same pooling in torch; returns its output."""
    import torch

    return torch.nn.functional.max_pool2d(x, tuple(size), tuple(stride))
