"""The layers of a convnet by its pattern: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake

GIVEN = '''\
import numpy as np

KINDS = ("CONV", "RELU", "POOL", "FC", "SOFTMAX")


def as_table(layers):
    """The layers as arrays: number of the kind from 0, shape (filled up with 1s), parameters."""
    kinds = np.array([KINDS.index(kind) for kind, _, _ in layers])
    shapes = np.array([[*shape, 1, 1][:3] for _, shape, _ in layers])
    parameters = np.array([count for _, _, count in layers])
    return kinds, shapes, parameters
'''


def net_layers(shape, N, M, K, pool, filters, size, hidden, classes):
    channels, height, width = shape
    layers = []
    for m in range(M):
        for _ in range(N):
            count = filters[m] * channels * size * size + filters[m]
            channels = filters[m]
            layers.append(("CONV", (channels, height, width), count))
            layers.append(("RELU", (channels, height, width), 0))
        if pool:
            height, width = height // 2, width // 2
            layers.append(("POOL", (channels, height, width), 0))
    features = channels * height * width
    for k in range(K):
        layers.append(("FC", (hidden[k],), features * hidden[k] + hidden[k]))
        layers.append(("RELU", (hidden[k],), 0))
        features = hidden[k]
    layers.append(("FC", (classes,), features * classes + classes))
    layers.append(("SOFTMAX", (classes,), 0))
    return layers


def cases(rng):
    """Hidden inputs: unequal numbers everywhere, so that one cannot pass for another."""

    def draw(shape, N, M, K, pool, size=3, classes=7):
        filters = [int(number) for number in rng.permutation(np.arange(5, 30))[:M]]
        hidden = [int(number) for number in rng.permutation(np.arange(31, 60))[:K]]
        return {"shape": shape, "N": N, "M": M, "K": K, "pool": pool, "filters": filters, "size": size} | {
            "hidden": hidden,
            "classes": classes,
        }

    return [
        Case("two blocks of two convolutions", draw([3, 26, 38], 2, 2, 2, True, 5), generic=True),
        Case("three blocks with sizes that do not divide", draw([4, 29, 45], 3, 3, 1, True, 3, 11), generic=True),
        Case("without pooling", draw([2, 7, 9], 2, 3, 2, False), generic=True),
        Case("no hidden fully connected layer", draw([3, 16, 12], 1, 2, 0, True)),
        Case("no block of convolutions", draw([3, 6, 5], 2, 0, 2, True)),
        Case("no layer but the last", draw([1, 4, 6], 1, 0, 0, False)),
        Case("filters of 1x1", draw([5, 8, 10], 1, 2, 1, True, 1)),
        Case("pictures that are pooled down to one pixel", draw([2, 4, 5], 1, 2, 1, True)),
    ]


_CONV = "layers.append((\"CONV\", (channels, height, width), count))"
_LAST = "features * classes + classes"

MISTAKES = [
    # kinds
    Mistake("kinds", '            layers.append(("RELU", (channels, height, width), 0))\n', "", "Each convolution is followed by a ReLU, which is a layer of the list as well.", "layers-norelu"),
    Mistake("kinds", '        layers.append(("RELU", (hidden[k],), 0))\n', "", "Each hidden fully connected layer is followed by a ReLU, which is a layer of the list as well.", "layers-nofcrelu"),
    Mistake("kinds", '    layers.append(("SOFTMAX", (classes,), 0))\n', "", "The list ends with the softmax.", "layers-nosoftmax"),
    Mistake("kinds", '    layers.append(("FC", (classes,), features * classes + classes))\n', "", "SOFTMAX begins with a fully connected layer that makes the scores: it is missing.", "layers-noscores"),
    Mistake("kinds", '    layers.append(("SOFTMAX", (classes,), 0))', '    layers.append(("RELU", (classes,), 0))\n    layers.append(("SOFTMAX", (classes,), 0))', "The scores may be negative: there is no ReLU between the last layer and the softmax.", "layers-lastrelu"),
    Mistake("kinds", '        if pool:\n            height, width = height // 2, width // 2\n            layers.append(("POOL", (channels, height, width), 0))\n', '            if pool:\n                height, width = height // 2, width // 2\n                layers.append(("POOL", (channels, height, width), 0))\n', "The pooling comes once in a block, after its N convolutions, not after each of them.", "layers-poolinside"),
    Mistake("kinds", "        if pool:", "        if pool and m == M - 1:", "The pooling belongs to each of the M blocks, not to the last alone.", "layers-poollast"),
    Mistake("kinds", "        if pool:", "        if True:", "The question mark says that a net may have no pooling: look at pool.", "layers-poolalways"),
    Mistake("kinds", "for _ in range(N):", "for _ in range(1):", "(CONV-RELU)*N stands for N pairs in each block.", "layers-oneconv"),
    Mistake("kinds", "for m in range(M):", "for m in range(min(M, 1)):", "[...]*M stands for M blocks.", "layers-oneblock"),
    Mistake("kinds", "for k in range(K):", "for k in range(min(K, 1)):", "(FC-RELU)*K stands for K pairs.", "layers-onefc"),
    Mistake("kinds", '            layers.append(("CONV", (channels, height, width), count))\n            layers.append(("RELU", (channels, height, width), 0))\n', '            layers.append(("RELU", (channels, height, width), 0))\n            layers.append(("CONV", (channels, height, width), count))\n', "The ReLU comes after its convolution.", "layers-relufirst"),
    # shapes
    Mistake("shapes", _CONV, "height, width = height - size + 1, width - size + 1\n            " + _CONV, "These convolutions are padded with zeros: height and width stay.", "layers-nopadding"),
    Mistake("shapes", "height // 2, width // 2", "-(-height // 2), -(-width // 2)", "Sizes round down: what is left over at the border makes no square of 2x2.", "layers-ceil"),
    Mistake("shapes", "height // 2, width // 2", "height, width", "Pooling halves height and width.", "layers-poolkeeps"),
    Mistake("shapes", "height // 2, width // 2", "height - 1, width - 1", "The squares of the pooling lie side by side: height and width are halved.", "layers-poolstride1"),
    Mistake("shapes", "height, width = height // 2, width // 2", "height = height // 2", "Pooling halves both height and width.", "layers-poolheight"),
    Mistake("shapes", '("POOL", (channels, height, width), 0)', '("POOL", (channels // 2, height, width), 0)', "Pooling works on each map by itself: their number stays.", "layers-poolchannels"),
    Mistake("shapes", "channels, height, width = shape", "channels, width, height = shape", "The shape is (channels, height, width): height comes before width.", "layers-swapped"),
    Mistake("shapes", "channels, height, width = shape", "height, width, channels = shape", "The shape is (channels, height, width): the channels come first.", "layers-channelslast"),
    Mistake("shapes", "channels = filters[m]\n            " + _CONV, "channels = channels * filters[m]\n            " + _CONV, "A convolution has as many maps as filters, whatever came in.", "layers-multiplied"),
    # parameters
    Mistake("parameters", "count = filters[m] * channels * size * size + filters[m]", "count = filters[m] * channels * size * size", "Each filter has a bias, which counts as well.", "layers-nobias"),
    Mistake("parameters", "count = filters[m] * channels * size * size + filters[m]", "count = filters[m] * channels * size * size + 1", "Each filter has a bias of its own, not one for all.", "layers-onebias"),
    Mistake("parameters", "count = filters[m] * channels * size * size + filters[m]", "count = filters[m] * channels * size * size + filters[m] * channels", "A filter has one bias, not one for each channel.", "layers-biaschannels"),
    Mistake("parameters", "count = filters[m] * channels * size * size + filters[m]", "count = filters[m] * channels * size + filters[m]", "A filter is size pixels high and size pixels wide.", "layers-size"),
    Mistake("parameters", "count = filters[m] * channels * size * size + filters[m]", "count = filters[m] * size * size + filters[m]", "A filter reaches through all channels that come in.", "layers-nochannels"),
    Mistake("parameters", "count = filters[m] * channels * size * size + filters[m]", "count = filters[m] * shape[0] * size * size + filters[m]", "Only the first convolution sees the channels of the picture; the others see the maps below them.", "layers-firstchannels"),
    Mistake("parameters", "count = filters[m] * channels * size * size + filters[m]", "count = filters[m] * filters[m] * size * size + filters[m]", "The channels that come in are those of the layer below, not those that go out.", "layers-outchannels"),
    Mistake("parameters", "count = filters[m] * channels * size * size + filters[m]", "count = (filters[m] * channels * size * size + filters[m]) * height * width", "The same filter serves at every pixel: its weights count once.", "layers-perpixel"),
    Mistake("parameters", '("RELU", (channels, height, width), 0)', '("RELU", (channels, height, width), channels * height * width)', "A ReLU has nothing to learn: no parameters.", "layers-reluparameters"),
    Mistake("parameters", '("POOL", (channels, height, width), 0)', '("POOL", (channels, height, width), 4 * channels)', "Pooling has nothing to learn: no parameters.", "layers-poolparameters"),
    Mistake("parameters", "features * hidden[k] + hidden[k]", "features * hidden[k]", "Each hidden unit has a bias, which counts as well.", "layers-fcnobias"),
    Mistake("parameters", "features * hidden[k] + hidden[k]", "features + hidden[k]", "Every unit has a weight for every number that comes in: multiply.", "layers-fcsum"),
    Mistake("parameters", "features = channels * height * width", "features = channels", "The fully connected layer sees every pixel of every map.", "layers-unflattened"),
    Mistake("parameters", "features = channels * height * width", "features = height * width", "The fully connected layer sees every pixel of every map, not of one.", "layers-onemap"),
    Mistake("parameters", "features = channels * height * width", "features = shape[0] * shape[1] * shape[2]", "The fully connected layer sees what the blocks have made, not the picture.", "layers-picture"),
    Mistake("parameters", "        features = hidden[k]\n", "", "The next fully connected layer sees the hidden units of the one before, not the maps.", "layers-features"),
    Mistake("parameters", _LAST, "features * classes", "Each class has a bias, which counts as well.", "layers-lastnobias"),
    Mistake("parameters", '("SOFTMAX", (classes,), 0)', '("SOFTMAX", (classes,), features * classes + classes)', "The weights of the scores belong to the fully connected layer before the softmax, which has none.", "layers-softmaxparameters"),
]

EQUIVALENTS = {
    "a running shape": '''\
def net_layers(shape, N, M, K, pool, filters, size, hidden, classes):
    layers, shape = [], tuple(shape)

    def add(kind, new, parameters=0):
        nonlocal shape
        shape = tuple(new)
        layers.append((kind, shape, parameters))

    for number in filters[:M]:
        for _ in range(N):
            add("CONV", (number, *shape[1:]), number * (shape[0] * size**2 + 1))
            add("RELU", shape)
        if pool:
            add("POOL", (shape[0], shape[1] // 2, shape[2] // 2))
    for kind, units in [*(("RELU", units) for units in hidden[:K]), ("SOFTMAX", classes)]:
        add("FC", (units,), (int(np.prod(shape)) + 1) * units)
        add(kind, shape)
    return layers
''',
    "lists in place of tuples": '''\
def net_layers(shape, N, M, K, pool, filters, size, hidden, classes):
    C, H, W = shape
    layers = []
    for F in filters:
        for n in range(N):
            incoming = C if n == 0 else F
            layers += [["CONV", [F, H, W], F * (incoming * size * size + 1)], ["RELU", [F, H, W], 0]]
        C = F
        if pool:
            H, W = int(H / 2), int(W / 2)
            layers += [["POOL", [C, H, W], 0]]
    inputs = C * H * W
    for units in hidden:
        layers += [["FC", [units], (inputs + 1) * units], ["RELU", [units], 0]]
        inputs = units
    return layers + [["FC", [classes], (inputs + 1) * classes], ["SOFTMAX", [classes], 0]]
''',
}
