"""One step of training in torch: reference, hidden cases, known mistakes, equivalents."""

from pathlib import Path

import torch
from torch import nn

from flatgrade.core import Case, Mistake


class Descent:
    """Gradient descent with momentum, with the methods that the optimizers of torch.optim have."""

    def __init__(self, parameters, rate, momentum):
        self.parameters, self.rate, self.momentum = list(parameters), rate, momentum
        self.velocities = [torch.zeros_like(parameter) for parameter in self.parameters]

    def zero_grad(self):
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self):
        """Change each parameter by its velocity, and each velocity by the gradient."""
        for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
            if parameter.grad is not None:
                velocity.mul_(self.momentum).sub_(self.rate * parameter.grad)
                parameter.add_(velocity)


def prepared(W, b, X, y, rate):
    """A linear classifier with these weights, its optimizer (with momentum), and a batch as tensors."""
    net = nn.Linear(*W.shape).double()
    with torch.no_grad():
        net.weight.copy_(torch.from_numpy(W.T.copy()))
        net.bias.copy_(torch.from_numpy(b))
    optimizer = Descent(net.parameters(), rate, momentum=0.5)
    return net, optimizer, torch.from_numpy(X), torch.from_numpy(y)


def weights_of(net):
    """Its weights (inputs, outputs) and biases as arrays."""
    return net.weight.detach().numpy().T.copy(), net.bias.detach().numpy().copy()


_TEXT = Path(__file__).read_text(encoding="utf-8")
GIVEN = "import numpy as np\nimport torch\nfrom torch import nn\n\n\n" + _TEXT[_TEXT.index("class Descent") : _TEXT.index("\n\n_TEXT")]


def train_step(net, optimizer, inputs, labels):
    loss = nn.functional.cross_entropy(net(inputs), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def cases(rng):
    """Hidden inputs: three steps from weights of size 1, with rates at which they come a long way."""

    def draw(N, D, M, rate):
        return {
            "W": rng.standard_normal((D, M)),
            "b": rng.standard_normal(M),
            "X": rng.standard_normal((N, D)),
            "y": rng.integers(0, M, N),
            "rate": rate,
        }

    return [
        Case("typical sizes", draw(6, 7, 4, 0.37), generic=True),
        Case("more pictures and classes", draw(11, 5, 6, 0.23), generic=True),
        Case("one picture", draw(1, 4, 3, 0.2)),
        Case("two classes", draw(5, 3, 2, 0.6)),
    ]


_ZERO = "    optimizer.zero_grad()\n"

MISTAKES = [
    Mistake("third", _ZERO, "", "backward adds to the gradients that are there: those of the step before were not cleared.", "step-nozero"),
    Mistake("second", "    optimizer.step()\n", "", "No weight changes: there must be a step, behind a backward of this loss, and nothing cleared between the two.", "step-nostep"),
    Mistake("second", "    optimizer.step()\n", "    optimizer.step()\n    optimizer.step()\n", "One call is one step; these are two.", "step-twice"),
    Mistake("second", "loss.backward()", "(-loss).backward()", "This climbs: the step goes against the gradient of the loss as it is.", "step-ascent"),
    Mistake("second", "loss.backward()", "(loss * len(labels)).backward()", "The loss is a mean over the batch, and so are its gradients.", "step-sumgrad"),
    Mistake("first", "cross_entropy(net(inputs), labels)", 'cross_entropy(net(inputs), labels, reduction="sum")', "The loss is the mean over the batch, not the sum.", "step-sum"),
    Mistake("first", "cross_entropy(net(inputs), labels)", "cross_entropy(net(inputs).softmax(dim=1), labels)", "cross_entropy takes scores: it does the softmax itself.", "step-softmax"),
    Mistake("first", "cross_entropy(net(inputs), labels)", "nll_loss(net(inputs), labels)", "nll_loss takes log-probabilities, and the net returns scores.", "step-nll"),
    Mistake("first", "cross_entropy(net(inputs), labels)", "multi_margin_loss(net(inputs), labels)", "The loss is the softmax loss, cross_entropy, not the hinge.", "step-hinge"),
    Mistake("first", "return loss.item()", "return nn.functional.cross_entropy(net(inputs), labels).item()", "Return the loss of the weights that came in, before the step.", "step-lossafter"),
    Mistake("first", "return loss.item()", "return loss.item() / len(labels)", "The loss is a mean already: do not divide once more.", "step-meantwice"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "gradients cleared first": '''\
def train_step(net, optimizer, inputs, labels):
    optimizer.zero_grad()
    scores = net(inputs)
    criterion = nn.CrossEntropyLoss()
    loss = criterion(scores, labels)
    loss.backward()
    optimizer.step()
    return float(loss)
''',
    "gradients cleared behind the step": '''\
def train_step(net, optimizer, inputs, labels):
    net.train()
    log_probs = torch.log_softmax(net(inputs), dim=1)
    loss = -log_probs[torch.arange(len(labels)), labels].mean()
    loss.backward()
    optimizer.step()
    net.zero_grad()
    return loss.detach().numpy()
''',
}
