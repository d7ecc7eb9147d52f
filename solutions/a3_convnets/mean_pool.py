"""Mean pooling over windows of any size and stride: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def mean_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    (h, w), (sh, sw) = size, stride
    P, Q = (H - h) // sh + 1, (W - w) // sw + 1
    out = np.zeros((N, C, P, Q))
    for i in range(P):
        for j in range(Q):
            window = x[:, :, i * sh : i * sh + h, j * sw : j * sw + w]  # (N, C, h, w)
            out[:, :, i, j] = window.mean(axis=(2, 3))
    cache = (x.shape, size, stride)
    return out, cache


def mean_pool_backward(dout, cache):
    shape, (h, w), (sh, sw) = cache
    P, Q = dout.shape[2:]
    dx = np.zeros(shape)
    for i in range(P):
        for j in range(Q):
            top, left = i * sh, j * sw
            share = dout[:, :, i, j] / (h * w)  # (N, C)
            dx[:, :, top : top + h, left : left + w] += share[:, :, None, None]
    return dx


def cases(rng):
    """Hidden inputs."""

    def draw(N, C, H, W, size, stride):
        P, Q = (H - size[0]) // stride[0] + 1, (W - size[1]) // stride[1] + 1
        x, dout = rng.standard_normal((N, C, H, W)), rng.standard_normal((N, C, P, Q))
        return {"x": x, "size": size, "stride": stride, "dout": dout}

    return [
        Case("windows of 2 x 3 that overlap", draw(2, 3, 6, 8, [2, 3], [1, 2]), generic=True),
        Case("windows of 3 x 2 that overlap in one direction; the sizes do not divide", draw(5, 2, 8, 13, [3, 2], [2, 3]), generic=True),
        Case("windows of 2 x 2 with stride 2", draw(3, 2, 6, 4, [2, 2], [2, 2])),
        Case("a stride larger than the window", draw(2, 3, 7, 9, [2, 2], [3, 4])),
        Case("one window as large as the map", draw(2, 3, 4, 5, [4, 5], [1, 1])),
        Case("one example with one channel", draw(1, 1, 7, 6, [3, 2], [2, 2])),
    ]


_WINDOW = "window = x[:, :, i * sh : i * sh + h, j * sw : j * sw + w]"
_BACK = "shape, (h, w), (sh, sw) = cache"
_SHARE = "share = dout[:, :, i, j] / (h * w)"

MISTAKES = [
    Mistake("out", "window.mean(axis=(2, 3))", "window.max(axis=(2, 3))", "Mean pooling keeps the mean of a window; this is its largest number.", "ap-max"),
    Mistake("out", "window.mean(axis=(2, 3))", "window.sum(axis=(2, 3))", "The mean is the sum divided by how many numbers the window holds.", "ap-sum"),
    Mistake("out", "window.mean(axis=(2, 3))", "np.median(window, axis=(2, 3))", "The mean of a window is wanted, not the number in the middle.", "ap-median"),
    Mistake("out", "window.mean(axis=(2, 3))", "window.sum(axis=(2, 3)) / (h + w)", "A window holds height times width numbers.", "ap-hplusw"),
    Mistake("out", "window.mean(axis=(2, 3))", "window.sum(axis=(2, 3)) / (h * h)", "A window need not be square: it holds height times width numbers.", "ap-hh"),
    Mistake("out", "window.mean(axis=(2, 3))", "window.sum(axis=(2, 3)) / (sh * sw)", "The stride does not tell how many numbers a window holds.", "ap-strideK2"),
    Mistake("out", "window.mean(axis=(2, 3))", "window.mean(axis=(1, 2, 3))[:, None]", "Each channel is pooled for itself; this takes the mean over all channels.", "ap-channels"),
    Mistake("out", "window.mean(axis=(2, 3))", "window.mean(axis=(0, 2, 3))", "Each example is pooled for itself; this takes the mean over the whole batch.", "ap-batch"),
    Mistake("out", "(h, w), (sh, sw) = size, stride", "(h, w), (sh, sw) = size, size", "The windows need not lie side by side: how far they move is the stride, not their size.", "ap-strideK"),
    Mistake("out", "(h, w), (sh, sw) = size, stride", "(h, w), (sh, sw) = stride, stride", "How large a window is tells `size`; the stride only says how far it moves.", "ap-sizeS"),
    Mistake("out", "(h, w), (sh, sw) = size, stride", "(w, h), (sh, sw) = size, stride", "Height and width of the window have changed places: the first of the pair is the height.", "ap-swap"),
    Mistake("out", "(h, w), (sh, sw) = size, stride", "(h, w), (sw, sh) = size, stride", "The two strides have changed places: the first of the pair leads down, the second to the right.", "ap-swapstride"),
    Mistake("out", "P, Q = (H - h) // sh + 1, (W - w) // sw + 1", "P, Q = (H - h) // sh, (W - w) // sw", "The first window lies at the very edge and counts, too: `out` lacks a row and a column.", "ap-size+1"),
    Mistake("out", "P, Q = (H - h) // sh + 1, (W - w) // sw + 1", "P, Q = -(-(H - h) // sh) + 1, -(-(W - w) // sw) + 1", "A window that would stick out of the map is left away: sizes round down.", "ap-ceil"),
    Mistake("out", "P, Q = (H - h) // sh + 1, (W - w) // sw + 1", "P, Q = (H - 1) // sh + 1, (W - 1) // sw + 1", "Windows that stick out of the map do not count: the size of the window belongs into the size of `out`.", "ap-stickout"),
    Mistake("out", _WINDOW, "window = x[:, :, i : i + h, j : j + w]", "The window has to move by the stride, not by 1.", "ap-nostride"),
    Mistake("dx", _SHARE, "share = dout[:, :, i, j]", "`out` is a mean: each of the numbers in a window moves it by one part in height times width.", "ap-noK"),
    Mistake("dx", _SHARE, "share = dout[:, :, i, j] * (h * w)", "A mean is a sum divided by the number of its terms: the slope is divided, too.", "ap-timesK"),
    Mistake("dx", _SHARE, "share = dout[:, :, i, j] / (h * h)", "A window need not be square: it holds height times width numbers.", "ap-backhh"),
    Mistake("dx", _SHARE, "share = dout[:, :, i, j] / (h + w)", "A window holds height times width numbers.", "ap-backhplusw"),
    Mistake("dx", _SHARE, "share = dout[:, :, i, j] / (P * Q)", "Divide by how many numbers a window holds, not by how many windows there are.", "ap-PQ"),
    Mistake("dx", _SHARE, "share = dout[:, :, i, j] / (h * w) / len(dout)", "`dout` carries all that the loss says, a mean over the batch too: do not divide by N.", "ap-divN"),
    Mistake("dx", _SHARE, "share = np.ones(dout.shape[:2]) / (h * w)", "Go on from `dout`: the slope that arrives at `out` is handed on in equal shares.", "ap-nodout"),
    Mistake("dx", _SHARE, "share = -dout[:, :, i, j] / (h * w)", "Where a number of the window grows, its mean grows: no minus sign.", "ap-minus"),
    Mistake("dx", " += share[:, :, None, None]", " = share[:, :, None, None]", "Windows overlap: a number that lies in several of them adds up its shares.", "ap-assign"),
    Mistake("dx", "dx[:, :, top : top + h, left : left + w] += share[:, :, None, None]", "dx[:, :, top, left] += share", "All numbers of the window move the mean, not only the one in its corner.", "ap-corner"),
    Mistake("dx", "top, left = i * sh, j * sw", "top, left = i, j", "The windows lie where they lay in the forward pass: they move by the stride.", "ap-backnostride"),
    Mistake("dx", "top, left = i * sh, j * sw", "top, left = i * h, j * w", "The windows need not lie side by side: where they begin is told by the stride, not by their size.", "ap-backstrideK"),
    Mistake("dx", "top, left = i * sh, j * sw", "top, left = i * sw, j * sh", "The two strides have changed places in the backward pass.", "ap-backswapstride"),
    Mistake("dx", _BACK, "shape, (w, h), (sh, sw) = cache", "Height and width of the window have changed places in the backward pass.", "ap-backswap"),
    Mistake("dx", "dx = np.zeros(shape)", "dx = np.zeros((*shape[:2], (P - 1) * sh + h, (Q - 1) * sw + w))", "`dx` has the shape of `x`, with the rows and columns that no window reaches, too: their slope is 0.", "ap-remainder"),
    Mistake("dx", "dx = np.zeros(shape)", "dx = np.ones(shape)", "A number that lies in no window has slope 0: start with zeros.", "ap-ones"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "number by number": '''\
def mean_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    P = 1 + (H - size[0]) // stride[0]
    Q = 1 + (W - size[1]) // stride[1]
    out = np.zeros((N, C, P, Q))
    for n in range(N):
        for c in range(C):
            for i in range(P):
                for j in range(Q):
                    total = 0.0
                    for a in range(size[0]):
                        for b in range(size[1]):
                            total += x[n, c, i * stride[0] + a, j * stride[1] + b]
                    out[n, c, i, j] = total / (size[0] * size[1])
    return out, (x, size, stride)


def mean_pool_backward(dout, cache):
    x, size, stride = cache
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*dout.shape):
        for a in range(size[0]):
            for b in range(size[1]):
                dx[n, c, i * stride[0] + a, j * stride[1] + b] += dout[n, c, i, j] / (size[0] * size[1])
    return dx
''',
    "a loop over the places in the window": '''\
def mean_pool_forward(x, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, tuple(size), axis=(2, 3))
    return windows[:, :, :: stride[0], :: stride[1]].mean(axis=(4, 5)), (x.shape, size, stride)


def mean_pool_backward(dout, cache):
    shape, (h, w), (sh, sw) = cache
    P, Q = dout.shape[2:]
    dx = np.zeros(shape)
    for a in range(h):
        for b in range(w):
            dx[:, :, a : a + (P - 1) * sh + 1 : sh, b : b + (Q - 1) * sw + 1 : sw] += dout
    return dx / (h * w)
''',
    "a matrix for the rows and one for the columns": '''\
def averages(length, size, stride):
    count = (length - size) // stride + 1
    matrix = np.zeros((count, length))
    for i in range(count):
        matrix[i, i * stride : i * stride + size] = 1 / size
    return matrix


def mean_pool_forward(x, size, stride):
    down = averages(x.shape[2], size[0], stride[0])
    right = averages(x.shape[3], size[1], stride[1])
    return down @ x @ right.T, (down, right)


def mean_pool_backward(dout, cache):
    down, right = cache
    return down.T @ dout @ right
''',
}


def torch_path(x, size, stride, dout):
    """The same pooling in torch; returns its output."""
    import torch

    return torch.nn.functional.avg_pool2d(x, tuple(size), tuple(stride))
