"""A fully connected net of any depth: reference, hidden cases, known mistakes, equivalents, torch path."""

# ruff: noqa: F821 -- the layers are in GIVEN
import numpy as np

from flatgrade.core import Case, Mistake

# The layers, and how the judge reads and sets the parameters, as the notebook has them in locked cells.
GIVEN = '''\
import numpy as np


def affine_forward(x, w, b):
    """x (N, D), w (D, M), b (M,): out (N, M)."""
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    """dx, dw, db."""
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def relu_forward(x):
    """What is negative becomes 0."""
    return np.maximum(0, x), x > 0


def relu_backward(dout, cache):
    """dx."""
    return dout * cache


def softmax_loss(scores, y):
    """scores (N, C), labels y (N,): the mean loss, and dscores."""
    rows = np.arange(len(y))
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dscores = np.exp(log_probs)
    dscores[rows, y] -= 1
    return -log_probs[rows, y].mean(), dscores / len(y)


def shapes_of(sizes):
    """The name and shape of each parameter, layer by layer: W1, b1, W2, b2, ..."""
    for i in range(1, len(sizes)):
        yield f"W{i}", (sizes[i - 1], sizes[i])
        yield f"b{i}", (sizes[i],)


def flat_gradients(grads, sizes):
    """All weights of the dictionary in one row, and all biases in another, in the order of the layers."""
    rows = {"W": [], "b": []}
    for name, shape in shapes_of(sizes):
        if name not in grads:
            raise KeyError(f"{name} is missing in the dictionary")
        if np.shape(grads[name]) != shape:
            raise ValueError(f"{name} has shape {np.shape(grads[name])}, and {shape} is expected")
        rows[name[0]].append(np.ravel(grads[name]))
    return np.concatenate(rows["W"]), np.concatenate(rows["b"])


def flat_parameters(net, sizes):
    """The same for the parameters of a net."""
    return flat_gradients(net.params, sizes)


def fill_parameters(net, sizes, weights, biases):
    """Put a row of weights and a row of biases into the parameters of a net."""
    rows, start = {"W": weights, "b": biases}, {"W": 0, "b": 0}
    for name, shape in shapes_of(sizes):
        first, count = start[name[0]], int(np.prod(shape))
        net.params[name] = rows[name[0]][first : first + count].reshape(shape).copy()
        start[name[0]] = first + count
'''


class FullyConnectedNet:
    def __init__(self, sizes, weight_scale, reg, seed):
        self.layers, self.reg, self.params = len(sizes) - 1, reg, {}
        rng = np.random.default_rng(seed)
        for i in range(1, self.layers + 1):
            self.params[f"W{i}"] = weight_scale * rng.standard_normal((sizes[i - 1], sizes[i]))
            self.params[f"b{i}"] = np.zeros(sizes[i])

    def hidden_forward(self, i, h):
        z, affine_cache = affine_forward(h, self.params[f"W{i}"], self.params[f"b{i}"])
        out, relu_cache = relu_forward(z)
        cache = (affine_cache, relu_cache)
        return out, cache

    def hidden_backward(self, i, dout, cache):
        affine_cache, relu_cache = cache
        dz = relu_backward(dout, relu_cache)
        dh, dW, db = affine_backward(dz, affine_cache)
        grads = {f"W{i}": dW, f"b{i}": db}
        return dh, grads

    def forward(self, X):
        h, caches = X, []
        last = self.layers
        for i in range(1, last):
            h, cache = self.hidden_forward(i, h)
            caches.append(cache)
        scores, cache = affine_forward(h, self.params[f"W{last}"], self.params[f"b{last}"])
        caches.append(cache)
        return scores, caches

    def loss(self, X, y):
        scores, caches = self.forward(X)
        last, grads = self.layers, {}
        loss, dscores = softmax_loss(scores, y)
        dh, grads[f"W{last}"], grads[f"b{last}"] = affine_backward(dscores, caches[-1])
        for i in range(last - 1, 0, -1):
            dh, more = self.hidden_backward(i, dh, caches[i - 1])
            grads.update(more)
        for i in range(1, last + 1):
            W = self.params[f"W{i}"]
            loss = loss + 0.5 * self.reg * np.sum(W * W)
            grads[f"W{i}"] = grads[f"W{i}"] + self.reg * W
        return loss, grads


