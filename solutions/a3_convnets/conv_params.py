"""The number of weights and biases of a convolution layer: reference, hidden cases, known mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def conv_params(filters, F, C):
    params_per_filter = F * F * C + 1  # ()
    params = filters * params_per_filter  # ()
    return params_per_filter, params


def cases(rng):
    """Hidden inputs: no two of the numbers are equal."""

    def draw(filters, F, C):
        return {"filters": filters, "F": F, "C": C}

    return [
        Case("typical sizes", draw(int(rng.integers(20, 60)), 5, 12), generic=True),
        Case("many channels", draw(int(rng.integers(65, 90)), 7, 64), generic=True),
        Case("filters of 1 x 1", draw(32, 1, 64)),
        Case("one filter", draw(1, 3, 8)),
        Case("one channel", draw(6, 5, 1)),
    ]


MISTAKES = [
    Mistake("params_per_filter", "F * F * C + 1", "F * F * C", "Each filter has a bias as well.", "params-nobias"),
    Mistake("params_per_filter", "F * F * C + 1", "F * F + 1", "A filter has weights for every channel of its input.", "params-nochannels"),
    Mistake("params_per_filter", "F * F * C + 1", "F * F", "A filter has weights for every channel of its input, and a bias.", "params-square"),
    Mistake("params_per_filter", "F * F * C + 1", "F * C + 1", "A filter has rows and columns.", "params-oneside"),
    Mistake("params_per_filter", "F * F * C + 1", "2 * F * C + 1", "Rows times columns, not rows plus columns.", "params-twosides"),
    Mistake("params_per_filter", "F * F * C + 1", "F * F + C", "Each place under the filter has a weight for each channel: that is a product.", "params-sum"),
    Mistake("params_per_filter", "F * F * C + 1", "F * F * C + C", "The bias is added once for each result, not once for each channel.", "params-biaschannels"),
    Mistake("params_per_filter", "F * F * C + 1", "F * F * (C + 1)", "A bias is one number for a filter, not one for each of its places.", "params-biasplaces"),
    Mistake("params_per_filter", "F * F * C + 1", "F * F * C * filters + 1", "This counts the weights of all filters; asked for is one of them.", "params-allfilters"),
    Mistake("params_per_filter", "F * F * C + 1", "F**3 + 1", "The third side of a filter is the number of channels.", "params-cube"),
    Mistake("params_per_filter", "F * F * C + 1", "F * F * filters + 1", "The third side of a filter is the number of channels that go in, not of those that come out.", "params-out"),
    Mistake("params", "filters * params_per_filter", "filters * params_per_filter + filters", "The biases are counted twice.", "params-biastwice"),
    Mistake("params", "filters * params_per_filter", "filters * params_per_filter + 1", "The biases are counted already.", "params-biasagain"),
    Mistake("params", "filters * params_per_filter", "filters + params_per_filter", "Each filter has so many: that is a product.", "params-plus"),
    Mistake("params", "filters * params_per_filter", "filters * C * params_per_filter", "The channels are counted already, in each filter.", "params-channelstwice"),
    Mistake("params", "filters * params_per_filter", "filters * (params_per_filter - 1)", "This leaves out the biases of the filters.", "params-weightsonly"),
    Mistake("params", "filters * params_per_filter", "filters * (params_per_filter - 1) + 1", "Each filter has a bias of its own, not one for the whole layer.", "params-onebias"),
    Mistake("params", "filters * params_per_filter", "params_per_filter", "This is one filter: how many are there?", "params-one"),
    Mistake("params", "filters * params_per_filter", "C * params_per_filter", "There are as many filters as maps come out, not as channels go in.", "params-C"),
]

EQUIVALENTS = {
    "weights and biases": '''\
def conv_params(filters, F, C):
    weights = F**2 * C
    params_per_filter = weights + 1
    params = filters * weights + filters
    return params_per_filter, params
''',
    "sizes of arrays": '''\
def conv_params(filters, F, C):
    w, b = np.zeros((filters, C, F, F)), np.zeros(filters)
    return w[0].size + 1, w.size + b.size
''',
    "one line": '''\
def conv_params(filters, F, C):
    return C * F * F + 1, filters * (C * F * F + 1)
''',
}
