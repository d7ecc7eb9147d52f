"""Convolution with loops, forward and backward: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def conv_forward_naive(x, w, b, stride, pad):
    N, _, H, W = x.shape
    F, _, HH, WW = w.shape
    rows = 1 + (H + 2 * pad - HH) // stride
    columns = 1 + (W + 2 * pad - WW) // stride
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, rows, columns))
    for n in range(N):
        for f in range(F):
            for i in range(rows):
                for j in range(columns):
                    y0, x0 = i * stride, j * stride  # the upper left corner of the window
                    window = padded[n, :, y0 : y0 + HH, x0 : x0 + WW]  # (C, HH, WW)
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    cache = (padded, w, stride, pad)
    return out, cache


def conv_backward_naive(dout, cache):
    padded, w, stride, pad = cache
    N, F, rows, columns = dout.shape
    HH, WW = w.shape[2:]
    H, W = padded.shape[2] - 2 * pad, padded.shape[3] - 2 * pad
    dpadded = np.zeros(padded.shape)
    dw = np.zeros(w.shape)
    db = np.zeros(F)
    for n in range(N):
        for f in range(F):
            for i in range(rows):
                for j in range(columns):
                    top, left = i * stride, j * stride
                    slope = dout[n, f, i, j]  # what this one result asks for
                    db[f] += slope
                    dw[f] += slope * padded[n, :, top : top + HH, left : left + WW]
                    dpadded[n, :, top : top + HH, left : left + WW] += slope * w[f]
    dx = dpadded[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, db


def cases(rng):
    """Hidden inputs: maps and filters that are not square, padding and none, strides that leave rows over, N != C != F."""

    def draw(x, w, stride, pad):
        rows, columns = (1 + (x[k] + 2 * pad - w[k]) // stride for k in (2, 3))
        return {
            "x": rng.standard_normal(x),
            "w": rng.standard_normal(w),
            "b": rng.standard_normal(w[0]),
            "dout": rng.standard_normal((x[0], w[0], rows, columns)),
            "stride": stride,
            "pad": pad,
        }

    return [
        Case("6 x 7 entries, filters of 3 x 2, padding 1, stride 2", draw((2, 3, 6, 7), (4, 3, 3, 2), 2, 1), generic=True),
        Case("7 x 6 entries, filters of 2 x 3, no padding, stride 2", draw((3, 2, 7, 6), (5, 2, 2, 3), 2, 0), generic=True),
        Case("filters of 2 x 3, no padding, stride 1", draw((3, 2, 6, 7), (4, 2, 2, 3), 1, 0)),
        Case("filters of 3 x 2, padding 1, stride 1", draw((2, 1, 6, 7), (3, 1, 3, 2), 1, 1)),
        Case("stride 3: rows and columns are left over", draw((2, 1, 8, 9), (3, 1, 3, 2), 3, 0)),
        Case("padding 2, stride 2", draw((1, 2, 5, 4), (3, 2, 3, 5), 2, 2)),
        Case("a stride larger than the filter", draw((2, 2, 7, 8), (3, 2, 2, 2), 3, 1)),
        Case("filters of one entry", draw((2, 3, 4, 5), (4, 3, 1, 1), 1, 0)),
        Case("a filter as large as the input", draw((3, 2, 4, 3), (4, 2, 4, 3), 1, 0)),
        Case("one example, one channel, one filter", draw((1, 1, 5, 4), (1, 1, 2, 3), 1, 1)),
    ]


_LAID = "A convolution layer lays the filter down as it is."
_OVERLAP = "An entry lies under several windows: what it collects from them is added up."
_STRIDE = "The window of result (i, j) begins stride * i rows down and stride * j columns to the right, on the way back as on the way forward."
_ROUND = "Rows and columns of x that no window reaches are still entries of x: dx has the shape of x, and 0 there."
_MOVE = "                    y0, x0 = i * stride, j * stride"
_SLOPES = "slope * padded[n, :, top : top + HH, left : left + WW]"
_STAMP = "dpadded[n, :, top : top + HH, left : left + WW] += slope * w[f]"
_CROP = "dpadded[:, :, pad : pad + H, pad : pad + W]"
_PADDED_DOUT = """\
    wide = np.pad(dout, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx = np.zeros((N, w.shape[1], H, W))
    for i in range(wide.shape[2]):
        for j in range(wide.shape[3]):
            part = np.tensordot(wide[:, :, i, j], w, axes=1)[:, :, : max(H - i * stride, 0), : max(W - j * stride, 0)]
            dx[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW] += part"""
_PAD = "np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))"

MISTAKES = [
    # out
    Mistake("out", "np.sum(window * w[f])", "np.sum(window * w[f][:, ::-1, ::-1])", "The filter is turned by 180 degrees. " + _LAID, "cv-flipfwd"),
    Mistake("out", "np.sum(window * w[f])", "np.sum(window * w[f][::-1])", "The channels of the filter are in reverse: each meets the channel of its own number.", "cv-channels-reversed"),
    Mistake("out", "np.sum(window * w[f])", "np.sum(window * w[f][0])", "Each channel has weights of its own; here all of them meet those of the first.", "cv-samechannel"),
    Mistake("out", "np.sum(window * w[f])", "np.sum(window[0] * w[f][0])", "The sum runs over all channels, not over the first alone.", "cv-onechannel"),
    Mistake("out", "np.sum(window * w[f])", "np.sum(window * w[0])", "Every map is made with the first filter; each has its own.", "cv-samefilter"),
    Mistake("out", "np.sum(window * w[f])", "np.mean(window * w[f])", "The products under the filter are added up; this takes their mean.", "cv-mean"),
    Mistake("out", "np.sum(window * w[f])", "np.sum(window) * np.sum(w[f])", "Each entry under the filter has a weight of its own: multiply them one by one before you add.", "cv-sums"),
    Mistake("out", " + b[f]", "", "The bias is missing: each filter has one.", "cv-nobias"),
    Mistake("out", " + b[f]", " + b[0]", "All maps get the bias of the first filter; each filter has its own.", "cv-samebias"),
    Mistake("out", " + b[f]", " - b[f]", "The bias is added, not subtracted.", "cv-minusbias"),
    Mistake("out", " + b[f]", " + len(w[f]) * b[f]", "The bias is added once for each result, not once for each channel.", "cv-biasperchannel"),
    Mistake("out", "np.sum(window * w[f]) + b[f]", "np.sum(window * w[f] + b[f])", "The bias is added once for each result, not once for each weight.", "cv-biasinside"),
    Mistake("out", "np.sum(window * w[f]) + b[f]", "max(0, np.sum(window * w[f]) + b[f])", "There is no ReLU here: negative results stay.", "cv-relu"),
    Mistake("out", _MOVE, "                    y0, x0 = i, j", "The stride is not used: how far apart do two neighbouring windows begin?", "cv-nostride"),
    Mistake("out", _MOVE, "                    y0, x0 = i * stride, j", "The window moves by the stride in both directions; here not along the columns.", "cv-rowstride"),
    Mistake("out", _MOVE, "                    y0, x0 = j * stride % (padded.shape[2] - HH + 1), i * stride % (padded.shape[3] - WW + 1)", "Row and column of the window are exchanged.", "cv-ij"),
    Mistake("out", _MOVE, "                    y0, x0 = min(i * HH, padded.shape[2] - HH), min(j * WW, padded.shape[3] - WW)", "The windows are laid side by side; it is the stride that says how far apart they begin.", "cv-stridefilter"),
    Mistake("out", _PAD, "np.pad(x, ((0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)))", "All zeros are added below and on the right; there are pad of them on each of the four sides.", "cv-padoneside"),
    Mistake("out", _PAD, "np.pad(x, ((0, 0), (0, 0), (2 * pad, 0), (2 * pad, 0)))", "All zeros are added above and on the left; there are pad of them on each of the four sides.", "cv-padtopleft"),
    Mistake("out", _PAD, "np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode='edge')", "The border is filled with copies of the nearest entry; padding is with zeros.", "cv-padedge"),
    Mistake("out", _PAD, "np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode='wrap')", "The border is filled from the other side; padding is with zeros.", "cv-padwrap"),
    Mistake("out", _PAD, "np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), constant_values=1)", "The border is filled with ones; padding is with zeros.", "cv-padones"),
    Mistake("out", "for f in range(F):\n            for i in range(rows):\n                for j in range(columns):\n                    y0", "for f in range(x.shape[1]):\n            for i in range(rows):\n                for j in range(columns):\n                    y0", "There are as many maps as filters, and their number is not that of the channels of x.", "cv-CF"),
    Mistake("out", "    cache = (padded", "    out = out.transpose(1, 0, 2, 3).reshape(out.shape)\n    cache = (padded", "The maps of different examples are mixed up: reshape does not exchange axes.", "cv-reshape"),
    Mistake("out", "    cache = (padded", "    out = out[:, :, ::-1, ::-1]\n    cache = (padded", "Each map is turned by 180 degrees: entry (0, 0) belongs to the upper left window.", "cv-outturned"),
    Mistake("out", "    cache = (padded", "    out = out / N\n    cache = (padded", "Each example has results of its own: nothing is divided by N.", "cv-outmean"),
    Mistake("out", "    cache = (padded", "    out = out.swapaxes(2, 3)\n    cache = (padded", "Rows and columns of the maps are exchanged.", "cv-outT"),
    # dx
    Mistake("dx", _STAMP, _STAMP.replace("+=", "="), "Where two windows overlap, the second slope replaces the first. " + _OVERLAP, "cv-assign"),
    Mistake("dx", _STAMP, _STAMP.replace("w[f]", "w[f][:, ::-1, ::-1]"), "The filter is turned on the way back. A result hands its slope to each entry of its window, times the weight that lay on it.", "cv-flipdx"),
    Mistake("dx", _STAMP, _STAMP.replace("w[f]", "w[0]"), "Each map hands its slopes back through its own filter, not through the first.", "cv-dxsamefilter"),
    Mistake("dx", _STAMP, _STAMP.replace("slope * w[f]", "w[f]"), "The slopes of dout are missing: each weight is multiplied by the slope that arrives.", "cv-dxnodout"),
    Mistake("dx", _STAMP, _STAMP.replace("slope * w[f]", "slope"), "The weights are missing: how fast does a result grow with an entry of its window?", "cv-dxnow"),
    Mistake("dx", _STAMP, _STAMP.replace("slope * w[f]", "slope * np.sum(w[f], axis=0)"), "The weights of all channels are added up; each channel gets its slope by its own.", "cv-dxsumchannels"),
    Mistake("dx", _STAMP, "dpadded[n, :, i : i + HH, j : j + WW] += slope * w[f]", "The stride is not used for dx. " + _STRIDE, "cv-dxnostride"),
    Mistake("dx", _STAMP, _STAMP + "\n    dpadded = dpadded / N", "dx is divided by N: each example has entries of its own, so nothing is to be averaged.", "cv-dxmean"),
    Mistake("dx", _STAMP, _STAMP.replace("dpadded[n", "dpadded[0"), "The slopes of all examples go to the first one.", "cv-dxfirstexample"),
    Mistake("dx", _CROP, "dpadded[:, :, pad:-pad, pad:-pad]", "Without padding nothing is left of dx: what does a slice up to -0 hold?", "cv-pad0"),
    Mistake("dx", _CROP, "dpadded[:, :, :H, :W]", "The padding is cut off below and on the right only; it lies on all four sides.", "cv-cropTL"),
    Mistake("dx", _CROP, "dpadded[:, :, 2 * pad :, 2 * pad :]", "The padding is cut off above and on the left only; it lies on all four sides.", "cv-cropBR"),
    Mistake("dx", _CROP, "dpadded", "dx still has the padding: it has the shape of x.", "cv-nocrop"),
    Mistake("dx", _CROP, "dpadded[:, :, pad : pad + W, pad : pad + H]", "Height and width are exchanged where the padding is cut off.", "cv-cropHW"),
    Mistake("dx", _CROP, _CROP + "[:, :, : (rows - 1) * stride + HH - pad, : (columns - 1) * stride + WW - pad]", "dx is too small. " + _ROUND, "cv-remainder"),
    Mistake("dx", "    dx = " + _CROP, _PADDED_DOUT, "The border of zeros is put around dout here; on the way forward it was x that had one.", "cv-padbwd"),
    Mistake("dx", "    dpadded = np.zeros(padded.shape)", "    dpadded = np.ones(padded.shape)", "The sum of slopes begins at 0, not at 1.", "cv-dxstart"),
    Mistake("dx", "    return dx, dw, db", "    return dx.swapaxes(2, 3).reshape(dx.shape), dw, db", "Rows and columns of dx are mixed up: reshape does not exchange axes.", "cv-dxreshape"),
    Mistake("dx", "    return dx, dw, db", "    return dx[:, ::-1], dw, db", "The channels of dx are in reverse.", "cv-dxchannels"),
    # dw
    Mistake("dw", "dw[f] += " + _SLOPES, "dw[f] = " + _SLOPES, "Each window replaces the slopes of the one before. A weight is used in every window: what it collects is added up.", "cv-dwassign"),
    Mistake("dw", _SLOPES, _SLOPES.replace("n, :", "n, ::-1"), "The channels of dw are in reverse: each weight meets the channel of its own number.", "cv-dwchannels"),
    Mistake("dw", "    return dx, dw, db", "    return dx, dw[:, :, ::-1, ::-1], db", "dw is turned by 180 degrees: each weight collects from the entries that lay under it.", "cv-dwrev"),
    Mistake("dw", "    return dx, dw, db", "    return dx, dw / N, db", "dw is divided by N: the mean over the examples, if there is one, is in dout already.", "cv-dwN"),
    Mistake("dw", "    return dx, dw, db", "    return dx, dw / (rows * columns), db", "dw is divided by the number of windows: slopes are added up.", "cv-dwmean"),
    Mistake("dw", "    return dx, dw, db", "    return dx, dw + w, db", "A weight is in dw itself. There is no penalty here: only the data count.", "cv-dwreg"),
    Mistake("dw", _SLOPES, "slope * padded[n, :, i : i + HH, j : j + WW]", "The stride is not used for dw. " + _STRIDE, "cv-stride"),
    Mistake("dw", _SLOPES, _SLOPES.replace("slope * ", ""), "The slopes of dout are missing: each window counts as much as the slope that arrives at its result.", "cv-dwnodout"),
    Mistake("dw", _SLOPES, _SLOPES.replace("padded[n", "padded[0"), "The windows of the first example are used for all; each slope belongs to a window of its own example.", "cv-dwfirstexample"),
    Mistake("dw", "dw[f] += ", "dw[f] += dout[n].sum(axis=0)[i, j] * padded[n, :, top : top + HH, left : left + WW] + 0 * ", "Each filter collects the slopes of its own map; here it gets those of all maps.", "cv-dwallmaps"),
    # db
    Mistake("db", "db[f] += slope", "db[f] = slope", "The last slope replaces all others: the bias is in every result of its map, in every example.", "cv-dbassign"),
    Mistake("db", "    return dx, dw, db", "    return dx, dw, db / N", "db is divided by N: the mean over the examples, if there is one, is in dout already.", "cv-dbN"),
    Mistake("db", "    return dx, dw, db", "    return dx, dw, db / (N * rows * columns)", "This is a mean of the slopes: they are added up.", "cv-db"),
    Mistake("db", "    return dx, dw, db", "    return dx, dw, db / (rows * columns)", "This is a mean over the places of a map: slopes are added up.", "cv-dbplaces"),
    Mistake("db", "    return dx, dw, db", "    return dx, dw, np.full(F, dout.sum())", "All biases get the sum over all maps; each has the slopes of its own map.", "cv-dball"),
    Mistake("db", "    return dx, dw, db", "    return dx, dw, dout.sum(axis=0)", "db still has the axes of the places: the bias is added at every place of its map.", "cv-dbspatial"),
    Mistake("db", "    return dx, dw, db", "    return dx, dw, dout.sum(axis=(2, 3))", "db still has the axis of the examples: the bias is added in each of them.", "cv-dbexamples"),
    Mistake("db", "    return dx, dw, db", "    return dx, dw, dout[0].sum(axis=(1, 2))", "db counts the first example only: the bias is added in each of them.", "cv-dbfirst"),
    Mistake("db", "    return dx, dw, db", "    return dx, dw, -db", "The bias is added in the forward pass, so its slopes keep their sign.", "cv-dbsign"),
    Mistake("db", "db[f] += slope", "db[f] += 1", "The slopes of dout are missing: this counts the results of each map.", "cv-dbcount"),
]

EQUIVALENTS = {
    "windows and einsum": '''\
def conv_forward_naive(x, w, b, stride, pad):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    out = np.einsum("ncijuv,fcuv->nfij", windows, w) + b[:, None, None]
    return out, (x.shape, windows, w, stride, pad)


def conv_backward_naive(dout, cache):
    (N, C, H, W), windows, w, stride, pad = cache
    dw = np.einsum("nfij,ncijuv->fcuv", dout, windows)
    db = dout.sum(axis=(0, 2, 3))
    dx = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            part = np.einsum("nf,fcuv->ncuv", dout[:, :, i, j], w)
            dx[:, :, i * stride : i * stride + w.shape[2], j * stride : j * stride + w.shape[3]] += part
    return dx[:, :, pad : pad + H, pad : pad + W], dw, db
''',
    "a matrix of windows (im2col)": '''\
def conv_forward_naive(x, w, b, stride, pad):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    P, Q = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    cols = np.array([
        padded[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW].ravel()
        for n in range(N) for i in range(P) for j in range(Q)
    ])
    out = (cols @ w.reshape(F, -1).T + b).reshape(N, P, Q, F).transpose(0, 3, 1, 2)
    return out, (x, w, cols, stride, pad)


def conv_backward_naive(dout, cache):
    x, w, cols, stride, pad = cache
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    flat = dout.transpose(0, 2, 3, 1).reshape(-1, F)
    db = flat.sum(axis=0)
    dw = (flat.T @ cols).reshape(w.shape)
    dcols = flat @ w.reshape(F, -1)
    dx = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    k = 0
    for n in range(N):
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                part = dcols[k].reshape(C, HH, WW)
                dx[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW] += part
                k += 1
    return dx[:, :, pad : H + pad, pad : W + pad], dw, db
''',
    "a full correlation with the turned filter": '''\
def conv_forward_naive(x, w, b, stride, pad):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    HH, WW = w.shape[2:]
    P, Q = padded.shape[2] - HH + 1, padded.shape[3] - WW + 1
    out = np.zeros((x.shape[0], w.shape[0], P, Q))
    for i in range(P):
        for j in range(Q):
            out[:, :, i, j] = np.tensordot(padded[:, :, i : i + HH, j : j + WW], w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out[:, :, ::stride, ::stride], (padded, w, stride, pad, (P, Q))


def conv_backward_naive(dout, cache):
    padded, w, stride, pad, size = cache
    HH, WW = w.shape[2:]
    dz = np.zeros(dout.shape[:2] + size)
    dz[:, :, ::stride, ::stride] = dout
    dw = np.zeros(w.shape)
    for u in range(HH):
        for v in range(WW):
            part = padded[:, :, u : u + size[0], v : v + size[1]]
            dw[:, :, u, v] = np.tensordot(dz, part, axes=([0, 2, 3], [0, 2, 3]))
    full = np.pad(dz, ((0, 0), (0, 0), (HH - 1, HH - 1), (WW - 1, WW - 1)))
    turned = w[:, :, ::-1, ::-1]
    dx = np.zeros(padded.shape)
    for i in range(dx.shape[2]):
        for j in range(dx.shape[3]):
            dx[:, :, i, j] = np.tensordot(full[:, :, i : i + HH, j : j + WW], turned, axes=([1, 2, 3], [0, 2, 3]))
    return dx[:, :, pad : dx.shape[2] - pad, pad : dx.shape[3] - pad], dw, dout.sum((0, 2, 3))
''',
    "loops over the entries of the filter": '''\
def conv_forward_naive(x, w, b, stride, pad):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    P = (H - HH + 2 * pad) // stride + 1
    Q = (W - WW + 2 * pad) // stride + 1
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    padded[:, :, pad : pad + H, pad : pad + W] = x
    out = np.zeros((N, F, P, Q))
    for u in range(HH):
        for v in range(WW):
            seen = padded[:, :, u : u + stride * P : stride, v : v + stride * Q : stride][:, :, :P, :Q]
            out += np.einsum("ncij,fc->nfij", seen, w[:, :, u, v])
    return out + b.reshape(1, F, 1, 1), (x, w, stride, pad)


def conv_backward_naive(dout, cache):
    x, w, stride, pad = cache
    N, C, H, W = x.shape
    P, Q = dout.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            rows, columns = u + stride * np.arange(P), v + stride * np.arange(Q)
            seen = padded[:, :, rows][:, :, :, columns]
            dw[:, :, u, v] = np.einsum("nfij,ncij->fc", dout, seen)
            dpadded[:, :, rows[:, None], columns] += np.einsum("nfij,fc->ncij", dout, w[:, :, u, v])
    return dpadded[:, :, pad : pad + H, pad : pad + W], dw, np.einsum("nfij->f", dout)
''',
    "every entry by itself, in another order": '''\
def conv_forward_naive(x, w, b, stride, pad):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    P, Q = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
    out = np.zeros((N, F, P, Q))
    for j in range(Q):
        for i in range(P):
            for f in range(F):
                out[:, f, i, j] = b[f]
                for u in range(HH):
                    for v in range(WW):
                        r, s = i * stride + u - pad, j * stride + v - pad
                        if 0 <= r < H and 0 <= s < W:
                            out[:, f, i, j] += x[:, :, r, s] @ w[f, :, u, v]
    return out, {"x": x, "w": w, "stride": stride, "pad": pad}


def conv_backward_naive(dout, cache):
    x, w, stride, pad = cache["x"], cache["w"], cache["stride"], cache["pad"]
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for f in range(w.shape[0]):
        for u in range(w.shape[2]):
            for v in range(w.shape[3]):
                for i in range(dout.shape[2]):
                    for j in range(dout.shape[3]):
                        r, s = i * stride + u - pad, j * stride + v - pad
                        if 0 <= r < x.shape[2] and 0 <= s < x.shape[3]:
                            dw[f, :, u, v] += dout[:, f, i, j] @ x[:, :, r, s]
                            dx[:, :, r, s] += np.outer(dout[:, f, i, j], w[f, :, u, v])
    return dx, dw, dout.sum(axis=3).sum(axis=2).sum(axis=0)
''',
    "one example at a time": '''\
def conv_one(picture, w, b, stride):
    HH, WW = w.shape[2:]
    P, Q = (picture.shape[1] - HH) // stride + 1, (picture.shape[2] - WW) // stride + 1
    maps = np.empty((len(w), P, Q))
    for i in range(P):
        for j in range(Q):
            patch = picture[:, i * stride : i * stride + HH, j * stride : j * stride + WW]
            maps[:, i, j] = w.reshape(len(w), -1) @ patch.reshape(-1) + b
    return maps


def conv_forward_naive(x, w, b, stride, pad):
    padded = [np.pad(picture, ((0, 0), (pad, pad), (pad, pad))) for picture in x]
    return np.stack([conv_one(picture, w, b, stride) for picture in padded]), (padded, w, stride, pad)


def conv_backward_naive(dout, cache):
    padded, w, stride, pad = cache
    HH, WW = w.shape[2:]
    dw, dx = np.zeros(w.shape), []
    for picture, dmaps in zip(padded, dout):
        dpicture = np.zeros(picture.shape)
        for i in range(dmaps.shape[1]):
            for j in range(dmaps.shape[2]):
                here = np.s_[:, i * stride : i * stride + HH, j * stride : j * stride + WW]
                dw += dmaps[:, i, j, None, None, None] * picture[here]
                dpicture[here] += np.tensordot(dmaps[:, i, j], w, axes=1)
        dx.append(dpicture[:, pad : dpicture.shape[1] - pad, pad : dpicture.shape[2] - pad])
    return np.stack(dx), dw, np.sum(dout, axis=(0, 2, 3))
''',
}


def torch_path(x, w, b, dout, stride, pad):
    """The same in torch: x (N, C, H, W), w (F, C, HH, WW), b (F,); returns the maps (N, F, rows, columns)."""
    import torch

    return torch.nn.functional.conv2d(x, w, b, stride=stride, padding=pad)
