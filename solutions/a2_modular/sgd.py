"""Plain gradient descent, one step: reference, hidden cases, known mistakes, equivalents."""

import numpy as np  # noqa: F401 -- the edits of the mistakes see it

from flatgrade.core import Case, Mistake


def sgd(w, dw, config):
    next_w = w - config["learning_rate"] * dw  # (D, H)
    return next_w, config


def cases(rng):
    """Hidden inputs: weights and five gradients. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(*shape, learning_rate):
        gradients = {f"g{step}": rng.standard_normal(shape) for step in range(1, 6)}
        return {"w": rng.standard_normal(shape), **gradients, "config": {"learning_rate": learning_rate}}

    return [
        Case("typical sizes", draw(5, 7, learning_rate=0.23), generic=True),
        Case("a small learning rate", draw(4, 3, learning_rate=0.017), generic=True),
        Case("a row of biases", draw(6, learning_rate=0.3)),
        Case("a stack of filters", draw(2, 3, 3, 2, learning_rate=1.0)),
    ]


MISTAKES = [
    Mistake("w1", "w - config", "w + config", "The gradient points uphill, and this goes along it.", "sgd-ascent"),
    Mistake("w1", 'config["learning_rate"] * dw', "dw", "The step is the gradient times the learning rate.", "sgd-nolr"),
    Mistake("w1", 'w - config["learning_rate"] * dw', '-config["learning_rate"] * dw', "A step starts from the old weights; this one forgets them.", "sgd-forget"),
    Mistake("w1", '* dw', "* np.sign(dw)", "The step is as long as the gradient: not only its signs count.", "sgd-sign"),
    Mistake("w1", '* dw', "* dw / np.linalg.norm(dw)", "The gradient is not scaled to length 1.", "sgd-unit"),
    Mistake("w1", '* dw', "* dw / len(dw)", "The size of the array does not come in: a mean was taken in the loss, if at all.", "sgd-divN"),
    Mistake("w1", 'config["learning_rate"] * dw', 'config["learning_rate"] * w', "The step goes along the gradient, not along the weights.", "sgd-decay"),
    Mistake("w1", '* dw', "* dw**2", "The gradient is not squared.", "sgd-square"),
    Mistake("w1", 'config["learning_rate"] * dw', '0.01 * dw', "The learning rate comes with config; here it is a number in the code.", "sgd-fixed"),
    Mistake("w1", "return next_w, config", "return w, config", "The weights come back unmoved.", "sgd-old"),
    Mistake("w5", "return next_w, config", 'return next_w, {**config, "learning_rate": 0.9 * config["learning_rate"]}', "The learning rate changes from step to step; here it stays the same.", "sgd-shrink"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "a copy, moved in place": '''\
def sgd(w, dw, config):
    w = w.copy()
    w -= config["learning_rate"] * dw
    return w, config
''',
    "a new config with a count of steps": '''\
def sgd(w, dw, config):
    rate = config.get("learning_rate", 1e-2)
    step = -rate * dw
    return w + step, dict(config, t=config.get("t", 0) + 1)
''',
    "the same config, changed": '''\
def sgd(w, dw, config):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    next_w = np.subtract(w, np.multiply(config["learning_rate"], dw))
    return next_w, config
''',
}
