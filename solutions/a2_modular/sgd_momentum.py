"""Gradient descent with momentum, one step: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def sgd_momentum(w, dw, config):
    learning_rate, momentum = config["learning_rate"], config["momentum"]
    velocity = config.get("velocity", np.zeros_like(w))  # (D, H): at rest before the first step
    velocity = momentum * velocity - learning_rate * dw  # (D, H)
    next_w = w + velocity  # (D, H)
    return next_w, {**config, "velocity": velocity}


def cases(rng):
    """Hidden inputs: weights and five gradients. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(*shape, learning_rate, momentum):
        gradients = {f"g{step}": rng.standard_normal(shape) for step in range(1, 6)}
        config = {"learning_rate": learning_rate, "momentum": momentum}
        return {"w": rng.standard_normal(shape), **gradients, "config": config}

    moving = draw(3, 5, learning_rate=0.1, momentum=0.6)
    moving["config"]["velocity"] = rng.standard_normal((3, 5))
    return [
        Case("typical sizes", draw(5, 7, learning_rate=0.23, momentum=0.73), generic=True),
        Case("a small learning rate", draw(4, 3, learning_rate=0.017, momentum=0.86), generic=True),
        Case("a row of biases", draw(6, learning_rate=0.3, momentum=0.5)),
        Case("a stack of filters", draw(2, 3, 3, 2, learning_rate=1.0, momentum=0.9)),
        Case("no momentum", draw(3, 4, learning_rate=0.1, momentum=0.0)),
        Case("a velocity from earlier steps", moving, generic=True),
    ]


MISTAKES = [
    Mistake("w1", "- learning_rate * dw", "+ learning_rate * dw", "The gradient points uphill, and the velocity grows along it.", "mom-sign"),
    Mistake("w1", "w + velocity", "w - velocity", "The velocity has the minus of the gradient in it already: two of them go uphill.", "mom-twosigns"),
    Mistake("w1", "- learning_rate * dw", "- dw", "The gradient enters the velocity times the learning rate.", "mom-nolr"),
    Mistake("w1", "- learning_rate * dw", "- (1 - momentum) * learning_rate * dw", "The velocity is a sum and not a mean: the new gradient is not multiplied by 1 - momentum.", "mom-dampening"),
    Mistake("w1", "w + velocity", "w + momentum * velocity - learning_rate * dw", "The momentum is used twice in one step: this looks ahead, as Nesterov's form does.", "mom-nesterov"),
    Mistake("w1", "w + velocity", "w + learning_rate * velocity", "The learning rate is in the velocity already.", "mom-lrtwice"),
    Mistake("w1", "w + velocity", "velocity", "A step starts from the old weights; this one forgets them.", "mom-forget"),
    Mistake("w1", "momentum * velocity - learning_rate * dw", "momentum * (velocity - learning_rate * dw)", "Momentum slows down what is left of the old velocity; the new gradient is not slowed down.", "mom-brackets"),
    Mistake("w1", "next_w = w + velocity", "next_w = w + config.get('velocity', 0.0)", "The step uses the velocity from before it was renewed.", "mom-late"),
    Mistake("w1", "momentum * velocity - learning_rate * dw", "momentum * velocity - learning_rate * w", "The velocity grows along the gradient, not along the weights.", "mom-weights"),
    Mistake("w5", "momentum * velocity - learning_rate * dw", "-learning_rate * dw", "What is left of the old velocity is missing: these are plain steps.", "mom-plain"),
    Mistake("w5", "momentum * velocity -", "velocity -", "The old velocity is kept whole; momentum should slow it down.", "mom-nofriction"),
    Mistake("w5", "momentum * velocity -", "(1 - momentum) * velocity -", "The share of the old velocity that is kept is momentum, not what is missing to 1.", "mom-complement"),
    Mistake("w5", "momentum * velocity -", "-momentum * velocity -", "What is left of the old velocity goes on in its direction; here it turns round.", "mom-turn"),
    Mistake("w5", '{**config, "velocity": velocity}', "config", "The velocity is forgotten after each step: the next one has to find it in config.", "mom-nostore"),
    Mistake("w5", '"velocity": velocity}', '"velocity": next_w}', "What is kept for the next step is the velocity, not the weights.", "mom-storew"),
    Mistake("w5", '"velocity": velocity}', '"velocity": dw}', "What is kept for the next step is the velocity, not the gradient.", "mom-storedw"),
    Mistake("w5", '"velocity": velocity}', '"velocity": -velocity}', "The velocity is kept with its sign turned.", "mom-storesign"),
    Mistake("w1", "momentum * velocity -", "momentum * config.get('velocity', w) -", "Before the first step the velocity is 0, not the weights.", "mom-start"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "the same config, changed": '''\
def sgd_momentum(w, dw, config):
    config.setdefault("velocity", np.zeros(w.shape))
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return w + config["velocity"], config
''',
    "a velocity that is subtracted": '''\
def sgd_momentum(w, dw, config):
    downhill = -config["velocity"] if "velocity" in config else 0.0
    downhill = config["momentum"] * downhill + config["learning_rate"] * dw
    return w - downhill, dict(config, velocity=-downhill)
''',
    "renewed in place": '''\
def sgd_momentum(w, dw, config):
    v = np.array(config.get("velocity", 0 * w))
    v *= config["momentum"]
    v -= config["learning_rate"] * dw
    config["velocity"] = v
    next_w = w.copy()
    next_w += v
    return next_w, config
''',
}
