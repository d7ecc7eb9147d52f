"""The graph of gates: reference, hidden cases, known mistakes, equivalents, torch path."""

# ruff: noqa: B905, F821 -- as students write it; what it builds on is in GIVEN

from flatgrade.core import Case, Mistake

GIVEN = '''\
import numpy as np


class SquareGate:
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, dz):
        return 2 * self.x * dz


class ExpGate:
    def forward(self, x):
        self.z = np.exp(x)
        return self.z

    def backward(self, dz):
        return self.z * dz


class SubtractGate:
    def forward(self, x, y):
        return x - y

    def backward(self, dz):
        return dz, -dz


GATES = {"square": SquareGate, "exp": ExpGate, "subtract": SubtractGate}


def make_nodes(wiring):
    nodes = {}
    for line in wiring:
        name, _, gate, *needs = line.split()
        nodes[name] = (GATES[gate](), needs)
    return nodes


def as_list(gradients):
    return list(gradients) if isinstance(gradients, (tuple, list)) else [gradients]


def by_name(x, y, z):
    return {"x": x, "y": y, "z": z}


def of_inputs(gradients):
    return tuple(gradients[name] for name in ("x", "y", "z"))
'''


class ComputationalGraph:
    def __init__(self, nodes):
        self.nodes = nodes  # name: (gate, names of what goes in)
        self.order = []  # the names, each behind all that it needs
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


LONG = [f"a{i} = subtract a{i - 1} {'xyz'[i % 3]}" for i in range(1, 12)]
WIRINGS = {
    "forks, listed from the end": ["loss = subtract long q", "long = square mid", "mid = subtract q turned", "turned = exp r", "r = subtract q x", "q = subtract p z", "p = subtract x y"],
    "two diamonds": ["s = square q", "loss = subtract s u", "u = subtract w q", "q = subtract p z", "p = subtract x y", "w = exp v", "v = subtract q y"],
    "a chain": ["a = subtract x y", "b = subtract a z", "c = square b", "loss = exp c"],
    "a value that goes into one gate twice": ["q = subtract x y", "t = subtract q q", "e = exp t", "s = square z", "m = subtract s q", "loss = subtract e m"],
    "an input that is used at every step": ["loss = subtract d x", "d = subtract c x", "c = square b", "b = subtract a x", "a = subtract y z"],
    "a long chain, listed from the end": ["loss = square a11", *LONG[::-1], "a0 = subtract x y"],
    "a value that is used near the end and far from it": ["far = exp near", "farther = square far", "loss = subtract farther near", "near = subtract q z", "q = subtract x y"],
}
GENERIC = list(WIRINGS)[:2]


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw():
        sizes = rng.uniform(0.2, 0.9, 3) * rng.choice([-1.0, 1.0], 3)
        return dict(zip(("x", "y", "z"), map(float, sizes), strict=True))

    return [Case(label, {"wiring": wiring, **draw()}, generic=label in GENERIC) for label, wiring in WIRINGS.items()]


FORK = "A value that is used in several places gets a gradient from each of them, and they add up."
SUM = "gradients[needed] = gradients.get(needed, 0.0) + gradient"
ORDER = "A gate may go back only when all gates that use its value have done so: the way back is the order of the way forward, from its end."
PAIRS = "zip(needs, as_list(gate.backward(gradients[name])))"