def cases(rng):
    """Hidden inputs: no hidden layer up to four of them, all sizes different where that matters."""

    def draw(sizes, N, reg=0.37, scale=0.23, seed=7, size=0.8):
        pairs = [(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
        return dict(
            sizes=list(sizes),
            weight_scale=scale,
            reg=reg,
            seed=seed,
            weights=np.concatenate([size * rng.standard_normal(a * b) for a, b in pairs]),
            biases=np.concatenate([size * rng.standard_normal(b) for _, b in pairs]),
            X=rng.standard_normal((N, sizes[0])),
            y=rng.integers(0, sizes[-1], N),
        )

    return [
        Case("two hidden layers", draw((7, 5, 6, 4), 9), generic=True),
        Case("three hidden layers", draw((5, 8, 4, 6, 3), 11, reg=0.29, scale=0.41, seed=3), generic=True),
        Case("one hidden layer", draw((6, 7, 5), 8), generic=True),
        Case("no hidden layer", draw((5, 4), 6)),
        Case("four hidden layers, all of one size", draw((4, 4, 4, 4, 4, 4), 7, size=1.2)),
        Case("no regularization", draw((6, 5, 3), 8, reg=0.0)),
        Case("one example", draw((6, 4, 5, 3), 1)),
        Case("large weights", draw((5, 6, 4), 7, size=20.0)),
    ]


_RELU = "        out, relu_cache = relu_forward(z)"

MISTAKES = [
    Mistake("start_weights", "weight_scale * rng.standard_normal", "rng.standard_normal", "The weights at the start have the spread weight_scale.", "net-noscale"),
    Mistake("start_weights", "weight_scale * rng.standard_normal", "np.sqrt(weight_scale) * rng.standard_normal", "weight_scale is the spread itself, not its square.", "net-scale-root"),
    Mistake("start_weights", "weight_scale * rng.standard_normal", "weight_scale * np.random.default_rng(seed).standard_normal", "Each layer begins the random numbers anew: all layers come from one generator, one after the other.", "net-sameseed"),
    Mistake("start_weights", "weight_scale * rng.standard_normal((sizes[i - 1], sizes[i]))", "np.sqrt(2 / sizes[i - 1]) * rng.standard_normal((sizes[i - 1], sizes[i]))", "The spread is weight_scale in every layer, whatever the size.", "net-he"),
    Mistake("start_weights", "weight_scale * rng.standard_normal((sizes[i - 1], sizes[i]))", "weight_scale * rng.random((sizes[i - 1], sizes[i]))", "The weights come from a normal distribution, on both sides of 0.", "net-uniform"),
    Mistake("start_weights", "weight_scale * rng.standard_normal((sizes[i - 1], sizes[i]))", "np.zeros((sizes[i - 1], sizes[i]))", "Weights that start equal stay equal: they are drawn at random.", "net-zero"),
    Mistake("start_biases", "np.zeros(sizes[i])", "weight_scale * np.ones(sizes[i])", "The biases start at 0.", "net-bias-start"),
    Mistake("start_biases", "np.zeros(sizes[i])", "np.ones(sizes[i])", "The biases start at 0.", "net-bias-one"),
    # gradients; before the forward pass, since some of them give the same numbers there
    Mistake("dweights", "            grads[f\"W{i}\"] = grads[f\"W{i}\"] + self.reg * W\n", "", "The penalty depends on every W, too: it has a part in each gradient.", "net-regmiss"),
    Mistake("dweights", "+ self.reg * W\n", "+ 2 * self.reg * W\n", "The one half in the penalty and the 2 of the square cancel.", "net-reg2x"),
    Mistake("dweights", "+ self.reg * W\n", "+ 0.5 * self.reg * W\n", "The derivative of a square brings a 2, which the one half of the penalty cancels.", "net-dreghalf"),
    Mistake("dweights", "+ self.reg * W\n", "- self.reg * W\n", "The penalty is added to the loss, so its gradient is added to that of W.", "net-dregminus"),
    Mistake("dweights", "+ self.reg * W\n", "+ self.reg * W / len(y)\n", "The penalty is not divided by N, so its gradient is not either.", "net-dregdivN"),
    Mistake("dweights", "+ self.reg * W\n", "+ self.reg\n", "The derivative of a square has the weight in it.", "net-dregconst"),
    Mistake("dweights", "dz = relu_backward(dout, relu_cache)", "dz = dout", "The ReLU is missing on the way back: where a unit was off, nothing flows through.", "net-norelu-back"),
    Mistake("dweights", "dz = relu_backward(dout, relu_cache)", "dz = dout * (dout > 0)", "What passes is decided by the value in the forward pass, not by the gradient.", "net-relu-dout"),
    Mistake("dweights", "affine_backward(dscores, caches[-1])", "affine_backward(dscores / len(y), caches[-1])", "The 1/N is in dscores already: divide once.", "net-doubleN"),
    Mistake("dweights", "affine_backward(dscores, caches[-1])", "affine_backward(dscores * len(y), caches[-1])", "The loss is a mean over the examples, and dscores carries the 1/N: keep it.", "net-noN"),
    Mistake("dweights", "affine_backward(dscores, caches[-1])", "affine_backward(-dscores, caches[-1])", "All gradients of the data loss have the wrong sign.", "net-dsign"),
    Mistake("dweights", "affine_backward(dscores, caches[-1])", "affine_backward(scores, caches[-1])", "What starts the way back is dscores; scores are values.", "net-dscores-value"),
    Mistake("dweights", 'grads = {f"W{i}": dW,', 'grads = {f"W{i}": -dW,', "The gradients of the hidden layers have the wrong sign.", "net-dW-sign"),
    Mistake("dweights", 'grads = {f"W{i}": dW,', 'grads = {f"W{i}": dW / len(dout),', "The 1/N came with dscores already: divide once.", "net-dW-doubleN"),
    Mistake("dbiases", 'f"b{i}": db}', 'f"b{i}": db / len(dout)}', "Each bias is used once for every example, and those gradients add; the 1/N came with dscores.", "net-db-mean"),
    Mistake("dbiases", 'f"b{i}": db}', 'f"b{i}": dout.sum(axis=0)}', "This goes on from the gradient above the ReLU; the bias lies below it.", "net-db-dout"),
    Mistake("dbiases", 'f"b{i}": db}', 'f"b{i}": db + self.reg * self.params[f"b{i}"]}', "The biases are not penalized: no term of the penalty in their gradient.", "net-db-reg"),
    Mistake("dbiases", 'f"b{i}": db}', 'f"b{i}": np.zeros_like(db)}', "The biases of the hidden layers learn, too.", "net-db-zero"),
    # the loss
    Mistake("loss", "0.5 * self.reg * np.sum", "self.reg * np.sum", "Here the penalty has a factor one half: 0.5 * reg times the squares.", "net-reghalf"),
    Mistake("loss", "            loss = loss + 0.5 * self.reg * np.sum(W * W)\n", "", "The loss has two parts: that of the data and the penalty.", "net-noreg"),
    Mistake("loss", "loss + 0.5", "loss - 0.5", "The penalty makes the loss larger: add it.", "net-regminus"),
    Mistake("loss", "0.5 * self.reg * np.sum(W * W)", "0.5 * self.reg * np.sum(W)", "The penalty squares each weight.", "net-regsum"),
    Mistake("loss", "0.5 * self.reg * np.sum(W * W)", "0.5 * self.reg * np.sum(np.abs(W))", "The penalty squares each weight; this is the sum of their sizes.", "net-regabs"),
    Mistake("loss", "0.5 * self.reg * np.sum(W * W)", "0.5 * self.reg * np.linalg.norm(W)", "The penalty is a sum of squares: no root.", "net-regnorm"),
    Mistake("loss", "0.5 * self.reg * np.sum(W * W)", "0.5 * self.reg * np.mean(W * W)", "The penalty is the sum of all squares, not their mean.", "net-regmean"),
    Mistake("loss", "0.5 * self.reg * np.sum(W * W)", "0.5 * self.reg * np.sum(W * W) / len(y)", "The penalty does not depend on the data: do not divide it by N.", "net-regdivN"),
    Mistake("loss", "0.5 * self.reg * np.sum(W * W)", '0.5 * self.reg * (np.sum(W * W) + np.sum(self.params[f"b{i}"] ** 2))', "The biases are not penalized, only the matrices.", "net-regbias"),
    Mistake("loss", "0.5 * self.reg * np.sum(W * W)", '0.5 * self.reg * np.sum(self.params["W1"] ** 2)', "Every matrix is penalized once; here the first one is counted for all.", "net-regW1"),
    Mistake("loss", "0.5 * self.reg * np.sum(W * W)", '0.5 * self.reg * np.sum((W if i < last else self.params["W1"]) ** 2)', "Every matrix is penalized once; here the first is counted twice, and the last not at all.", "net-regW1twice"),
    Mistake("loss", "0.5 * self.reg * np.sum(W * W)", "0.5 * self.reg * np.sum(W * W) * (i < last)", "Every matrix is penalized: the last one is missing.", "net-regnolast"),
    Mistake("loss", "0.5 * self.reg * np.sum(W * W)", "0.5 * self.reg * np.sum(W * W) * (i > 1 or last == 1)", "Every matrix is penalized: the first one is missing.", "net-regnofirst"),
    # the scores
    Mistake("scores", _RELU, "        out, relu_cache = z, np.ones(z.shape)", "Without the ReLU all layers together are no more than one linear layer.", "net-norelu"),
    Mistake("scores", _RELU, "        out, relu_cache = np.abs(z), np.sign(z)", "The ReLU turns negative values into 0; it does not flip their sign.", "net-abs"),
    Mistake("scores", "        caches.append(cache)\n        return", "        scores = np.maximum(0, scores)\n        caches.append(cache)\n        return", "The scores are the last layer and may be negative: no ReLU behind them.", "net-lastrelu"),
    Mistake("scores", 'affine_forward(h, self.params[f"W{i}"], self.params[f"b{i}"])', 'affine_forward(h, self.params[f"W{i}"], 0.0)', "The biases of the hidden layers are missing.", "net-nobias"),
    Mistake("scores", 'affine_forward(h, self.params[f"W{last}"], self.params[f"b{last}"])', 'affine_forward(h, self.params[f"W{last}"], 0.0)', "The bias of the last layer is missing.", "net-nolastbias"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "no helper methods": '''\
class FullyConnectedNet:
    def __init__(self, sizes, weight_scale, reg, seed):
        rng = np.random.default_rng(seed)
        self.reg, self.L = reg, len(sizes) - 1
        self.params = {}
        for i, (before, after) in enumerate(zip(sizes[:-1], sizes[1:]), start=1):
            self.params["W" + str(i)] = rng.normal(0, weight_scale, (before, after))
            self.params["b" + str(i)] = np.zeros(after)

    def forward(self, X):
        caches = []
        for i in range(1, self.L + 1):
            X, cache = affine_forward(X, self.params["W%d" % i], self.params["b%d" % i])
            caches.append(cache)
            if i < self.L:
                X, cache = relu_forward(X)
                caches.append(cache)
        return X, caches

    def loss(self, X, y):
        scores, caches = self.forward(X)
        loss, dout = softmax_loss(scores, y)
        grads = {}
        for i in range(self.L, 0, -1):
            if i < self.L:
                dout = relu_backward(dout, caches.pop())
            dout, dW, db = affine_backward(dout, caches.pop())
            W = self.params["W%d" % i]
            loss += 0.5 * self.reg * (W ** 2).sum()
            grads["W%d" % i], grads["b%d" % i] = dW + self.reg * W, db
        return loss, grads
''',
    "matrix products only": '''\
class FullyConnectedNet:
    def __init__(self, sizes, weight_scale, reg, seed):
        rng = np.random.default_rng(seed)
        self.reg = reg
        self.depth = len(sizes) - 1
        shapes = list(zip(sizes, sizes[1:]))
        self.params = {f"W{i + 1}": rng.standard_normal(shape) * weight_scale for i, shape in enumerate(shapes)}
        self.params.update({f"b{i + 1}": np.zeros(size) for i, size in enumerate(sizes[1:])})

    def W(self, i):
        return self.params[f"W{i}"]

    def forward(self, X):
        values = [X]
        for i in range(1, self.depth + 1):
            z = values[-1] @ self.W(i) + self.params[f"b{i}"]
            values.append(np.maximum(z, 0) if i < self.depth else z)
        return values.pop(), values

    def loss(self, X, y):
        scores, values = self.forward(X)
        N = len(y)
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        penalty = sum(np.sum(self.W(i) ** 2) for i in range(1, self.depth + 1))
        loss = softmax_loss(scores, y)[0] + self.reg / 2 * penalty
        p[range(N), y] -= 1
        d, grads = p / N, {}
        for i in range(self.depth, 0, -1):
            grads[f"b{i}"] = d.sum(axis=0)
            grads[f"W{i}"] = values[i - 1].T @ d + self.reg * self.W(i)
            d = (d @ self.W(i).T) * (values[i - 1] > 0)
        return loss, grads
''',
}


def torch_path(sizes, weight_scale, reg, seed, weights, biases, X, y):
    """The same loss in torch, from all weights in one row and all biases in another; returns a scalar tensor."""
    import torch

    h, penalty, first, bias = X, 0.0, 0, 0
    for i in range(1, len(sizes)):
        W = weights[first : first + sizes[i - 1] * sizes[i]].reshape(sizes[i - 1], sizes[i])
        h = h @ W + biases[bias : bias + sizes[i]]
        h = torch.relu(h) if i < len(sizes) - 1 else h
        penalty, first, bias = penalty + torch.sum(W * W), first + W.numel(), bias + sizes[i]
    return torch.nn.functional.cross_entropy(h, y) + 0.5 * reg * penalty
