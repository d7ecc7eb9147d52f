"""RMSProp, one step: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def rmsprop(w, dw, config):
    learning_rate, decay_rate = config["learning_rate"], config["decay_rate"]
    epsilon = config["epsilon"]
    cache = config.get("cache", np.zeros_like(w))  # (D, H): the mean of the squared gradients
    cache = decay_rate * cache + (1 - decay_rate) * dw**2  # (D, H)
    next_w = w - learning_rate * dw / (np.sqrt(cache) + epsilon)  # (D, H)
    return next_w, {**config, "cache": cache}


def cases(rng):
    """Hidden inputs: weights and five gradients. Only the generic ones name mistakes; the others decide verdicts.

    Gradients and weights stay away from 0, so that an epsilon inside the root is as good as one outside it; but for a
    weight whose gradient is exactly 0, where it is needed.
    """

    def away(*shape):
        return rng.choice((-1.0, 1.0), shape) * rng.uniform(0.5, 2.0, shape)

    def draw(*shape, learning_rate=0.03, decay_rate=0.83):
        gradients = {f"g{step}": away(*shape) for step in range(1, 6)}
        config = {"learning_rate": learning_rate, "decay_rate": decay_rate, "epsilon": 1e-8}
        return {"w": 2 * rng.choice((-1.0, 1.0), shape) + 0.1 * away(*shape), **gradients, "config": config}

    still = draw(4, 3, learning_rate=0.017, decay_rate=0.74)
    for step in range(1, 6):
        still[f"g{step}"][2, 1] = 0.0
    later = draw(3, 5, decay_rate=0.9)
    later["config"]["cache"] = rng.uniform(0.5, 2.0, (3, 5))
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("a weight whose gradient is always 0", still, generic=True),
        Case("a row of biases", draw(6, decay_rate=0.9)),
        Case("a stack of filters", draw(2, 3, 3, 2, decay_rate=0.95)),
        Case("a cache from earlier steps", later, generic=True),
    ]


MISTAKES = [
    Mistake("w1", "w - learning_rate", "w + learning_rate", "The gradient points uphill, and this goes along it.", "rms-ascent"),
    Mistake("w1", "np.sqrt(cache)", "cache", "The gradient is divided by a root: cache holds squares.", "rms-noroot"),
    Mistake("w1", "* dw**2", "* dw", "cache is a mean of squared gradients, and this one is not squared.", "rms-nosquare"),
    Mistake("w1", "* dw**2", "* np.abs(dw)", "cache is a mean of squared gradients, not of their sizes.", "rms-abs"),
    Mistake("w1", "decay_rate * cache + (1 - decay_rate) * dw**2", "(1 - decay_rate) * cache + decay_rate * dw**2", "decay_rate is the share of the old mean; here it is that of the new gradient.", "rms-swapped"),
    Mistake("w1", "(1 - decay_rate) * dw**2", "dw**2", "cache is a mean: the two shares add up to 1.", "rms-noshare"),
    Mistake("w1", "decay_rate * cache + (1 - decay_rate) * dw**2", "cache + dw**2", "cache is a running mean; this is a sum that only grows, as in Adagrad.", "rms-adagrad"),
    Mistake("w1", "(np.sqrt(cache) + epsilon)", "np.sqrt(cache)", "Where a gradient was always 0 this is 0 divided by 0: what is epsilon for?", "rms-noeps"),
    Mistake("w1", "learning_rate * dw / (np", "dw / (np", "The learning rate is missing.", "rms-nolr"),
    Mistake("w1", "w - learning_rate * dw / (np.sqrt(cache) + epsilon)", "w - learning_rate / (np.sqrt(cache) + epsilon)", "The step goes along the gradient; here it has only a length.", "rms-nodw"),
    Mistake("w1", "w - learning_rate * dw / (np", "-learning_rate * dw / (np", "A step starts from the old weights; this one forgets them.", "rms-forget"),
    Mistake("w1", "/ (np.sqrt(cache) + epsilon)", "* (np.sqrt(cache) + epsilon)", "A large mean makes the step small: it is divided by, not multiplied.", "rms-times"),
    Mistake("w1", "* dw**2", "* np.mean(dw**2)", "Each weight has its own mean; this is one for all of them.", "rms-global"),
    Mistake("w1", "/ (np.sqrt(cache) + epsilon)", "/ (np.sqrt(cache / (1 - decay_rate)) + epsilon)", "The mean is not corrected for its start here, as it is in Adam.", "rms-corrected"),
    Mistake("w1", "np.sqrt(cache)", "np.sqrt(np.sum(cache))", "Each weight has its own mean; this divides all of them by the same number.", "rms-norm"),
    Mistake("w5", '{**config, "cache": cache}', "config", "The mean is forgotten after each step: the next one has to find it in config.", "rms-nostore"),
    Mistake("w5", '"cache": cache}', '"cache": dw**2}', "What is kept for the next step is the mean, not the last square.", "rms-storelast"),
    Mistake("w5", '"cache": cache}', '"cache": np.sqrt(cache)}', "What is kept for the next step is the mean of the squares, not its root.", "rms-storeroot"),
    Mistake("w5", "decay_rate * cache +", "cache +", "The old mean is kept whole: the two shares have to add up to 1.", "rms-nodecay"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "epsilon inside the root": '''\
def rmsprop(w, dw, config):
    cache = config.get("cache", np.zeros_like(w))
    cache = config["decay_rate"] * cache + (1 - config["decay_rate"]) * dw * dw
    next_w = w - config["learning_rate"] * dw / np.sqrt(cache + config["epsilon"])
    return next_w, {**config, "cache": cache}
''',
    "the same config, changed": '''\
def rmsprop(w, dw, config):
    config.setdefault("cache", np.zeros(w.shape))
    config["cache"] += (1 - config["decay_rate"]) * (np.square(dw) - config["cache"])
    scaled = dw / (config["epsilon"] + config["cache"] ** 0.5)
    return w - config["learning_rate"] * scaled, config
''',
    "a new config": '''\
def rmsprop(w, dw, config):
    decay = config["decay_rate"]
    mean = decay * config["cache"] if "cache" in config else 0.0
    mean = mean + (1 - decay) * np.abs(dw) ** 2
    rates = config["learning_rate"] / (np.sqrt(mean) + config["epsilon"])
    return w - rates * dw, dict(config, cache=mean)
''',
}
