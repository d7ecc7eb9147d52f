"""The shape that comes out of a convolution layer, rounded down: reference, hidden cases, mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def conv_output_shape(H, W, C, filters, F, stride, pad):
    H_out = (H + 2 * pad - F) // stride + 1  # ()
    W_out = (W + 2 * pad - F) // stride + 1  # ()
    C_out = filters  # ()
    return H_out, W_out, C_out


def cases(rng):
    """Hidden inputs: oblong pictures, as many filters as no other number, and steps that are left over."""

    def draw(H, W, C, filters, F, stride, pad):
        return {"H": H, "W": W, "C": C, "filters": filters, "F": F, "stride": stride, "pad": pad}

    more = int(rng.integers(0, 20))
    return [
        Case("steps left over, stride 4", draw(61 + 4 * more, 93 + 4 * more, 3, 24, 8, 4, 3), generic=True),
        Case("steps left over, stride 3", draw(100 + 3 * more, 57 + 3 * more, 5, 17, 6, 3, 2), generic=True),
        Case("steps left over, stride 5", draw(72 + 5 * more, 98 + 5 * more, 4, 13, 3, 5, 1), generic=True),
        Case("stride 1", draw(33 + more, 47 + more, 7, 11, 4, 1, 3), generic=True),
        Case("it fits, stride 2", draw(50 + 2 * more, 86 + 2 * more, 8, 21, 6, 2, 1), generic=True),
        Case("a layer that keeps the size", draw(30, 40, 12, 20, 5, 1, 2)),
        Case("filters of 1 x 1", draw(14, 15, 64, 16, 1, 1, 0)),
        Case("filters as large as the picture", draw(7, 7, 8, 10, 7, 1, 0)),
        Case("the first layer of AlexNet", draw(227, 227, 3, 96, 11, 4, 0)),
    ]


_HINTS = (
    ("({0} + 2 * pad - F) // stride + 1", "({0} + 2 * pad - F) // stride", "The first place counts, too: with no room to move there is still one.", "noone"),
    ("({0} + 2 * pad - F) // stride + 1", "({0} + 2 * pad - F + 1) // stride", "The 1 is the first place; it is not divided by the stride.", "onebefore"),
    ("({0} + 2 * pad - F) // stride + 1", "-(-({0} + 2 * pad - F) // stride) + 1", "A step that does not fit is not taken: round down, not up.", "up"),
    ("({0} + 2 * pad - F) // stride + 1", "round(({0} + 2 * pad - F) / stride) + 1", "A step that does not fit is not taken: round down, not to the nearest.", "nearest"),
    ("({0} + 2 * pad - F) // stride + 1", "({0} + 2 * pad - F) / stride + 1", "A step that does not fit is not taken: a size is a whole number.", "fraction"),
    ("({0} + 2 * pad - F) // stride + 1", "{0} + 2 * pad - F + 1", "This is the size for stride 1: how far apart are the places?", "nostride"),
    ("({0} + 2 * pad - F) // stride + 1", "({0} + 2 * pad) // stride", "How much room does the filter itself take?", "nofilter"),
    ("({0} + 2 * pad - F) // stride + 1", "{0} // stride", "This is how often the stride goes into the picture; the filter and the padding matter, too.", "onlystride"),
    ("({0} + 2 * pad - F) // stride + 1", "({0} + 2 * pad - F - 1) // stride + 1", "The filter takes up its own width, and nothing more.", "minusone"),
    ("2 * pad", "pad", "The zeros are added at both ends.", "padonce"),
    ("2 * pad", "4 * pad", "This counts the padding of all four sides; along one side there are two ends.", "padfour"),
    ("2 * pad - F", "0 - F", "The padding is missing: it makes the picture larger.", "nopad"),
    ("+ 2 * pad", "- 2 * pad", "The padding makes the picture larger, not smaller.", "padminus"),
    ("- F", "+ F", "A larger filter has less room to move, not more.", "plusfilter"),
)
MISTAKES = [
    *(Mistake("H_out", old.format("H"), new.format("H"), hint, f"shape-H-{tag}") for old, new, hint, tag in _HINTS),
    *(Mistake("W_out", old.format("W"), new.format("W"), hint, f"shape-W-{tag}") for old, new, hint, tag in _HINTS),
    Mistake("H_out", "(H +", "(W +", "The height comes from the height of the picture, and this is its width.", "shape-H-W"),
    Mistake("W_out", "(W +", "(H +", "The width comes from the width of the picture, and this is its height.", "shape-W-H"),
    Mistake("C_out", "filters", "C", "Each filter runs through all channels and makes one map: how many maps are there?", "shape-C"),
    Mistake("C_out", "filters", "filters * C", "Each filter adds up over all channels and makes one map, not one for each channel.", "shape-product"),
    Mistake("C_out", "filters", "filters + C", "The channels that go in do not come out again: each filter makes one map.", "shape-sum"),
    Mistake("C_out", "filters", "F", "This is the side of a filter; how many filters are there?", "shape-F"),
    Mistake("C_out", "filters", "1", "One filter makes one map, and there are several filters.", "shape-one"),
    Mistake("C_out", "filters", "filters + 1", "The bias makes no map of its own.", "shape-bias"),
]

EQUIVALENTS = {
    "int": '''\
def conv_output_shape(H, W, C, filters, F, stride, pad):
    H_out = int((H - F + 2 * pad) / stride) + 1
    W_out = int((W - F + 2 * pad) / stride) + 1
    return H_out, W_out, filters
''',
    "a function for a side": '''\
def side(n, F, stride, pad):
    return 1 + (n + pad + pad - F) // stride


def conv_output_shape(H, W, C, filters, F, stride, pad):
    return side(H, F, stride, pad), side(W, F, stride, pad), filters
''',
    "counting": '''\
def conv_output_shape(H, W, C, filters, F, stride, pad):
    H_out = len(range(-pad, H + pad - F + 1, stride))
    W_out = len(range(-pad, W + pad - F + 1, stride))
    C_out = filters
    return H_out, W_out, C_out
''',
    "an array": '''\
def conv_output_shape(H, W, C, filters, F, stride, pad):
    H_out, W_out = (np.array([H, W]) + 2 * pad - F + stride) // stride
    return H_out, W_out, filters
''',
}
