"""The shape that comes out of a pooling layer: reference, hidden cases, known mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def pool_output_size(H, W, C, size, stride):
    H_out = (H - size) // stride + 1  # ()
    W_out = (W - size) // stride + 1  # ()
    C_out = C  # ()
    return H_out, W_out, C_out


def cases(rng):
    """Hidden inputs: windows that overlap, windows with gaps between them, and steps that are left over."""

    def draw(H, W, C, size, stride):
        return {"H": H, "W": W, "C": C, "size": size, "stride": stride}

    more = int(rng.integers(0, 20))
    return [
        Case("windows of 5 that overlap, stride 3", draw(46 + 3 * more, 80 + 3 * more, 7, 5, 3), generic=True),
        Case("windows of 7 that overlap, stride 4", draw(94 + 4 * more, 53 + 4 * more, 12, 7, 4), generic=True),
        Case("windows of 4 that overlap, stride 1", draw(27 + more, 34 + more, 9, 4, 1), generic=True),
        Case("windows of 2 with gaps, stride 5", draw(61 + 5 * more, 40 + 5 * more, 11, 2, 5), generic=True),
        Case("windows of 3 that overlap, stride 2", draw(59 + 2 * more, 41 + 2 * more, 5, 3, 2), generic=True),
        Case("windows of 2, stride 2, an odd size", draw(15, 27, 8, 2, 2)),
        Case("the windows of AlexNet", draw(55, 55, 96, 3, 2)),
        Case("gaps between the windows", draw(20, 31, 4, 2, 5)),
        Case("one window over all", draw(6, 6, 256, 6, 6)),
    ]


_HINTS = (
    ("({0} - size) // stride + 1", "({0} - size) // stride", "The first place counts, too: with no room to move there is still one.", "noone"),
    ("({0} - size) // stride + 1", "{0} // stride", "This is right where size and stride are equal; in general the window takes up its own width first.", "onlystride"),
    ("({0} - size) // stride + 1", "{0} // size", "It is the stride that says how far apart the windows are, and it need not be their size.", "onlysize"),
    ("({0} - size) // stride + 1", "-(-{0} // stride)", "A window that does not fit whole is not used: round down, not up.", "alongup"),
    ("({0} - size) // stride + 1", "-(-({0} - size) // stride) + 1", "A window that does not fit whole is not used: round down, not up.", "up"),
    ("({0} - size) // stride + 1", "({0} - size) / stride + 1", "A window that does not fit whole is not used: a size is a whole number.", "fraction"),
    ("({0} - size) // stride + 1", "({0} - size + 1) // stride", "The 1 is the first place; it is not divided by the stride.", "onebefore"),
    ("({0} - size) // stride + 1", "({0} - stride) // size + 1", "Size and stride are exchanged.", "swap"),
    ("({0} - size) // stride + 1", "{0} - size + 1", "This is the size for stride 1: how far apart are the windows?", "nostride"),
    ("({0} - size) // stride + 1", "({0} - size) // 2 + 1", "The stride is not always 2.", "two"),
    ("- size", "+ size", "A larger window has less room to move, not more.", "plus"),
)
MISTAKES = [
    *(Mistake("H_out", old.format("H"), new.format("H"), hint, f"pool-H-{tag}") for old, new, hint, tag in _HINTS),
    *(Mistake("W_out", old.format("W"), new.format("W"), hint, f"pool-W-{tag}") for old, new, hint, tag in _HINTS),
    Mistake("H_out", "(H -", "(W -", "The height comes from the height of the map, and this is its width.", "pool-H-W"),
    Mistake("W_out", "(W -", "(H -", "The width comes from the width of the map, and this is its height.", "pool-W-H"),
    Mistake("C_out", "C_out = C", "C_out = 1", "Each channel is pooled by itself: none of them disappears.", "pool-one"),
    Mistake("C_out", "C_out = C", "C_out = (C - size) // stride + 1", "Rows and columns are pooled, and channels are not.", "pool-channels"),
    Mistake("C_out", "C_out = C", "C_out = C // stride", "Rows and columns are pooled, and channels are not.", "pool-share"),
    Mistake("C_out", "C_out = C", "C_out = C // size**2", "Rows and columns are pooled, and channels are not.", "pool-squareshare"),
]

EQUIVALENTS = {
    "as a convolution without padding": '''\
def pool_output_size(H, W, C, size, stride):
    H_out = 1 + int((H + 2 * 0 - size) / stride)
    W_out = 1 + int((W + 2 * 0 - size) / stride)
    return H_out, W_out, C
''',
    "counting": '''\
def pool_output_size(H, W, C, size, stride):
    H_out = len(range(0, H - size + 1, stride))
    W_out = len(range(0, W - size + 1, stride))
    C_out = C
    return H_out, W_out, C_out
''',
    "the windows of a map": '''\
def pool_output_size(H, W, C, size, stride):
    window = (size, size)
    windows = np.lib.stride_tricks.sliding_window_view(np.zeros((H, W)), window)[::stride, ::stride]
    H_out, W_out = windows.shape[:2]
    return H_out, W_out, C
''',
}
