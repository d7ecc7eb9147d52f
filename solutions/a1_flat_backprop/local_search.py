"""Random steps that are kept where they help: reference, the rule for what is accepted, hidden cases, mistakes."""

import numpy as np

from flatgrade.core import Case, Function, Mistake

SHARE = 0.1  # of the loss at the start: the loss that a search has to come down to


def local_search(loss_fun, W, steps, size):
    rng = np.random.default_rng(0)
    W = W.copy()
    loss = loss_fun(W)
    for _ in range(steps):
        tried = W + size * rng.standard_normal(W.shape)  # (D, C)
        tried_loss = loss_fun(tried)
        if tried_loss < loss:
            W, loss = tried, tried_loss
    return W


def _reached(inputs, W):
    """What is wrong with weights that a search came to: their loss is measured here."""
    loss_fun = inputs["loss_fun"].made()
    start, loss = float(loss_fun(inputs["W"])), float(loss_fun(W))
    if loss <= SHARE * start:
        return ""
    return f"The loss of W is {loss:.3g}; from {start:.3g} at the start it should come down to {SHARE * start:.3g} or less."


ACCEPT = {"W": _reached}


def cases(rng):
    """Hidden inputs: bowls of lowest loss 0, so wide that a search that works comes far below the share."""

    def draw(D, C, steps, size, far=3.0, loss="np.sum((W - GOAL) ** 2)"):
        goal = rng.standard_normal((D, C)).round(3)
        text = f"lambda W: {loss}".replace("GOAL", f"np.array({goal.tolist()})")
        side = rng.choice([-1.0, 1.0], (D, C))
        side.flat[:2] = -1.0, 1.0  # both ways have to be found
        if np.sum(side * np.random.default_rng(0).standard_normal((D, C))) > 0:
            side = -side  # the first step of the reference helps, so that taking it again and again is not standing still
        return {"loss_fun": Function(text), "W": goal + far * side, "steps": steps, "size": size}

    return [
        Case("typical sizes", draw(3, 2, 1500, 0.15), generic=True),
        Case("a row of weights", draw(1, 5, 1500, 0.15), generic=True),
        Case("a loss with corners", draw(2, 2, 1500, 0.15, loss="np.abs(W - GOAL).sum()")),
        Case("small steps from nearby", draw(2, 2, 1500, 0.01, far=0.2)),
    ]


MISTAKES = [
    Mistake("W", "tried_loss < loss:", "tried_loss > loss:", "The steps that make the loss larger are kept: it climbs.", "local-uphill"),
    Mistake("W", "if tried_loss < loss:", "if True:", "Every step is kept, good or bad, so W wanders about; keep only the steps that lower the loss.", "local-always"),
    Mistake("W", "W, loss = tried, tried_loss", "loss = tried_loss", "W never moves. Where a step lowers the loss, both W and its loss have to be replaced.", "local-stays"),
    Mistake("W", "W = W.copy()\n    loss = loss_fun(W)\n    for _ in range(steps):\n        tried = W + ", "W = start = W.copy()\n    loss = loss_fun(W)\n    for _ in range(steps):\n        tried = start + ", "Every try starts from the first W; start from the best one so far.", "local-fromstart"),
    Mistake("W", "tried = W + size * rng.standard_normal(W.shape)", "tried = size * rng.standard_normal(W.shape)", "A try is a small step away from W; this one forgets where W is.", "local-forgets"),
    Mistake("W", "rng.standard_normal(W.shape)", "rng.random(W.shape)", "These random steps are never negative, so no weight can become smaller; steps have to go both ways.", "local-oneway"),
    Mistake("W", "rng.standard_normal(W.shape)", "rng.standard_normal()", "One random number moves all weights by the same amount; each weight needs its own.", "local-onenumber"),
    Mistake("W", "        tried = W", "        rng = np.random.default_rng(0)\n        tried = W", "The random generator is made anew in each round, so it tries the same direction again and again.", "local-sameseed"),
]

EQUIVALENTS = {
    "the old interface of random": '''\
def local_search(loss_fun, W, steps, size):
    best = W
    for i in range(steps):
        step = size * np.random.randn(*W.shape)
        if loss_fun(best + step) < loss_fun(best):
            best = best + step
    return best
''',
    "steps from a box": '''\
def local_search(loss_fun, W, steps, size):
    rng = np.random.default_rng()
    best_W, best_loss = W.copy(), loss_fun(W)
    for _ in range(steps):
        tried = best_W + rng.uniform(-2 * size, 2 * size, best_W.shape)
        loss = loss_fun(tried)
        if loss <= best_loss:
            best_W, best_loss = tried, loss
    return best_W
''',
}