MISTAKES = [
    Mistake("dx", SUM, "gradients[needed] = gradient", FORK, "graph-overwrite"),
    Mistake("dx", SUM, "gradients.setdefault(needed, gradient)", FORK, "graph-first-only"),
    Mistake("dx", SUM, "gradients[needed] = (gradients[needed] + gradient) / 2 if needed in gradients else gradient", "The gradients at a fork are added, not averaged.", "graph-mean"),
    Mistake("dx", SUM, "gradients[needed] = gradients.get(needed, 1.0) * gradient", "The gradients at a fork are added, not multiplied.", "graph-product"),
    Mistake("dx", SUM, "gradients[needed] = max(gradients.get(needed, gradient), gradient, key=abs)", FORK, "graph-largest"),
    Mistake("dx", "for name in reversed(self.order):", "queue = [self.order[-1]]\n        for name in queue:\n            queue += [n for n in self.nodes[name][1] if n in self.nodes and n not in queue]", ORDER, "graph-level-order"),
    Mistake("dx", "gate.backward(gradients[name])", "gate.backward(1.0)", "Each gate goes on from the gradient that has arrived at its own value.", "graph-no-upstream"),
    Mistake("dx", PAIRS, "zip(needs, as_list(gate.backward(gradients[name]))[::-1])", "The gradients of a gate come in the order of its inputs: each goes to its own.", "graph-swapped"),
    Mistake("dx", PAIRS, "((needed, as_list(gate.backward(gradients[name]))[0]) for needed in needs)", "A gate hands back one gradient for each input; here all inputs get the first.", "graph-first-gradient"),
    Mistake("dx", "gradients = {self.order[-1]: 1.0}", "gradients = {self.order[-1]: 0.0}", "With which slope does the loss change with itself?", "graph-start-zero"),
    Mistake("dx", "gradients = {self.order[-1]: 1.0}", "gradients = {self.order[-1]: -1.0}", "The loss changes with itself in the same direction.", "graph-start-minus"),
    Mistake("dx", "gradients = {self.order[-1]: 1.0}", 'gradients = self.__dict__.setdefault("kept", {self.order[-1]: 1.0})', "The gradients of the walk before are still there: each walk back begins anew.", "graph-not-cleared"),
    Mistake("loss", "return values[self.order[-1]]", "return values[list(self.nodes)[-1]]", "The loss is what all other nodes lead to, wherever it is listed.", "graph-last-listed"),
    Mistake("loss", "gate.forward(*[values[needed] for needed in needs])", "gate.forward(*[values[needed] for needed in reversed(needs)])", "The values go into a gate in the order in which the node names them.", "graph-forward-swapped"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "counts what is missing": """\
class ComputationalGraph:
    def __init__(self, nodes):
        self.nodes = nodes
        missing = {name: len([n for n in needs if n in nodes]) for name, (_, needs) in nodes.items()}
        ready = [name for name in nodes if missing[name] == 0]
        self.order = []
        while ready:
            done = ready.pop()
            self.order.append(done)
            for name, (_, needs) in nodes.items():
                missing[name] -= needs.count(done)
                if missing[name] == 0 and name not in self.order and name not in ready:
                    ready.append(name)

    def forward(self, inputs):
        self.values = {**inputs}
        for name in self.order:
            gate, needs = self.nodes[name]
            self.values[name] = gate.forward(*(self.values[n] for n in needs))
        return self.values[self.order[-1]]

    def backward(self):
        gradients = {name: 0.0 for name in self.values}
        gradients[self.order[-1]] = 1.0
        for name in self.order[::-1]:
            gate, needs = self.nodes[name]
            back = gate.backward(gradients[name])
            if len(needs) == 1:
                back = (back,)
            for n, g in zip(needs, back):
                gradients[n] += g
        return gradients
""",
    "sorts at each walk, by passes": """\
class ComputationalGraph:
    def __init__(self, nodes):
        self.nodes = nodes

    def sorted(self):
        names, left = [], list(self.nodes)
        while left:
            for name in list(left):
                if not any(n in left for n in self.nodes[name][1]):
                    names.append(name)
                    left.remove(name)
        return names

    def forward(self, inputs):
        values = dict(inputs)
        for name in self.sorted():
            gate, needs = self.nodes[name]
            last = values[name] = gate.forward(*map(values.get, needs))
        return last

    def backward(self):
        back = {}
        gradients = {}
        for i, name in enumerate(reversed(self.sorted())):
            gradients[name] = 1.0 if i == 0 else sum(back[name])
            gate, needs = self.nodes[name]
            for n, g in zip(needs, as_list(gate.backward(gradients[name]))):
                back.setdefault(n, []).append(g)
        for name in back:
            gradients[name] = sum(back[name])
        return gradients
""",
    "the loss pulls": """\
class ComputationalGraph:
    def __init__(self, nodes):
        self.nodes = nodes
        used = {n for _, needs in nodes.values() for n in needs}
        [self.loss] = [name for name in nodes if name not in used]

    def forward(self, inputs):
        self.values = dict(inputs)
        return self.value(self.loss)

    def value(self, name):
        if name not in self.values:
            gate, needs = self.nodes[name]
            self.values[name] = gate.forward(*[self.value(n) for n in needs])
        return self.values[name]

    def backward(self):
        self.gradients = {self.loss: 1.0}
        self.handed = {}
        return {name: self.gradient(name) for name in self.values}

    def gradient(self, name):
        if name not in self.gradients:
            total = 0.0
            for user, (_, needs) in self.nodes.items():
                for place, n in enumerate(needs):
                    if n == name:
                        total += self.hand_back(user)[place]
            self.gradients[name] = total
        return self.gradients[name]

    def hand_back(self, name):
        if name not in self.handed:
            self.handed[name] = as_list(self.nodes[name][0].backward(self.gradient(name)))
        return self.handed[name]
""",
}


def torch_path(wiring, x, y, z):
    """The same graph in torch, each node computed when it is asked for; returns the loss."""
    lines = {line.split()[0]: line.split()[2:] for line in wiring}
    values = {"x": x, "y": y, "z": z}

    def value(name):
        if name not in values:
            gate, *needs = lines[name]
            into = [value(needed) for needed in needs]
            values[name] = into[0] ** 2 if gate == "square" else into[0].exp() if gate == "exp" else into[0] - into[1]
        return values[name]

    return value("loss")
