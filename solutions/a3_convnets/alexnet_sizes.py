"""The sizes of the layers of AlexNet: reference, how each number is worked out, known mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def alexnet_sizes():
    conv1 = (227 - 11) // 4 + 1  # ()
    pool1 = (conv1 - 3) // 2 + 1  # ()
    conv2 = pool1 + 2 * 2 - 5 + 1  # ()
    pool2 = (conv2 - 3) // 2 + 1  # ()
    conv3 = pool2 + 2 * 1 - 3 + 1  # ()
    conv4 = conv3 + 2 * 1 - 3 + 1  # ()
    conv5 = conv4 + 2 * 1 - 3 + 1  # ()
    pool5 = (conv5 - 3) // 2 + 1  # ()
    features = pool5 * pool5 * 256  # ()
    last_feature_layer = 4096  # ()
    return conv1, pool1, conv2, pool2, conv3, conv4, conv5, pool5, features, last_feature_layer


def cases(rng):
    """There is one AlexNet."""
    return [Case("AlexNet", {}, generic=True)]


_POOL = "Windows of 3 that begin 2 apart: take the 3 of the first window off the side before, see how many steps of 2 are left, round down, and add the first window."
_SAME = "Padding 1 makes the side longer by 2, a filter of 3 takes 3 away, and the first place counts: what goes in comes out."

# What a student reads beside a wrong number: the way to it, in steps.
WORKING = {
    "conv1": "The side is 227. Take off the 11 of the first place: 216 are left to move. In steps of 4 that is 54 steps, and the first place makes one more.",
    "pool1": _POOL,
    "conv2": "The side of pool1 grows by 2 zeros at each end, that is by 4. Take off the 5 of the filter; with stride 1 every entry that is left is a step, and the first place makes one more.",
    "pool2": _POOL,
    "conv3": _SAME,
    "conv4": _SAME,
    "conv5": _SAME,
    "pool5": _POOL,
    "features": "All that pool5 puts out is laid into one row: its side times its side places, and at each place a number for each of the 256 maps.",
    "last_feature_layer": "Look for the last layer in the table before the scores, and read off how many units it has.",
}

_ONE = "The first place counts, too: with no room to move there is still one."
_PADDED = "Where is the padding? It makes the side longer, at both ends."
_POOLS = (("pool1", "conv1"), ("pool2", "conv2"), ("pool5", "conv5"))
_SAMES = (("conv3", "pool2"), ("conv4", "conv3"), ("conv5", "conv4"))

MISTAKES = [
    Mistake("conv1", "(227 - 11) // 4 + 1", "(227 - 11) // 4", _ONE, "alex-conv1-noone"),
    Mistake("conv1", "(227 - 11) // 4 + 1", "227 - 11 + 1", "The places are 4 apart: this is the size for stride 1.", "alex-conv1-nostride"),
    Mistake("conv1", "(227 - 11) // 4 + 1", "(227 + 2 * 2 - 11) // 4 + 1", "The first layer has no padding here.", "alex-conv1-padded"),
    Mistake("conv1", "(227 - 11) // 4 + 1", "227", "Without padding, and with stride 4, the side does not stay what it is.", "alex-conv1-same"),
    Mistake("conv1", "(227 - 11) // 4 + 1", "((227 - 11) // 4 + 1) ** 2", "Asked for is one side, not the number of places.", "alex-conv1-area"),
    Mistake("conv1", "(227 - 11) // 4 + 1", "96", "This is the number of maps; asked for is the side of one.", "alex-conv1-maps"),
    *(Mistake(pool, f"({conv} - 3) // 2 + 1", f"({conv} - 3) // 2", _ONE, f"alex-{pool}-noone") for pool, conv in _POOLS),
    *(Mistake(pool, f"({conv} - 3) // 2 + 1", f"({conv} - 3) // 3 + 1", "The windows overlap: they have a side of 3 and begin 2 apart.", f"alex-{pool}-apart") for pool, conv in _POOLS),
    *(Mistake(pool, f"({conv} - 3) // 2 + 1", f"{conv} - 3 + 1", "The windows begin 2 apart: this is the size for stride 1.", f"alex-{pool}-nostride") for pool, conv in _POOLS),
    *(Mistake(pool, f"({conv} - 3) // 2 + 1", f"{conv}", "A pooling layer with stride 2 makes the side about half as long.", f"alex-{pool}-same") for pool, conv in _POOLS),
    *(Mistake(pool, f"({conv} - 3) // 2 + 1", f"(({conv} - 3) // 2 + 1) ** 2", "Asked for is one side, not the number of places.", f"alex-{pool}-area") for pool, conv in _POOLS),
    Mistake("conv2", "pool1 + 2 * 2 - 5 + 1", "pool1 - 5 + 1", _PADDED, "alex-conv2-nopad"),
    Mistake("conv2", "pool1 + 2 * 2 - 5 + 1", "pool1 + 2 - 5 + 1", "The zeros are added at both ends.", "alex-conv2-padonce"),
    Mistake("conv2", "pool1 + 2 * 2 - 5 + 1", "pool1 + 2 * 2 - 5", _ONE, "alex-conv2-noone"),
    Mistake("conv2", "pool1 + 2 * 2 - 5 + 1", "(pool1 + 2 * 2 - 5 + 1) ** 2", "Asked for is one side, not the number of places.", "alex-conv2-area"),
    *(Mistake(conv, f"{before} + 2 * 1 - 3 + 1", f"{before} - 3 + 1", _PADDED, f"alex-{conv}-nopad") for conv, before in _SAMES),
    *(Mistake(conv, f"{before} + 2 * 1 - 3 + 1", f"{before} + 2 * 1 - 3", _ONE, f"alex-{conv}-noone") for conv, before in _SAMES),
    Mistake("features", "pool5 * pool5 * 256", "pool5 * pool5", "Each of the 256 maps has so many: all of them go into the next layer.", "alex-features-onemap"),
    Mistake("features", "pool5 * pool5 * 256", "pool5 * 256", "A map has rows and columns.", "alex-features-oneside"),
    Mistake("features", "pool5 * pool5 * 256", "conv5 * conv5 * 256", "This is what conv5 puts out; between it and fc6 there is a pooling layer.", "alex-features-conv5"),
    Mistake("features", "pool5 * pool5 * 256", "pool5 * pool5 * 384", "pool5 has as many maps as conv5, its neighbour in front.", "alex-features-384"),
    Mistake("features", "pool5 * pool5 * 256", "4096", "This is what fc6 puts out; asked for is what goes into it.", "alex-features-out"),
    Mistake("last_feature_layer", "4096", "1000", "These are the scores of the classes; which layer stands in front of them?", "alex-last-scores"),
    Mistake("last_feature_layer", "4096", "features", "This is what goes into fc6; two fully connected layers come after it.", "alex-last-first"),
]

EQUIVALENTS = {
    "numbers from a calculator": '''\
def alexnet_sizes():
    conv1 = 55
    pool1 = 27
    conv2 = 27
    pool2 = 13
    conv3 = 13
    conv4 = 13
    conv5 = 13
    pool5 = 6
    features = 9216
    last_feature_layer = 4096
    return conv1, pool1, conv2, pool2, conv3, conv4, conv5, pool5, features, last_feature_layer
''',
    "a function for all": '''\
def side(n, F, stride=1, pad=0):
    return (n + 2 * pad - F) // stride + 1


def alexnet_sizes():
    conv1 = side(227, 11, 4)
    pool1 = side(conv1, 3, 2)
    conv2 = side(pool1, 5, pad=2)
    pool2 = side(conv2, 3, 2)
    conv3 = side(pool2, 3, pad=1)
    conv4 = side(conv3, 3, pad=1)
    conv5 = side(conv4, 3, pad=1)
    pool5 = side(conv5, 3, 2)
    return conv1, pool1, conv2, pool2, conv3, conv4, conv5, pool5, pool5**2 * 256, 4096
''',
    "fractions that come out whole": '''\
def alexnet_sizes():
    conv1 = (227 - 11) / 4 + 1
    pool1 = (conv1 - 3) / 2 + 1
    conv2 = pool1
    pool2 = (conv2 - 3) / 2 + 1
    conv3 = conv4 = conv5 = pool2
    pool5 = (conv5 - 3) / 2 + 1
    features = 256 * pool5 * pool5
    last_feature_layer = 4096
    return conv1, pool1, conv2, pool2, conv3, conv4, conv5, pool5, features, last_feature_layer
''',
}
