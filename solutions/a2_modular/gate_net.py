"""A small net wired of gates: reference, hidden cases, known mistakes, equivalents, torch path."""

# ruff: noqa: F821 -- as students write it; what it builds on is in GIVEN

from flatgrade.core import Case, Mistake

GIVEN = '''\
import numpy as np


class AddGate:
    def forward(self, x, y):
        return x + y

    def backward(self, dz):
        return dz, dz


class MultiplyGate:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dz):
        return dz * self.y, dz * self.x


class SigmoidGate:
    def forward(self, x):
        self.z = 1 / (1 + np.exp(-x))
        return self.z

    def backward(self, dz):
        return dz * self.z * (1 - self.z)


class ReLUGate:
    def forward(self, x):
        self.positive = x > 0
        return np.maximum(0, x)

    def backward(self, dz):
        return dz * self.positive


class MatMulGate:
    def forward(self, x, w):
        self.x, self.w = x, w
        return x @ w

    def backward(self, dz):
        return dz @ self.w.T, self.x.T @ dz


class SquaredErrorGate:
    def forward(self, scores, targets):
        self.difference = scores - targets
        return 0.5 * np.sum(self.difference**2)

    def backward(self, dz):
        return dz * self.difference, -dz * self.difference


class PenaltyGate:
    def forward(self, w):
        self.w = w
        return 0.5 * np.sum(w**2)

    def backward(self, dz):
        return dz * self.w


def as_list(gradients):
    return list(gradients) if isinstance(gradients, (tuple, list)) else [gradients]


class ComputationalGraph:
    def __init__(self, nodes):
        self.nodes = nodes
        self.order = []
        for name in nodes:
            self.add(name)

    def add(self, name):
        if name in self.nodes and name not in self.order:
            for needed in self.nodes[name][1]:
                self.add(needed)
            self.order.append(name)

    def forward(self, inputs):
        values = dict(inputs)
        for name in self.order:
            gate, needs = self.nodes[name]
            values[name] = gate.forward(*[values[needed] for needed in needs])
        return values[self.order[-1]]

    def backward(self):
        gradients = {self.order[-1]: 1.0}
        for name in reversed(self.order):
            gate, needs = self.nodes[name]
            for needed, gradient in zip(needs, as_list(gate.backward(gradients[name]))):
                gradients[needed] = gradients.get(needed, 0.0) + gradient
        return gradients


def run_net(nodes, X, W1, W2, T):
    used = {needed for _, needs in nodes.values() for needed in needs}
    ends = [name for name in nodes if name not in used]
    if len(ends) != 1:
        raise ValueError(f"a net has one end, its loss; here no gate takes {' and no gate takes '.join(ends)}")
    graph = ComputationalGraph(nodes)
    loss = graph.forward({"X": X, "W1": W1, "W2": W2, "T": T})
    gradients = graph.backward()
    return loss, *(gradients.get(name, 0 * X) for name in ("X", "W1", "W2"))
'''


def net_nodes():
    nodes = {
        "a": (MatMulGate(), ["X", "W1"]),
        "h": (ReLUGate(), ["a"]),
        "scores": (MatMulGate(), ["h", "W2"]),
        "error": (SquaredErrorGate(), ["scores", "T"]),
        "penalty": (PenaltyGate(), ["W1"]),
        "loss": (AddGate(), ["error", "penalty"]),
    }
    return nodes


def cases(rng):
    """Hidden inputs, all square, so that a net that is wired wrongly gives numbers. Only the generic ones name mistakes."""

    def draw(N):
        return {name: rng.standard_normal((N, N)) for name in ("X", "W1", "W2", "T")}

    large = draw(4)
    return [
        Case("five units", draw(5), generic=True),
        Case("seven units", draw(7), generic=True),
        Case("two units", draw(2)),
        Case("large first weights", {**large, "W1": 30 * large["W1"]}),
    ]


ONE_GATE = "One gate object stands at two places: what it keeps of the first is overwritten at the second. Each place needs a gate of its own."
TWO_PRODUCTS = '''"a": (MatMulGate(), ["X", "W1"]),
        "h": (ReLUGate(), ["a"]),
        "scores": (MatMulGate(), ["h", "W2"]),'''
