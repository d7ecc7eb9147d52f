"""Transposed convolution by stamps: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def transposed_conv_forward(x, w, b, stride, pad):
    N, _, H, W = x.shape
    _, F, HH, WW = w.shape
    P, Q = (H - 1) * stride + HH, (W - 1) * stride + WW
    canvas = np.zeros((N, F, P, Q))
    for i in range(H):
        for j in range(W):
            stamp = np.tensordot(x[:, :, i, j], w, axes=1)  # (N, F, HH, WW)
            y0, x0 = i * stride, j * stride
            canvas[:, :, y0 : y0 + HH, x0 : x0 + WW] += stamp
    out = canvas[:, :, pad : P - pad, pad : Q - pad] + b[:, None, None]
    cache = (x, w, stride, pad)
    return out, cache


def transposed_conv_backward(dout, cache):
    x, w, stride, pad = cache
    HH, WW = w.shape[2:]
    dcanvas = np.pad(dout, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            top, left = i * stride, j * stride
            window = dcanvas[:, :, top : top + HH, left : left + WW]  # (N, F, HH, WW)
            dx[:, :, i, j] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3]))  # (N, C)
            dw += np.tensordot(x[:, :, i, j], window, axes=([0], [0]))  # (C, F, HH, WW)
    db = dout.sum(axis=(0, 2, 3))
    return dx, dw, db


def cases(rng):
    """Hidden inputs: nothing is square, padding and none, stamps that overlap and stamps with gaps, N != C != F."""

    def draw(N, C, H, W, F, HH, WW, stride, pad):
        P, Q = (H - 1) * stride + HH - 2 * pad, (W - 1) * stride + WW - 2 * pad
        return {
            "x": rng.standard_normal((N, C, H, W)),
            "w": rng.standard_normal((C, F, HH, WW)),
            "b": rng.standard_normal(F),
            "stride": stride,
            "pad": pad,
            "dout": rng.standard_normal((N, F, P, Q)),
        }

    return [
        Case("stamps of 3 x 4 that overlap, stride 2, padding 1", draw(5, 3, 3, 4, 2, 3, 4, 2, 1), generic=True),
        Case("stamps of 2 x 3, stride 1, no padding", draw(2, 3, 4, 3, 5, 2, 3, 1, 0), generic=True),
        Case("stamps of 3 x 2 with padding 2", draw(3, 2, 4, 5, 4, 3, 2, 2, 2)),
        Case("stamps of 2 x 2 side by side", draw(2, 3, 3, 4, 5, 2, 2, 2, 0)),
        Case("stamps of 2 x 2 with gaps between them, stride 3", draw(2, 2, 3, 2, 3, 2, 2, 3, 0)),
        Case("maps of one number", draw(4, 3, 1, 1, 2, 3, 4, 2, 1)),
        Case("stamps of one number", draw(3, 4, 3, 2, 2, 1, 1, 1, 0)),
        Case("one example, one channel, one filter", draw(1, 1, 3, 4, 1, 3, 3, 2, 1)),
    ]


_STAMP = "np.tensordot(x[:, :, i, j], w, axes=1)"
_CUT = "canvas[:, :, pad : P - pad, pad : Q - pad] + b[:, None, None]"
_DX = "np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3]))"
_DW = "dw += np.tensordot(x[:, :, i, j], window, axes=([0], [0]))"

MISTAKES = [
    Mistake("out", "x0 : x0 + WW] += stamp", "x0 : x0 + WW] = stamp", "Stamps overlap: where they do, they add up.", "tc-assign"),
    Mistake("out", "y0, x0 = i * stride, j * stride", "y0, x0 = i, j", "Neighbours on the input are `stride` apart on the output.", "tc-nostride"),
    Mistake("out", _STAMP, "np.tensordot(x[:, :, i, j], w[:, :, ::-1, ::-1], axes=1)", "The stamp is the filter as it is: do not turn it by half a turn.", "tc-flip"),
    Mistake("out", _STAMP, "np.tensordot(x[:, :1, i, j], w[:1], axes=1)", "All channels of the input leave their stamps, not only the first.", "tc-channel0"),
    Mistake("out", _STAMP, "np.tensordot(x[:, :, i, j], w, axes=1) / x.shape[1]", "The stamps of the channels add up: this is their mean.", "tc-meanC"),
    Mistake("out", _STAMP, "np.tensordot(x[:, :, i, j], w.reshape(F, x.shape[1], HH, WW).transpose(1, 0, 2, 3), axes=1)", "The first axis of `w` is the channel of the input, the second that of the output.", "tc-CF"),
    Mistake("out", _STAMP, "np.tensordot(np.abs(x[:, :, i, j]), w, axes=1)", "The stamp is multiplied by the number as it is, with its sign.", "tc-abs"),
    Mistake("out", _CUT, "canvas[:, :, pad : P - pad, pad : Q - pad]", "Each map of the output has a bias.", "tc-nobias"),
    Mistake("out", _CUT, "canvas[:, :, pad : P - pad, pad : Q - pad] - b[:, None, None]", "The bias is added.", "tc-minusbias"),
    Mistake("out", "canvas = np.zeros((N, F, P, Q))", "canvas = np.zeros((N, F, P, Q)) + b[:, None, None]", "The bias enters each output once.", "tc-biastwice"),
    Mistake("out", _STAMP, "np.tensordot(x[:, :, i, j], w, axes=1) + b[:, None, None]", "The bias is added once to each output, not with every stamp.", "tc-biasstamp"),
    Mistake("out", _CUT, "canvas[:, :, pad:-pad, pad:-pad] + b[:, None, None]", "With no padding the slice from 0 to -0 is empty: say where it ends in numbers that work for `pad = 0`, too.", "tc-pad0"),
    Mistake("out", _CUT, "canvas[:, :, : P - 2 * pad, : Q - 2 * pad] + b[:, None, None]", "`pad` rows and columns are cut off at all four sides; here both are cut off at the end.", "tc-cropTL"),
    Mistake("out", _CUT, "canvas[:, :, 2 * pad :, 2 * pad :] + b[:, None, None]", "`pad` rows and columns are cut off at all four sides; here both are cut off at the beginning.", "tc-cropBR"),
    Mistake("out", _CUT, "canvas + b[:, None, None]", "`pad` rows and columns are cut off at all four sides.", "tc-nocrop"),
    Mistake("out", _CUT, "np.pad(canvas, ((0, 0), (0, 0), (pad, pad), (pad, pad))) + b[:, None, None]", "Here padding is cut off: it is what a convolution on the way back would have added.", "tc-addpad"),
    Mistake("out", "P, Q = (H - 1) * stride + HH, (W - 1) * stride + WW", "P, Q = H * stride + HH, W * stride + WW", "The last stamp begins at (H - 1) times the stride: the canvas is too large.", "tc-size"),
    Mistake("dx", _DX, "np.tensordot(window, w[:, :, ::-1, ::-1], axes=([1, 2, 3], [1, 2, 3]))", "Each number of the stamp gives back the slope of the place that it was set on: nothing is turned.", "tc-dxflip"),
    Mistake("dx", _DX, "np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) / (HH * WW)", "All places of the stamp hand back their slopes: they add up, without dividing.", "tc-dxmean"),
    Mistake("dx", _DX, "np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) / len(x)", "`dout` carries all that the loss says, a mean over the batch too: do not divide by N.", "tc-dxN"),
    Mistake("dx", _DX, "-np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3]))", "Where a number grows, its stamp grows with the weights: no minus sign.", "tc-dxminus"),
    Mistake("dx", _DX, "np.tensordot(window[:, :1], w[:, :1], axes=([1, 2, 3], [1, 2, 3]))", "A number leaves a stamp on each map of the output, and each hands back its slopes.", "tc-dxmap0"),
    Mistake("dx", _DX, "np.tensordot(window[:, :, 0, 0], w[:, :, 0, 0], axes=([1], [1]))", "All places of the stamp hand back their slopes, not only its corner.", "tc-dxcorner"),
    Mistake("dx", _DX, "np.tensordot(np.ones(window.shape), w, axes=([1, 2, 3], [1, 2, 3]))", "Go on from `dout`: the slopes that arrive at the outputs are handed back.", "tc-nodout"),
    Mistake("dx", "top, left = i * stride, j * stride", "top, left = i, j", "On the way back the windows lie where the stamps were: `stride` apart.", "tc-backnostride"),
    Mistake("dx", "np.pad(dout, ((0, 0), (0, 0), (pad, pad), (pad, pad)))", "np.pad(dout, ((0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)))", "What was cut off on all four sides has slope 0: the frame of zeros goes around `dout`.", "tc-backpadend"),
    Mistake("dx", "np.pad(dout, ((0, 0), (0, 0), (pad, pad), (pad, pad)))", "np.pad(dout, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode='edge')", "What was cut off has no part in the output: its slope is 0.", "tc-backpadedge"),
    Mistake("dw", _DW, "dw = np.tensordot(x[:, :, i, j], window, axes=([0], [0]))", "The same stamp is set at every place: its slopes add up over the places.", "tc-dwassign"),
    Mistake("dw", _DW, "dw += np.tensordot(x[:, :, i, j], window, axes=([0], [0])) / len(x)", "The same stamp is used in all examples: its slopes add up, without dividing by N.", "tc-dwN"),
    Mistake("dw", _DW, "dw += np.tensordot(x[:, :, i, j], window, axes=([0], [0])) / (x.shape[2] * x.shape[3])", "The same stamp is set at every place: its slopes add up, without dividing by their number.", "tc-dwplaces"),
    Mistake("dw", _DW, "dw += np.tensordot(x[:, :, i, j], window, axes=([0], [0]))[:, :, ::-1, ::-1]", "The filters come out turned by half a turn: each weight belongs to its own place in the window.", "tc-dwflip"),
    Mistake("dw", _DW, "dw += np.tensordot(x[:1, :, i, j], window[:1], axes=([0], [0]))", "The same stamp is used in all examples: this has the slopes of the first one only.", "tc-dwfirst"),
    Mistake("dw", _DW, "dw += np.tensordot(np.ones(x[:, :, i, j].shape), window, axes=([0], [0]))", "A stamp is multiplied by the number that sets it: this number belongs into the slope of the weights.", "tc-dwnox"),
    Mistake("dw", _DW, "dw -= np.tensordot(x[:, :, i, j], window, axes=([0], [0]))", "Where a weight grows, its stamps grow with the numbers of the input: no minus sign.", "tc-dwminus"),
    Mistake("db", "dout.sum(axis=(0, 2, 3))", "dout.mean(axis=(0, 2, 3))", "A bias is added at every place of every example: its slopes add up, without dividing.", "tc-dbmean"),
    Mistake("db", "dout.sum(axis=(0, 2, 3))", "dout.sum(axis=(0, 2, 3)) / len(x)", "A bias is added in every example: its slopes add up, without dividing by N.", "tc-dbN"),
    Mistake("db", "dout.sum(axis=(0, 2, 3))", "dout[:, :, 0, 0].sum(axis=0)", "A bias is added at every place, not only at the first.", "tc-dbplace"),
    Mistake("db", "dout.sum(axis=(0, 2, 3))", "dout[0].sum(axis=(1, 2))", "A bias is added in every example, not only in the first.", "tc-dbfirst"),
    Mistake("db", "dout.sum(axis=(0, 2, 3))", "np.full(w.shape[1], dout.sum())", "Each bias gets the slopes of its own map, not those of all maps.", "tc-dball"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "loops over everything": '''\
def transposed_conv_forward(x, w, b, stride, pad):
    N, C, H, W = x.shape
    _, F, HH, WW = w.shape
    out = np.zeros((N, F, (H - 1) * stride + HH - 2 * pad, (W - 1) * stride + WW - 2 * pad))
    for f in range(F):
        out[:, f] = b[f]
    for n, c, i, j in np.ndindex(x.shape):
        for f, k, l in np.ndindex(F, HH, WW):
            row, column = i * stride + k - pad, j * stride + l - pad
            if 0 <= row < out.shape[2] and 0 <= column < out.shape[3]:
                out[n, f, row, column] += x[n, c, i, j] * w[c, f, k, l]
    return out, (x, w, stride, pad)


def transposed_conv_backward(dout, cache):
    x, w, stride, pad = cache
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for n, c, i, j in np.ndindex(x.shape):
        for f, k, l in np.ndindex(*w.shape[1:]):
            row, column = i * stride + k - pad, j * stride + l - pad
            if 0 <= row < dout.shape[2] and 0 <= column < dout.shape[3]:
                dx[n, c, i, j] += dout[n, f, row, column] * w[c, f, k, l]
                dw[c, f, k, l] += dout[n, f, row, column] * x[n, c, i, j]
    for f in range(w.shape[1]):
        db[f] = dout[:, f].sum()
    return dx, dw, db
''',
    "zeros between the numbers, then a full convolution": '''\
def transposed_conv_forward(x, w, b, stride, pad):
    N, C, H, W = x.shape
    _, F, HH, WW = w.shape
    wide = np.zeros((N, C, (H - 1) * stride + 1, (W - 1) * stride + 1))
    wide[:, :, ::stride, ::stride] = x
    framed = np.pad(wide, ((0, 0), (0, 0), (HH - 1, HH - 1), (WW - 1, WW - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(framed, (HH, WW), axis=(2, 3))
    full = np.einsum("ncpqkl,cfkl->nfpq", windows, w[:, :, ::-1, ::-1])
    out = full[:, :, pad : full.shape[2] - pad, pad : full.shape[3] - pad] + b.reshape(1, F, 1, 1)
    return out, (x, w, stride, pad)


def transposed_conv_backward(dout, cache):
    x, w, stride, pad = cache
    framed = np.pad(dout, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(framed, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    dx = np.einsum("nfhwkl,cfkl->nchw", windows, w)
    dw = np.einsum("nchw,nfhwkl->cfkl", x, windows)
    return dx, dw, np.einsum("nfpq->f", dout)
''',
    "a slice for each place in the stamp": '''\
def transposed_conv_forward(x, w, b, stride, pad):
    N, C, H, W = x.shape
    _, F, HH, WW = w.shape
    canvas = np.zeros((N, F, (H - 1) * stride + HH, (W - 1) * stride + WW))
    for k in range(HH):
        for l in range(WW):
            piece = np.einsum("nchw,cf->nfhw", x, w[:, :, k, l])
            canvas[:, :, k : k + H * stride : stride, l : l + W * stride : stride][:, :, :H, :W] += piece
    P, Q = canvas.shape[2:]
    return canvas[:, :, pad : P - pad, pad : Q - pad] + b[:, None, None], {"x": x, "w": w, "stride": stride, "pad": pad}


def transposed_conv_backward(dout, cache):
    x, w, stride, pad = cache["x"], cache["w"], cache["stride"], cache["pad"]
    H, W = x.shape[2:]
    dcanvas = np.pad(dout, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for k in range(w.shape[2]):
        for l in range(w.shape[3]):
            piece = dcanvas[:, :, k : k + H * stride : stride, l : l + W * stride : stride][:, :, :H, :W]
            dx += np.einsum("nfhw,cf->nchw", piece, w[:, :, k, l])
            dw[:, :, k, l] = np.einsum("nchw,nfhw->cf", x, piece)
    return dx, dw, dout.sum(axis=0).sum(axis=(1, 2))
''',
}


def torch_path(x, w, b, stride, pad, dout):
    """The same in torch; returns its output."""
    import torch

    return torch.nn.functional.conv_transpose2d(x, w, b, stride=stride, padding=pad)
