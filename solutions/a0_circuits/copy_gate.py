"""The fork: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def copy_gate(a, grad_out):
    K = len(grad_out)
    # forward
    out = np.full(K, a)  # (K,)
    # backward
    grad_a = np.sum(grad_out)  # ()
    return out, grad_a


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(K):
        sizes = rng.uniform(0.5, 2.5, K + 1) * rng.choice([-1.0, 1.0], K + 1)
        return {"a": float(sizes[0]), "grad_out": sizes[1:]}

    return [
        Case("three copies", draw(3), generic=True),
        Case("five copies", draw(5), generic=True),
        Case("two copies", draw(2)),
        Case("one copy", draw(1)),
        Case("gradients that cancel", {"a": 1.5, "grad_out": np.array([2.5, -2.5])}),
    ]


LOST = "This is the gradient of one copy alone. Every copy moves the loss: when a grows, all of them grow, and what they do adds up."
LOCAL = "Copying has the slope 1 for every copy: the value of a does not belong there."

MISTAKES = [
    Mistake("out", "np.full(K, a)", "np.full(K, a / K)", "A fork does not share the value out: each copy is all of it.", "copy-shared"),
    Mistake("out", "np.full(K, a)", "a * grad_out", "The values of the copies do not depend on the gradients: grad_out is for the way back.", "copy-upstream"),
    Mistake("out", "np.full(K, a)", "np.ones(K)", "The copies have the value of a.", "copy-ones"),
    Mistake("grad_a", "np.sum(grad_out)", "grad_out[0]", LOST, "copy-first"),
    Mistake("grad_a", "np.sum(grad_out)", "grad_out[-1]", LOST, "copy-last"),
    Mistake("grad_a", "np.sum(grad_out)", "np.mean(grad_out)", "At a fork gradients add; this is their mean.", "copy-mean"),
    Mistake("grad_a", "np.sum(grad_out)", "np.max(grad_out)", "At a fork gradients add; this keeps the largest and loses the others.", "copy-max"),
    Mistake("grad_a", "np.sum(grad_out)", "np.prod(grad_out)", "At a fork gradients add; here they are multiplied.", "copy-product"),
    Mistake("grad_a", "np.sum(grad_out)", "a * np.sum(grad_out)", LOCAL, "copy-times-value"),
    Mistake("grad_a", "np.sum(grad_out)", "np.sum(out)", "On the way back slopes are added up; these are the values of the copies.", "copy-values"),
    Mistake("grad_a", "np.sum(grad_out)", "1.0 * K", "This counts the copies: where are the gradients that arrive at them?", "copy-count"),
    Mistake("grad_a", "np.sum(grad_out)", "-np.sum(grad_out)", "When a grows, each copy grows just as much: look at the sign.", "copy-sign"),
    Mistake("grad_a", "np.sum(grad_out)", "np.sum(np.abs(grad_out))", "Gradients add with their signs: one copy may pull up while another pulls down.", "copy-abs"),
    Mistake("grad_a", "np.sum(grad_out)", "np.sum(grad_out[:-1])", "One of the copies is missing in the sum.", "copy-not-last"),
    Mistake("grad_a", "np.sum(grad_out)", "np.sum(grad_out[1:])", "One of the copies is missing in the sum.", "copy-not-first"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "a loop over the copies": """\
def copy_gate(a, grad_out):
    out = np.array([a for _ in grad_out])
    grad_a = 0.0
    for upstream in grad_out:
        grad_a += upstream
    return out, grad_a
""",
    "ones": """\
def copy_gate(a, grad_out):
    out = a * np.ones_like(grad_out)
    grad_a = np.ones_like(grad_out) @ grad_out
    return out, grad_a
""",
    "one line": """\
def copy_gate(a, grad_out):
    return np.repeat(a, len(grad_out)), sum(grad_out)
""",
}


def torch_path(a, grad_out):
    """The same fork in torch; the gradients grad_out arrive at what it returns."""
    return a.repeat(len(grad_out))