END = '''"error": (SquaredErrorGate(), ["scores", "T"]),
        "penalty": (PenaltyGate(), ["W1"]),
        "loss": (AddGate(), ["error", "penalty"]),'''

MISTAKES = [
    Mistake("dX", TWO_PRODUCTS, TWO_PRODUCTS.replace("MatMulGate(), [\"X", "product := MatMulGate(), [\"X").replace("MatMulGate(), [\"h", "product, [\"h"), ONE_GATE, "net-one-gate"),
    Mistake("loss", '"h": (ReLUGate(), ["a"]),\n        "scores": (MatMulGate(), ["h", "W2"])', '"scores": (MatMulGate(), ["a", "W2"])', "The hidden units are not used: the second product takes what the ReLU gives.", "net-no-relu"),
    Mistake("loss", "ReLUGate()", "SigmoidGate()", "The hidden layer of this net is a ReLU.", "net-sigmoid"),
    Mistake("loss", '["X", "W1"]', '["W1", "X"]', "The rows of X are the examples: X stands on the left of the product.", "net-a-swapped"),
    Mistake("loss", '["h", "W2"]', '["W2", "h"]', "The hidden units stand on the left of the product, as X does in the first.", "net-scores-swapped"),
    Mistake("loss", '["h", "W2"]', '["h", "W1"]', "The second product has weights of its own.", "net-w1-twice"),
    Mistake("loss", '["X", "W1"]', '["X", "W2"]', "Each product has its own weights, and the first takes the first.", "net-w2-twice"),
    Mistake("loss", '(PenaltyGate(), ["W1"])', '(PenaltyGate(), ["W2"])', "The penalty is on the first weights.", "net-penalty-w2"),
    Mistake("loss", '(PenaltyGate(), ["W1"])', '(PenaltyGate(), ["h"])', "The penalty is on weights, not on values.", "net-penalty-h"),
    Mistake("loss", END, '"loss": (SquaredErrorGate(), ["scores", "T"]),', "The penalty on the first weights is missing.", "net-no-penalty"),
    Mistake("loss", END, END.replace('["error", "penalty"]', '["both", "penalty"]').replace('"loss"', '"both": (AddGate(), ["error", "penalty"]),\n        "loss"'), "The loss is the error and the penalty, each once.", "net-penalty-twice"),
    Mistake("loss", "(AddGate(), [", "(MultiplyGate(), [", "Error and penalty are added.", "net-times"),
    Mistake("loss", '["scores", "T"]', '["scores", "X"]', "The error compares the scores with the targets.", "net-error-x"),
    Mistake("loss", '"error": (SquaredErrorGate(), ["scores", "T"])', '"last": (ReLUGate(), ["scores"]),\n        "error": (SquaredErrorGate(), ["last", "T"])', "There is no ReLU behind the scores: they may be negative.", "net-last-relu"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "listed from the end, other names": """\
def net_nodes():
    return {
        "total": (AddGate(), ["cost", "price"]),
        "price": (PenaltyGate(), ["W1"]),
        "cost": (SquaredErrorGate(), ["out", "T"]),
        "out": (MatMulGate(), ["hidden", "W2"]),
        "hidden": (ReLUGate(), ["before"]),
        "before": (MatMulGate(), ["X", "W1"]),
    }
""",
    "filled one by one": """\
def net_nodes():
    nodes = {}
    first, second = MatMulGate(), MatMulGate()
    nodes["p"] = (PenaltyGate(), ["W1"])
    nodes["a"] = (first, ("X", "W1"))
    nodes["h"] = (ReLUGate(), ("a",))
    nodes["s"] = (second, ("h", "W2"))
    nodes["e"] = (SquaredErrorGate(), ("s", "T"))
    nodes["loss"] = (AddGate(), ("p", "e"))
    return nodes
""",
}


def torch_path(X, W1, W2, T):
    """The same loss in torch; returns a scalar tensor."""
    scores = (X @ W1).clamp(min=0) @ W2
    return 0.5 * ((scores - T) ** 2).sum() + 0.5 * (W1 * W1).sum()
