"""The convnet of three layers with nn.Conv2d: reference, hidden cases, known mistakes, equivalents, torch path."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from flatgrade.core import Case, Mistake


def sizes_of(X, W1, W3):
    """What the class is made with: channels, height, width, filters, size, hidden, classes."""
    return [*X.shape[1:], len(W1), W1.shape[-1], *W3.shape]


def put_into(layer, name, w, b):
    """Copy arrays into the weights and biases of a layer."""
    for parameter, array in ((layer.weight, w), (layer.bias, b)):
        if parameter is None or tuple(parameter.shape) != array.shape:
            shape = None if parameter is None else tuple(parameter.shape)
            raise ValueError(f"a parameter of {name} has shape {shape}, and it should have {array.shape}")
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(array))


def measured(net, X, y, W1, b1, W2, b2, W3, b3):
    """Loss, scores and the six gradients, as arrays, of the net with these weights; an affine w is (inputs, outputs)."""
    net.double()
    put_into(net.conv, "conv", W1, b1)
    put_into(net.hidden, "hidden", np.ascontiguousarray(W2.T), b2)
    put_into(net.scores, "scores", np.ascontiguousarray(W3.T), b3)
    scores = net(torch.from_numpy(X))
    loss = nn.functional.cross_entropy(scores, torch.from_numpy(y))
    parameters = [p for layer in (net.conv, net.hidden, net.scores) for p in (layer.weight, layer.bias)]
    grads = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
    dW1, db1, dW2, db2, dW3, db3 = (grad.numpy() for grad in grads)
    return loss.item(), scores.detach().numpy(), dW1, db1, dW2.T, db2, dW3.T, db3


_TEXT = Path(__file__).read_text(encoding="utf-8")
GIVEN = "import numpy as np\nimport torch\nfrom torch import nn\n\n\n" + _TEXT[_TEXT.index("def sizes_of") : _TEXT.index("\n\n_TEXT")]


class TorchConvNet(nn.Module):
    def __init__(self, channels, height, width, filters, size, hidden, classes):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, size, padding=size // 2)
        self.hidden = nn.Linear(filters * (height // 2) * (width // 2), hidden)
        self.scores = nn.Linear(hidden, classes)

    def forward(self, x):
        maps = torch.relu(self.conv(x))  # (N, F, H, W)
        pooled = nn.functional.max_pool2d(maps, 2)  # (N, F, H // 2, W // 2)
        units = torch.relu(self.hidden(pooled.flatten(1)))  # (N, K)
        return self.scores(units)  # (N, M)


def cases(rng):
    """Hidden inputs: unequal sizes, so that one axis cannot pass for another."""

    def draw(N, C, H, W, F, S, K, M):
        P = F * (H // 2) * (W // 2)
        return {
            "X": rng.standard_normal((N, C, H, W)),
            "W1": rng.standard_normal((F, C, S, S)) / S,
            "b1": 0.5 * rng.standard_normal(F),
            "W2": rng.standard_normal((P, K)) / np.sqrt(P),
            "b2": 0.5 * rng.standard_normal(K),
            "W3": rng.standard_normal((K, M)),
            "b3": 0.5 * rng.standard_normal(M),
            "y": rng.integers(0, M, N),
        }

    return [
        Case("typical sizes", draw(6, 3, 6, 8, 4, 3, 7, 5), generic=True),
        Case("pictures that are higher than wide, filters of 5x5", draw(7, 2, 8, 4, 5, 5, 6, 4), generic=True),
        Case("odd height and width", draw(5, 3, 7, 5, 4, 3, 6, 4)),
        Case("one picture", draw(1, 3, 6, 4, 4, 3, 7, 5)),
        Case("filters of 1x1", draw(5, 3, 4, 6, 4, 1, 6, 5)),
        Case("two classes", draw(6, 2, 6, 4, 3, 3, 5, 2)),
    ]


MISTAKES = [
    Mistake("scores", "torch.relu(self.conv(x))", "self.conv(x)", "There is a ReLU behind the convolution.", "torchnet-norelu1"),
    Mistake("scores", "torch.relu(self.hidden(pooled.flatten(1)))", "self.hidden(pooled.flatten(1))", "There is a ReLU behind the hidden layer: without it, two affine layers are one.", "torchnet-norelu2"),
    Mistake("scores", "return self.scores(units)", "return torch.relu(self.scores(units))", "The scores may be negative: there is no ReLU behind the last layer.", "torchnet-lastrelu"),
    Mistake("scores", "return self.scores(units)", "return torch.softmax(self.scores(units), dim=1)", "The net returns scores: the softmax is part of the loss, which takes it itself.", "torchnet-softmax"),
    Mistake("scores", "return self.scores(units)", "return torch.log_softmax(self.scores(units), dim=1)", "The net returns scores: the softmax is part of the loss, which takes it itself.", "torchnet-logsoftmax"),
    Mistake("scores", "max_pool2d(maps, 2)", "avg_pool2d(maps, 2)", "The pooling takes the largest of the four pixels, not their mean.", "torchnet-avgpool"),
    Mistake("scores", "max_pool2d(maps, 2)", "interpolate(maps[:, :, : maps.shape[2] // 2 * 2, : maps.shape[3] // 2 * 2], scale_factor=0.5)", "The pooling takes the largest of the four pixels; this takes one of them.", "torchnet-subsample"),
    Mistake("scores", "torch.relu(self.conv(x))", "torch.sigmoid(self.conv(x))", "The activation of this net is the ReLU, not the sigmoid.", "torchnet-sigmoid1"),
    Mistake("scores", "torch.relu(self.hidden(pooled.flatten(1)))", "torch.tanh(self.hidden(pooled.flatten(1)))", "The activation of this net is the ReLU, not the hyperbolic tangent.", "torchnet-tanh2"),
    Mistake("scores", "torch.relu(self.conv(x))", "nn.functional.leaky_relu(self.conv(x))", "The activation of this net is the ReLU, which is exactly 0 below 0.", "torchnet-leaky"),
    Mistake("scores", "pooled.flatten(1)", "pooled.permute(0, 2, 3, 1).flatten(1)", "The maps are flattened as they are, filter by filter; these are flattened pixel by pixel.", "torchnet-permuted"),
    Mistake("scores", "pooled.flatten(1)", "nn.functional.dropout(pooled.flatten(1), 0.5, training=False) * 0.5", "The hidden layer sees the pooled maps as they are.", "torchnet-halved"),
    Mistake("scores", "padding=size // 2)", 'padding=size // 2, padding_mode="reflect")', "The padding is of zeros.", "torchnet-reflect"),
    Mistake("scores", "padding=size // 2)", 'padding=size // 2, padding_mode="circular")', "The padding is of zeros.", "torchnet-circular"),
    Mistake("scores", "padding=size // 2)", 'padding=size // 2, padding_mode="replicate")', "The padding is of zeros.", "torchnet-replicate"),
    Mistake("dW1", "pooled.flatten(1)", "pooled.detach().flatten(1)", "Here the graph is cut: nothing flows back to the convolution.", "torchnet-detached"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "layers for everything": '''\
class TorchConvNet(nn.Module):
    def __init__(self, channels, height, width, filters, size, hidden, classes):
        super(TorchConvNet, self).__init__()
        self.conv = nn.Conv2d(channels, filters, kernel_size=(size, size), stride=1, padding="same")
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.flatten = nn.Flatten()
        self.hidden = nn.Linear(filters * (height // 2) * (width // 2), hidden)
        self.scores = nn.Linear(hidden, classes)

    def forward(self, x):
        x = self.flatten(self.pool(self.relu(self.conv(x))))
        return self.scores(self.relu(self.hidden(x)))
''',
    "the pooling before the ReLU": '''\
class TorchConvNet(nn.Module):
    def __init__(self, channels, height, width, filters, size, hidden, classes):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, size, padding=(size - 1) // 2)
        self.hidden = nn.Linear(filters * int(height / 2) * int(width / 2), hidden)
        self.scores = nn.Linear(hidden, classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.conv(x), 2).clamp(min=0)
        x = self.hidden(x.reshape(x.shape[0], -1)).clamp(min=0)
        return self.scores(x)
''',
    "in a sequence": '''\
class TorchConvNet(nn.Module):
    def __init__(self, channels, height, width, filters, size, hidden, classes):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, size, padding=size // 2)
        self.hidden = nn.Linear(filters * (height // 2) * (width // 2), hidden)
        self.scores = nn.Linear(hidden, classes)
        between = [nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), self.hidden, nn.ReLU()]
        self.all = nn.Sequential(self.conv, *between, self.scores)

    def forward(self, x):
        return self.all(x)
''',
}


def torch_path(X, W1, b1, W2, b2, W3, b3, y):
    """The same loss by functions alone; returns a scalar tensor."""
    maps = nn.functional.conv2d(X, W1, b1, padding=W1.shape[-1] // 2)
    pooled = nn.functional.max_pool2d(maps.relu(), 2).flatten(1)
    return nn.functional.cross_entropy((pooled @ W2 + b2).relu() @ W3 + b3, y)
