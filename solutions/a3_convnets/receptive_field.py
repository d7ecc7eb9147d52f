"""How much of the input a result depends on: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def receptive_field(kernels, strides):
    fields, jumps = np.zeros(len(kernels)), np.zeros(len(kernels))
    field, jump = 1, 1  # an entry of the input depends on itself
    for layer in range(len(kernels)):
        kernel, stride = kernels[layer], strides[layer]
        field = field + (kernel - 1) * jump
        jump = jump * stride
        fields[layer], jumps[layer] = field, jump
    return fields, jumps


def cases(rng):
    """Hidden inputs: layers of which no two neighbours are equal."""

    def draw(kernels, strides):
        return {"kernels": kernels, "strides": strides}

    order = [int(k) for k in rng.permutation([3, 5, 7, 4])]
    return [
        Case("four layers, strides 2, 3, 1, 2", draw(order, [2, 3, 1, 2]), generic=True),
        Case("five layers, strides 1, 3, 2, 2, 1", draw([*order, 2], [1, 3, 2, 2, 1]), generic=True),
        Case("filters of 1 x 1 between others", draw([3, 1, 5, 1], [1, 1, 2, 1])),
        Case("one layer", draw([11], [4])),
        Case("the layers of AlexNet", draw([11, 3, 5, 3, 3, 3, 3, 3], [4, 2, 1, 2, 1, 1, 1, 2])),
        Case("stride 1 throughout", draw([3, 3, 3, 3], [1, 1, 1, 1])),
    ]


_GROW = "field = field + (kernel - 1) * jump"
_JUMP = "jump = jump * stride"
_BOTH = f"{_GROW}\n        {_JUMP}"

MISTAKES = [
    Mistake("fields", _GROW, "field = field + kernel * jump", "The filter begins at a place that is counted already: how many new ones does it reach?", "field-kernel"),
    Mistake("fields", _GROW, "field = field + (kernel - 1)", "Two neighbours of this layer's input lie more than one entry of the picture apart where there was a stride before.", "field-nojump"),
    Mistake("fields", _GROW, "field = field * kernel", "The windows of neighbours overlap, so that the field grows by addition, not by multiplication.", "field-product"),
    Mistake("fields", _GROW, "field = field + kernel", "The filter begins at a place that is counted already, and strides before it spread it out.", "field-plus"),
    Mistake("fields", _GROW, "field = kernel", "This is what the layer sees of the layer before; how much of the picture is behind it?", "field-only"),
    Mistake("fields", _GROW, "field = (kernel - 1) * jump", "What the layers before have reached is forgotten.", "field-forget"),
    Mistake("fields", _GROW, "field = field + (kernel - 1) * stride", "It is not the stride of this layer alone that counts, but all strides before it.", "field-ownstride"),
    Mistake("fields", _GROW, "field = field + (kernel + 1) * jump", "A filter of 1 x 1 reaches nothing new.", "field-plusone"),
    Mistake("fields", _GROW, "field = field + 2 * (kernel - 1) * jump", "The filter's width counts once, not once on each side.", "field-bothsides"),
    Mistake("fields", _GROW, "field = field + (kernel // 2) * jump", "This is the reach of the filter to one side.", "field-half"),
    Mistake("fields", _BOTH, f"{_JUMP}\n        {_GROW}", "The stride of a layer comes behind its filter: it spreads out the filters of the next layers only.", "field-order"),
    Mistake("fields", "field, jump = 1, 1", "field, jump = 0, 1", "An entry of the input depends on itself: the field begins at 1.", "field-zero"),
    Mistake("fields", "fields[layer], jumps[layer] = field, jump", "fields[layer], jumps[layer] = field**2, jump", "Asked for is one side of the field, not its area.", "field-area"),
    Mistake("fields", "return fields, jumps", "return fields[::-1], jumps", "The fields are in reverse: the first one belongs to the first layer.", "field-reversed"),
    Mistake("fields", "kernel, stride = kernels[layer]", "kernel, stride = kernels[-1 - layer]", "The filters are taken from the last layer to the first.", "field-kernelsreversed"),
    Mistake("jumps", _JUMP, "jump = jump + stride", "A step of 2 in steps of 3 is a step of 6: they multiply.", "jump-sum"),
    Mistake("jumps", _JUMP, "jump = stride", "This is the step in the layer before; how far is it in the picture?", "jump-only"),
    Mistake("jumps", "fields[layer], jumps[layer] = field, jump", "fields[layer], jumps[layer] = field, 1", "The stride is never used: how far apart are two neighbours behind this layer?", "jump-one"),
    Mistake("jumps", "fields[layer], jumps[layer] = field, jump", "fields[layer], jumps[layer] = field, np.prod(kernels[: layer + 1])", "How far apart two neighbours are depends on the stride, not on the size of the filter.", "jump-kernel"),
    Mistake("jumps", _JUMP, "jump = jump * stride + 1", "Strides multiply, and nothing is added.", "jump-plusone"),
    Mistake("jumps", "fields[layer], jumps[layer] = field, jump", "fields[layer], jumps[layer] = field, jump // stride", "This is the jump in front of the layer; asked for is the one behind it.", "jump-before"),
    Mistake("jumps", "return fields, jumps", "return fields, jumps[::-1]", "The jumps are in reverse: the first one belongs to the first layer.", "jump-reversed"),
]

EQUIVALENTS = {
    "from the definition": '''\
def receptive_field(kernels, strides):
    jumps = np.cumprod(strides)
    before = np.concatenate([[1], jumps[:-1]])
    return 1 + np.cumsum((np.array(kernels) - 1) * before), jumps
''',
    "back from each layer": '''\
def receptive_field(kernels, strides):
    fields, jumps = [], []
    for last in range(len(kernels)):
        field, jump = 1, 1
        for layer in range(last, -1, -1):
            field = (field - 1) * strides[layer] + kernels[layer]
            jump *= strides[layer]
        fields.append(field)
        jumps.append(jump)
    return np.array(fields), np.array(jumps)
''',
    "a row of entries": '''\
def receptive_field(kernels, strides):
    fields, jumps = np.zeros(len(kernels)), np.zeros(len(kernels))
    first, last, step = 0, 0, 1
    for i in range(len(kernels)):
        last = last + step * kernels[i] - step
        step = step * strides[i]
        fields[i] = last - first + 1
        jumps[i] = step
    return fields, jumps
''',
}
