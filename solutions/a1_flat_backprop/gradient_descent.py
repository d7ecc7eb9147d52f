"""Gradient descent: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Function, Mistake


def gradient_descent(loss_fun, W, steps, lr):
    W = W.copy()  # the caller's array stays as it is
    losses = np.zeros(steps)
    for t in range(steps):
        losses[t], dW = loss_fun(W)
        W = W - lr * dW
    return W, losses


def cases(rng):
    """Hidden inputs. The slope changes with W and differs between entries, so that a wrong step shows."""

    def draw(D, C, steps, lr, text):
        goal = rng.standard_normal((D, C)).round(3).tolist()
        return {
            "loss_fun": Function(text.replace("GOAL", f"np.array({goal})")),
            "W": rng.standard_normal((D, C)),
            "steps": steps,
            "lr": lr,
        }

    bowl = "lambda W: (np.sum((W - GOAL) ** 2), 2 * (W - GOAL))"
    smooth = "lambda W: (np.sum(np.log(np.cosh(W - GOAL))) - 3, np.tanh(W - GOAL))"
    hinge = "lambda W: (np.sum(np.maximum(0, W - GOAL)), 1.0 * (W > GOAL))"
    return [
        Case("typical sizes", draw(5, 4, 7, 0.13, bowl), generic=True),
        Case("a loss that is no bowl", draw(3, 7, 11, 0.31, smooth), generic=True),
        Case("one step", draw(4, 2, 1, 0.2, bowl)),
        Case("a learning rate so large that the loss grows", draw(2, 3, 6, 1.2, bowl)),
        Case("a loss with corners", draw(3, 2, 5, 0.11, hinge)),
        Case("no step", draw(2, 2, 0, 0.1, bowl)),
    ]


MISTAKES = [
    Mistake("W", "W = W - lr", "W = W + lr", "The gradient points uphill, and this goes along it.", "gd-ascent"),
    Mistake("W", "lr * dW", "dW", "The step is the gradient times the learning rate: where is lr?", "gd-nolr"),
    Mistake("W", "lr * dW", "lr * np.sign(dW)", "The step has the length of the gradient in it: not only its signs count.", "gd-sign"),
    Mistake("W", "lr * dW", "lr * dW / np.linalg.norm(dW)", "The gradient is not scaled to length 1: flat places get short steps.", "gd-unit"),
    Mistake("W", "lr * dW", "lr * dW / len(W)", "The step is lr times the gradient, not divided by the number of rows.", "gd-divD"),
    Mistake("W", "lr * dW", "lr * dW / steps", "The step is lr times the gradient; the number of steps does not come in.", "gd-divsteps"),
    Mistake("W", "lr * dW", "lr * (1 - t / steps) * dW", "Here the learning rate stays the same in all steps.", "gd-decay"),
    Mistake("W", "lr * dW", "lr / (t + 1) * dW", "Here the learning rate stays the same in all steps.", "gd-inverse"),
    Mistake("W", "lr * dW", "lr * dW.mean()", "Each weight moves by its own slope, not by the mean of all.", "gd-mean"),
    Mistake("W", "lr * dW", "2 * lr * dW", "The step is lr times the gradient, once.", "gd-twice"),
    Mistake("W", "lr * dW", "lr * losses[t]", "The step follows the gradient; this one uses the loss.", "gd-loss"),
    Mistake("W", "lr * dW", "lr * W", "The step follows the gradient at W; this one uses W itself.", "gd-W"),
    Mistake("W", "W = W - lr * dW", "W = -lr * dW", "A step starts from the old W; this one forgets it.", "gd-forget"),
    Mistake("W", "    for t in range(steps):\n        losses[t], dW = loss_fun(W)", "    dW = loss_fun(W)[1]\n    for t in range(steps):\n        losses[t] = loss_fun(W)[0]", "The gradient is taken once, at the start; it changes with every step.", "gd-once"),
    Mistake("W", "    for t in range(steps):\n        losses[t], dW = loss_fun(W)\n        W = W - lr * dW", "    start = W\n    for t in range(steps):\n        losses[t], dW = loss_fun(W)\n        W = start - lr * dW", "Every step starts from the first W; start from the W of the step before.", "gd-fromstart"),
    Mistake("W", "        losses[t], dW = loss_fun(W)\n        W = W - lr * dW", "        losses[t], dW = loss_fun(W)\n        if t < steps - 1:\n            W = W - lr * dW", "The last step is not taken: after the loop W has moved steps times.", "gd-oneless"),
    Mistake("W", "    return W, losses", "    W = W - lr * loss_fun(W)[1]\n    return W, losses", "W is moved once more than steps times.", "gd-onemore"),
    Mistake("W", "losses = np.zeros(steps)\n    for t in range(steps):\n        losses[t], dW = loss_fun(W)\n        W = W - lr * dW", "losses, speed = np.zeros(steps), 0\n    for t in range(steps):\n        losses[t], dW = loss_fun(W)\n        speed = speed + dW\n        W = W - lr * speed", "Old gradients are added to the new one; a step uses the newest alone.", "gd-sum"),
    Mistake("losses", "        W = W - lr * dW", "        W = W - lr * dW\n        losses[t] = loss_fun(W)[0]", "losses[t] is the loss before step t, so that the first is that of the start; these are the losses after the steps.", "gd-lossafter"),
    Mistake("losses", "return W, losses", "return W, losses[::-1]", "The losses are in reverse: the first belongs to the start.", "gd-reversed"),
    Mistake("losses", "return W, losses", "return W, np.cumsum(losses)", "Each entry is the loss of one step, not a sum of all so far.", "gd-cumsum"),
    Mistake("losses", "return W, losses", "return W, losses / max(len(losses), 1)", "The losses are kept as loss_fun returns them: do not divide.", "gd-lossdiv"),
    Mistake("losses", "return W, losses", "return W, np.abs(losses)", "A loss can be negative: keep it as loss_fun returns it.", "gd-lossabs"),
    Mistake("losses", "losses[t], dW = loss_fun(W)", "dW = loss_fun(W)[1]\n        losses[t] = np.linalg.norm(dW)", "The curve holds the losses; these are the lengths of the gradients.", "gd-lossnorm"),
]

EQUIVALENTS = {
    "a list of losses, and W changed in place": '''\
def gradient_descent(loss_fun, W, steps, lr):
    W = np.array(W, dtype=float)
    losses = []
    for _ in range(steps):
        loss, grad = loss_fun(W)
        losses.append(loss)
        W -= lr * grad
    return W, np.array(losses)
''',
    "a while loop with a sum of steps": '''\
def gradient_descent(loss_fun, W, steps, lr):
    moved, losses, t = np.zeros_like(W), np.empty(steps), 0
    while t < steps:
        loss, dW = loss_fun(W + moved)
        moved = moved - lr * dW
        losses[t] = loss
        t += 1
    return W + moved, losses
''',
    "the step as the minus gradient": '''\
def gradient_descent(loss_fun, W, steps, lr):
    losses = np.zeros(steps)
    for t in range(steps):
        result = loss_fun(W)
        losses[t] = result[0]
        W = W + lr * -result[1]
    return W * 1.0, losses
''',
}
