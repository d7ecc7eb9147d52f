"""The parameters of AlexNet, layer by layer: reference, how each number is worked out, known mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def alexnet_params():
    conv1 = 96 * (11 * 11 * 3 + 1)  # ()
    conv2 = 256 * (5 * 5 * 96 + 1)  # ()
    conv3 = 384 * (3 * 3 * 256 + 1)  # ()
    conv4 = 384 * (3 * 3 * 384 + 1)  # ()
    conv5 = 256 * (3 * 3 * 384 + 1)  # ()
    fc6 = 4096 * (6 * 6 * 256 + 1)  # ()
    fc7 = 4096 * (4096 + 1)  # ()
    fc8 = 1000 * (4096 + 1)  # ()
    total = conv1 + conv2 + conv3 + conv4 + conv5 + fc6 + fc7 + fc8  # ()
    fc_share = (fc6 + fc7 + fc8) / total  # ()
    return conv1, conv2, conv3, conv4, conv5, fc6, fc7, fc8, total, fc_share


def cases(rng):
    """There is one AlexNet."""
    return [Case("AlexNet", {}, generic=True)]


def _conv(filters, side, channels):
    return f"A filter covers {side} x {side} places in each of the {channels} maps that go in, with a weight for each, and has one bias. Then count the {filters} filters."


def _full(units, inputs):
    return f"Each unit has a weight for each of the {inputs}, and one bias. Then count the {units} units."


# What a student reads beside a wrong number: the way to it, in steps.
WORKING = {
    "conv1": _conv(96, 11, 3),
    "conv2": _conv(256, 5, 96),
    "conv3": _conv(384, 3, 256),
    "conv4": _conv(384, 3, 384),
    "conv5": _conv(256, 3, 384),
    "fc6": _full(4096, "numbers of pool5, which are 6 x 6 places in 256 maps"),
    "fc7": _full(4096, "4096 numbers of fc6"),
    "fc8": _full(1000, "4096 numbers of fc7"),
    "total": "Add up all eight layers, biases too. Pooling layers have no parameters.",
    "fc_share": "Add up fc6, fc7 and fc8 and divide by the total: a number between 0 and 1.",
}

_CONVS = (("conv1", 96, "11 * 11 * 3"), ("conv2", 256, "5 * 5 * 96"), ("conv3", 384, "3 * 3 * 256"), ("conv4", 384, "3 * 3 * 384"), ("conv5", 256, "3 * 3 * 384"))
_FULLS = (("fc6", 4096, "6 * 6 * 256"), ("fc7", 4096, "4096"), ("fc8", 1000, "4096"))
_MAPS = (("conv1", "55 * 55"), ("conv2", "27 * 27"), ("conv3", "13 * 13"), ("conv4", "13 * 13"), ("conv5", "13 * 13"))

MISTAKES = [
    *(Mistake(name, f"({size} + 1)", f"{size}", "The biases are missing: " + ("each filter has one." if name[0] == "c" else "each unit has one."), f"alex-{name}-nobias") for name, _, size in (*_CONVS, *_FULLS)),
    *(Mistake(name, f"{out} * ({size} + 1)", f"{out} * {size} + 1", "There is not one bias for the whole layer: each of its maps or units has its own.", f"alex-{name}-onebias") for name, out, size in _CONVS if name != "conv4"),
    *(Mistake(name, f"{out} * (", "(", "This is one filter or unit: how many are there?", f"alex-{name}-one") for name, out, _ in (*_CONVS, *_FULLS)),
    *(Mistake(name, f"({size} + 1)", f"({size[: size.rindex('*') - 1]} + 1)", "A filter has weights for every map that goes in.", f"alex-{name}-nochannels") for name, _, size in _CONVS),
    *(Mistake(name, f"{out} *", f"{places} * {out} *", "The same weights are used at every place: they are not counted for each.", f"alex-{name}-places") for (name, out, _), (_, places) in zip(_CONVS, _MAPS, strict=True)),
    Mistake("conv2", "5 * 5 * 96", "5 * 5 * 48", "This is the first AlexNet, cut in two halves for two GPUs; ours has one tower, and a filter sees all maps.", "alex-conv2-half"),
    Mistake("conv4", "3 * 3 * 384", "3 * 3 * 192", "This is the first AlexNet, cut in two halves for two GPUs; ours has one tower, and a filter sees all maps.", "alex-conv4-half"),
    Mistake("conv5", "3 * 3 * 384", "3 * 3 * 192", "This is the first AlexNet, cut in two halves for two GPUs; ours has one tower, and a filter sees all maps.", "alex-conv5-half"),
    Mistake("conv2", "5 * 5 * 96", "5 * 5 * 3", "The picture has 3 channels; conv2 gets the maps of conv1.", "alex-conv2-picture"),
    Mistake("conv3", "3 * 3 * 256", "3 * 3 * 96", "What goes in are the maps of the layer just before.", "alex-conv3-before"),
    Mistake("conv4", "3 * 3 * 384", "3 * 3 * 256", "What goes in are the maps of the layer just before.", "alex-conv4-before"),
    Mistake("conv5", "3 * 3 * 384", "3 * 3 * 256", "What goes in are the maps of the layer just before.", "alex-conv5-before"),
    Mistake("fc6", "6 * 6 * 256", "256", "Every entry of every map goes in, not one number for each map.", "alex-fc6-maps"),
    Mistake("fc6", "6 * 6 * 256", "6 * 256", "A map has rows and columns.", "alex-fc6-oneside"),
    Mistake("fc6", "6 * 6 * 256", "13 * 13 * 256", "Between conv5 and fc6 there is a pooling layer.", "alex-fc6-nopool"),
    Mistake("fc6", "6 * 6 * 256", "4096", "What goes into fc6 is what pool5 puts out.", "alex-fc6-4096"),
    Mistake("fc7", "(4096 + 1)", "(6 * 6 * 256 + 1)", "What goes into fc7 is what fc6 puts out.", "alex-fc7-pool5"),
    Mistake("fc8", "(4096 + 1)", "(6 * 6 * 256 + 1)", "What goes into fc8 is what fc7 puts out.", "alex-fc8-pool5"),
    Mistake("fc8", "1000 *", "4096 *", "There are 1000 classes, and a score for each.", "alex-fc8-4096"),
    Mistake("total", " + fc8", "", "The scores are a layer with parameters, too.", "alex-total-nofc8"),
    Mistake("total", " + fc6 + fc7 + fc8", "", "The fully connected layers are missing.", "alex-total-convs"),
    Mistake("total", "conv1 + conv2 + conv3 + conv4 + conv5 + ", "", "The convolution layers are missing.", "alex-total-fcs"),
    Mistake("total", "conv4 + ", "", "One layer is missing: there are eight.", "alex-total-noconv4"),
    Mistake("fc_share", "(fc6 + fc7 + fc8) / total", "100 * (fc6 + fc7 + fc8) / total", "These are percent; asked for is a number between 0 and 1.", "alex-share-percent"),
    Mistake("fc_share", "(fc6 + fc7 + fc8) / total", "1 - (fc6 + fc7 + fc8) / total", "This is the share of the convolution layers.", "alex-share-convs"),
    Mistake("fc_share", "(fc6 + fc7 + fc8) / total", "(fc6 + fc7) / total", "The scores are a fully connected layer, too.", "alex-share-nofc8"),
    Mistake("fc_share", "(fc6 + fc7 + fc8) / total", "fc6 / total", "This is fc6 alone; there are three fully connected layers.", "alex-share-fc6"),
    Mistake("fc_share", "(fc6 + fc7 + fc8) / total", "(fc6 + fc7 + fc8) / (total - fc6 - fc7 - fc8)", "This compares the two kinds of layers; asked for is the share in the whole.", "alex-share-ratio"),
    Mistake("fc_share", "(fc6 + fc7 + fc8) / total", "(fc6 + fc7 + fc8)", "This is how many they have; divide to get a share.", "alex-share-count"),
    Mistake("fc_share", "(fc6 + fc7 + fc8) / total", "round((fc6 + fc7 + fc8) / total, 2)", "This is rounded to whole percent: let Python compute the quotient, with all its digits.", "alex-share-rounded"),
    Mistake("fc_share", "(fc6 + fc7 + fc8) / total", "3 / 8", "This is the share of the layers; asked for is that of their parameters.", "alex-share-layers"),
]

EQUIVALENTS = {
    "numbers from a calculator": '''\
def alexnet_params():
    conv1 = 34944
    conv2 = 614656
    conv3 = 885120
    conv4 = 1327488
    conv5 = 884992
    fc6 = 37752832
    fc7 = 16781312
    fc8 = 4097000
    total = 62378344
    fc_share = 58631144 / 62378344
    return conv1, conv2, conv3, conv4, conv5, fc6, fc7, fc8, total, fc_share
''',
    "weights and biases apart": '''\
def alexnet_params():
    conv1 = 96 * 363 + 96
    conv2 = 256 * 2400 + 256
    conv3 = 384 * 2304 + 384
    conv4 = 384 * 3456 + 384
    conv5 = 256 * 3456 + 256
    fc6 = 9216 * 4096 + 4096
    fc7 = 4096 * 4096 + 4096
    fc8 = 4096 * 1000 + 1000
    convs = conv1 + conv2 + conv3 + conv4 + conv5
    fcs = fc6 + fc7 + fc8
    return conv1, conv2, conv3, conv4, conv5, fc6, fc7, fc8, convs + fcs, fcs / (convs + fcs)
''',
    "from a table": '''\
def alexnet_params():
    layers = [(96, 11, 3), (256, 5, 96), (384, 3, 256), (384, 3, 384), (256, 3, 384)]
    layers += [(4096, 6, 256), (4096, 1, 4096), (1000, 1, 4096)]
    counts = [filters * (F**2 * C + 1) for filters, F, C in layers]
    return *counts, sum(counts), sum(counts[5:]) / sum(counts)
''',
}
