"""The work of a convolution layer forward, in operations and bytes: reference, hidden cases, mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def conv_work(N, C, H, W, F, HH, WW, stride, pad):
    P = (H + 2 * pad - HH) // stride + 1  # ()
    Q = (W + 2 * pad - WW) // stride + 1  # ()
    flops = 2 * N * F * P * Q * C * HH * WW  # ()
    moved = 8 * (N * C * H * W + F * C * HH * WW + F + N * F * P * Q)  # ()
    return P, Q, flops, moved


def cases(rng):
    """Hidden inputs: oblong maps and filters, no two of the numbers equal, and steps that are left over."""

    def draw(N, C, H, W, F, HH, WW, stride, pad):
        return {"N": N, "C": C, "H": H, "W": W, "F": F, "HH": HH, "WW": WW, "stride": stride, "pad": pad}

    more = int(rng.integers(0, 9))
    return [
        Case("typical sizes", draw(13 + more, 6, 34, 53, 17, 5, 7, 4, 2), generic=True),
        Case("steps left over", draw(7, 11 + more, 50, 31, 19, 4, 5, 3, 1), generic=True),
        Case("stride 1", draw(5, 12, 23, 40 + more, 8, 3, 6, 1, 2), generic=True),
        Case("filters of 1 x 1", draw(4, 64, 14, 15, 32, 1, 1, 1, 0)),
        Case("one channel and one filter", draw(3, 1, 28, 30, 1, 5, 5, 1, 0)),
        Case("filters as large as the maps", draw(9, 8, 6, 7, 10, 6, 7, 1, 0)),
    ]


_SIDES = (
    (" // stride + 1", " // stride", "The first place counts, too.", "noone"),
    (" // stride + 1", " / stride + 1", "A step that does not fit is not taken: a size is a whole number.", "fraction"),
    ("2 * pad", "pad", "The zeros are added at both ends.", "padonce"),
    ("+ 2 * pad - ", "- ", "The padding is missing: it makes the map larger.", "nopad"),
)
_ALL = "2 * N * F * P * Q * C * HH * WW"
_ARRAYS = "N * C * H * W + F * C * HH * WW + F + N * F * P * Q"
MISTAKES = [
    *(Mistake(side, old, new, hint, f"convwork-{side}-{tag}") for side in "PQ" for old, new, hint, tag in _SIDES),
    Mistake("P", "- HH", "- WW", "The rows of the filter decide the rows of the output.", "convwork-P-WW"),
    Mistake("Q", "- WW", "- HH", "The columns of the filter decide the columns of the output.", "convwork-Q-HH"),
    Mistake("P", "(H +", "(W +", "P is the number of rows, and W that of columns.", "convwork-P-W"),
    Mistake("Q", "(W +", "(H +", "Q is the number of columns, and H that of rows.", "convwork-Q-H"),
    Mistake("flops", _ALL, "N * F * P * Q * C * HH * WW", "A product and the addition that follows it are two operations.", "convwork-half"),
    Mistake("flops", _ALL, "2 * F * P * Q * C * HH * WW", "This is the work for one example.", "convwork-oneexample"),
    Mistake("flops", _ALL, "2 * N * P * Q * C * HH * WW", "This is the work of one filter.", "convwork-onefilter"),
    Mistake("flops", _ALL, "2 * N * F * P * Q * HH * WW", "A filter runs through all channels.", "convwork-nochannels"),
    Mistake("flops", _ALL, "2 * N * F * P * Q * C", "Each output takes a product for each place of the filter.", "convwork-noplaces"),
    Mistake("flops", _ALL, "2 * N * F * P * Q", "Each output takes a product for each weight of its filter.", "convwork-outputs"),
    Mistake("flops", _ALL, "2 * N * F * H * W * C * HH * WW", "The filter is laid down once for each place of the output, not of the input.", "convwork-inputplaces"),
    Mistake("flops", _ALL, "2 * N * F * C * HH * WW", "The filter is laid down at every place of the output.", "convwork-oneplace"),
    Mistake("flops", _ALL, "2 * N * F * P * Q * C * HH * WW + N * F * P * Q", "The bias takes the place of the one addition that a sum of products saves: it is counted already.", "convwork-biastwice"),
    Mistake("flops", _ALL, "N * F * P * Q * (2 * C * HH * WW - 1)", "Each output also adds its bias.", "convwork-nobias"),
    Mistake("flops", _ALL, "6 * N * F * P * Q * C * HH * WW", "Asked for is the way forward alone.", "convwork-both"),
    Mistake("flops", _ALL, "2 * N * F * P * Q * C * HH * WW / 1e9", "Asked for are operations, not thousands of millions of them.", "convwork-gigaflops"),
    Mistake("moved", "8 * (", "1 * (", "These are numbers, not bytes: how many bytes has one?", "convwork-numbers"),
    Mistake("moved", "8 * (", "4 * (", "The numbers here are float64; 4 bytes would be float32.", "convwork-single"),
    Mistake("moved", "8 * (", "64 * (", "These are bits, not bytes.", "convwork-bits"),
    Mistake("moved", "8 * (", "8 / 1e9 * (", "Asked for are bytes, not gigabytes.", "convwork-giga"),
    Mistake("moved", "8 * (", "8 / 2**30 * (", "Asked for are bytes, not gibibytes.", "convwork-gibi"),
    Mistake("moved", _ARRAYS, "N * C * H * W + F * C * HH * WW + F", "What comes out is written, and writing moves bytes, too.", "convwork-nowrite"),
    Mistake("moved", _ARRAYS, "N * F * P * Q", "This is only what is written; what is read moves, too.", "convwork-onlywrite"),
    Mistake("moved", _ARRAYS, "N * C * H * W + N * F * P * Q", "The filters and their biases are read as well.", "convwork-maps"),
    Mistake("moved", _ARRAYS, "N * C * H * W + F * C * HH * WW + N * F * P * Q", "The biases are read as well.", "convwork-bytesnobias"),
    Mistake("moved", _ARRAYS, "N * C * H * W + F * HH * WW + F + N * F * P * Q", "A filter has weights for every channel.", "convwork-flatfilters"),
    Mistake("moved", _ARRAYS, "N * C * (H + 2 * pad) * (W + 2 * pad) + F * C * HH * WW + F + N * F * P * Q", "The zeros of the padding are nowhere in memory: count the input as it arrives.", "convwork-padding"),
    Mistake("moved", _ARRAYS, "N * C * HH * WW * P * Q + F * C * HH * WW + F + N * F * P * Q", "Windows overlap, and a number in several of them is read once: count the arrays.", "convwork-windows"),
    Mistake("moved", _ARRAYS, "N * C * H * W + N * (F * C * HH * WW + F) + N * F * P * Q", "The filters are read once for the whole batch, not for each example.", "convwork-filterseach"),
    Mistake("moved", _ARRAYS, "C * H * W + F * C * HH * WW + F + F * P * Q", "These are the maps of one example.", "convwork-bytesone"),
    Mistake("moved", _ARRAYS, "N * C * H * W + F * C * HH * WW + F + N * F * H * W", "The maps that come out have P rows and Q columns.", "convwork-outH"),
]

EQUIVALENTS = {
    "own names": '''\
def conv_work(N, C, H, W, F, HH, WW, stride, pad):
    rows, columns = 1 + (H - HH + 2 * pad) // stride, 1 + (W - WW + 2 * pad) // stride
    outputs, weights = N * F * rows * columns, F * C * HH * WW
    return rows, columns, outputs * (2 * C * HH * WW), 8 * (N * C * H * W + weights + F + outputs)
''',
    "sizes of arrays": '''\
def conv_work(N, C, H, W, F, HH, WW, stride, pad):
    x, w, b = np.zeros((N, C, H, W)), np.zeros((F, C, HH, WW)), np.zeros(F)
    P = len(range(-pad, H + pad - HH + 1, stride))
    Q = len(range(-pad, W + pad - WW + 1, stride))
    out = np.zeros((N, F, P, Q))
    return P, Q, 2 * out.size * w[0].size, x.nbytes + w.nbytes + b.nbytes + out.nbytes
''',
    "as a matrix product": '''\
def conv_work(N, C, H, W, F, HH, WW, stride, pad):
    P = int((H + 2 * pad - HH) / stride) + 1
    Q = int((W + 2 * pad - WW) / stride) + 1
    K, L = C * HH * WW, P * Q
    flops = N * F * L * (K + (K - 1) + 1)
    moved = 8.0 * (N * (C * H * W + F * L) + F * (K + 1))
    return P, Q, flops, moved
''',
}
