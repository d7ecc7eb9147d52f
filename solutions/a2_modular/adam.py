"""Adam, one step: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def adam(w, dw, config):
    beta1, beta2 = config["beta1"], config["beta2"]
    m = config.get("m", np.zeros_like(w))  # (D, H): the running mean of the gradients
    v = config.get("v", np.zeros_like(w))  # (D, H): the running mean of their squares
    t = config.get("t", 0)  # finished steps
    t = t + 1
    m = beta1 * m + (1 - beta1) * dw  # (D, H)
    v = beta2 * v + (1 - beta2) * dw**2  # (D, H)
    m_hat = m / (1 - beta1**t)  # (D, H)
    v_hat = v / (1 - beta2**t)  # (D, H)
    next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])  # (D, H)
    return next_w, {**config, "m": m, "v": v, "t": t}


def cases(rng):
    """Hidden inputs: weights and five gradients. Only the generic ones name mistakes; the others decide verdicts.

    Gradients and weights stay away from 0, so that an epsilon inside the root is as good as one outside it; but for a
    weight whose gradient is exactly 0, where it is needed.
    """

    def away(*shape):
        return rng.choice((-1.0, 1.0), shape) * rng.uniform(0.5, 2.0, shape)

    def draw(*shape, learning_rate=0.13, beta1=0.82, beta2=0.94):
        gradients = {f"g{step}": away(*shape) for step in range(1, 6)}
        config = {"learning_rate": learning_rate, "beta1": beta1, "beta2": beta2, "epsilon": 1e-8}
        return {"w": 3 * rng.choice((-1.0, 1.0), shape) + 0.1 * away(*shape), **gradients, "config": config}

    still = draw(4, 3, learning_rate=0.07, beta1=0.71, beta2=0.88)
    for step in range(1, 6):
        still[f"g{step}"][2, 1] = 0.0
    later = draw(3, 5)
    later["config"] |= {"m": 0.3 * away(3, 5), "v": rng.uniform(0.5, 2.0, (3, 5)), "t": 7}
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("a weight whose gradient is always 0", still, generic=True),
        Case("the usual betas", draw(3, 4, beta1=0.9, beta2=0.999)),
        Case("a row of biases", draw(6)),
        Case("a stack of filters", draw(2, 3, 3, 2)),
        Case("a run that goes on after seven steps", later, generic=True),
    ]


MISTAKES = [
    Mistake("w1", "    t = t + 1\n", "", "In the first step t must be 1: with 0 finished steps the correction divides by 0.", "ad-t"),
    Mistake("w1", "t = t + 1", "t = t + 2", "In the first step t must be 1; here it is 2.", "ad-t2"),
    Mistake("w1", "m / (1 - beta1**t)", "m", "The mean m starts at 0 and is too small at first: its correction is missing.", "ad-nobias-m"),
    Mistake("w1", "v / (1 - beta2**t)", "v", "The mean v starts at 0 and is too small at first: its correction is missing.", "ad-nobias-v"),
    Mistake("w1", "m_hat / (np.sqrt(v_hat)", "m / (np.sqrt(v)", "Both means start at 0 and are too small at first: the step has to use their corrected values.", "ad-nobias"),
    Mistake("w5", "(1 - beta1**t)", "(1 - beta1)", "The correction of m fades as the steps go on: t is missing in it.", "ad-t-power-m"),
    Mistake("w5", "(1 - beta2**t)", "(1 - beta2)", "The correction of v fades as the steps go on: t is missing in it.", "ad-t-power-v"),
    Mistake("w5", '"t": t}', '"t": 0}', "The steps are not counted on, so each is corrected like the first.", "ad-t-nostore"),
    Mistake("w5", '"m": m,', '"m": m_hat,', "The corrected mean is kept for the next step, which corrects it again: keep m as it is.", "ad-inplacecorr-m"),
    Mistake("w5", '"v": v,', '"v": v_hat,', "The corrected mean is kept for the next step, which corrects it again: keep v as it is.", "ad-inplacecorr-v"),
    Mistake("w5", '"m": m, "v": v,', '"m": m_hat, "v": v_hat,', "The corrected means are kept for the next step, which corrects them again: keep m and v as they are.", "ad-inplacecorr"),
    Mistake("w1", "beta1 * m + (1 - beta1) * dw", "beta2 * m + (1 - beta2) * dw", "m is the mean with beta1; beta2 belongs to the squares.", "ad-m-beta2"),
    Mistake("w1", "beta2 * v + (1 - beta2) * dw**2", "beta1 * v + (1 - beta1) * dw**2", "v is the mean with beta2; beta1 belongs to the gradients.", "ad-v-beta1"),
    Mistake("w1", 'beta1, beta2 = config["beta1"], config["beta2"]', 'beta2, beta1 = config["beta1"], config["beta2"]', "beta1 and beta2 have changed places.", "ad-betas"),
    Mistake("w1", "beta1 * m + (1 - beta1) * dw", "(1 - beta1) * m + beta1 * dw", "beta1 is the share of the old mean; here it is that of the new gradient.", "ad-m-swapped"),
    Mistake("w1", "beta2 * v + (1 - beta2) * dw**2", "(1 - beta2) * v + beta2 * dw**2", "beta2 is the share of the old mean; here it is that of the new square.", "ad-v-swapped"),
    Mistake("w1", "(1 - beta1) * dw", "dw", "m is a mean: the two shares add up to 1.", "ad-m-noshare"),
    Mistake("w1", "(1 - beta2) * dw**2", "dw**2", "v is a mean: the two shares add up to 1.", "ad-v-noshare"),
    Mistake("w1", "* dw**2", "* dw", "v is the mean of squared gradients, and this one is not squared.", "ad-v-nosquare"),
    Mistake("w1", "* dw**2", "* np.abs(dw)", "v is the mean of squared gradients, not of their sizes.", "ad-v-abs"),
    Mistake("w5", "* dw**2", "* m**2", "v is the mean of the squared gradients, not of the squared mean.", "ad-v-m"),
    Mistake("w1", "np.sqrt(v_hat)", "v_hat", "The step is divided by a root: v holds squares.", "ad-noroot"),
    Mistake("w1", '(np.sqrt(v_hat) + config["epsilon"])', "np.sqrt(v_hat)", "Where a gradient was always 0 this is 0 divided by 0: what is epsilon for?", "ad-noeps"),
    Mistake("w1", "w - config", "w + config", "The gradient points uphill, and this goes along it.", "ad-ascent"),
    Mistake("w1", 'config["learning_rate"] * m_hat', "m_hat", "The learning rate is missing.", "ad-nolr"),
    Mistake("w5", "* m_hat / (np", "* dw / (np", "The step goes along the mean of the gradients, not along the last one: this is RMSProp with a correction.", "ad-rmsprop"),
    Mistake("w1", "w - config", "-config", "A step starts from the old weights; this one forgets them.", "ad-forget"),
    Mistake("w5", '{**config, "m": m, "v": v, "t": t}', "config", "Nothing is kept for the next step: it has to find m, v, and t in config.", "ad-nostore"),
    Mistake("w5", '"m": m, "v": v,', '"v": v,', "m is not kept for the next step.", "ad-nostore-m"),
    Mistake("w5", '"m": m, "v": v,', '"m": m,', "v is not kept for the next step.", "ad-nostore-v"),
    Mistake("w1", "beta2**t", "beta1**t", "v is corrected with its own share, beta2.", "ad-v-hat-beta1"),
    Mistake("w1", "beta1**t", "beta2**t", "m is corrected with its own share, beta1.", "ad-m-hat-beta2"),
    Mistake("w1", "m / (1 - beta1**t)", "m * (1 - beta1**t)", "m is too small at first: the correction has to make it larger.", "ad-m-times"),
    Mistake("w1", "v / (1 - beta2**t)", "v * (1 - beta2**t)", "v is too small at first: the correction has to make it larger.", "ad-v-times"),
    Mistake("w5", "beta1**t", "beta1*t", "t is an exponent in the correction of m.", "ad-m-factor"),
    Mistake("w5", "beta2**t", "beta2*t", "t is an exponent in the correction of v.", "ad-v-factor"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "epsilon inside the root": '''\
def adam(w, dw, config):
    b1, b2, t = config["beta1"], config["beta2"], config.get("t", 0) + 1
    m = b1 * config.get("m", 0.0) + (1 - b1) * dw
    v = b2 * config.get("v", 0.0) + (1 - b2) * dw * dw
    next_w = w - config["learning_rate"] * (m / (1 - b1**t)) / np.sqrt(v / (1 - b2**t) + config["epsilon"])
    return next_w, dict(config, m=m, v=v, t=t)
''',
    "the same config, changed": '''\
def adam(w, dw, config):
    config.setdefault("m", np.zeros(w.shape))
    config.setdefault("v", np.zeros(w.shape))
    config["t"] = config.get("t", 0) + 1
    config["m"] += (1 - config["beta1"]) * (dw - config["m"])
    config["v"] += (1 - config["beta2"]) * (np.square(dw) - config["v"])
    first = config["m"] / (1 - np.power(config["beta1"], config["t"]))
    second = config["v"] / (1 - np.power(config["beta2"], config["t"]))
    return w - config["learning_rate"] * first / (second**0.5 + config["epsilon"]), config
''',
    "the corrections in the learning rate": '''\
def adam(w, dw, config):
    state = dict(config)
    state["t"] = state.get("t", 0) + 1
    state["m"] = config["beta1"] * state.get("m", 0) + (1 - config["beta1"]) * dw
    state["v"] = config["beta2"] * state.get("v", 0) + (1 - config["beta2"]) * dw**2
    rate = config["learning_rate"] * np.sqrt(1 - config["beta2"] ** state["t"]) / (1 - config["beta1"] ** state["t"])
    return w - rate * state["m"] / (np.sqrt(state["v"]) + config["epsilon"]), state
''',
}
