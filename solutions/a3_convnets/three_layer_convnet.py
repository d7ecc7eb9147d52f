"""A convnet of three layers, its loss and its gradients: reference, hidden cases, known mistakes, equivalents, torch."""

from pathlib import Path

import numpy as np

from flatgrade.core import Case, Mistake


def conv_forward(x, w, b):
    """x (N, C, H, W), w (F, C, S, S) with S odd, b (F,) -> maps (N, F, H, W), cache."""
    (N, C, H, W), (F, _, S, _) = x.shape, w.shape
    edge = S // 2
    padded = np.pad(x, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
    out = np.zeros((N, F, H * W), dtype=x.dtype)
    for i, j in np.ndindex(S, S):  # one 1x1 convolution for each place in the filter
        out += w[:, :, i, j] @ padded[:, :, i : i + H, j : j + W].reshape(N, C, H * W)
    return (out + b[:, None]).reshape(N, F, H, W), (padded, w)


def conv_backward(dout, cache):
    """dout (N, F, H, W) -> dx, dw, db."""
    padded, w = cache
    (N, F, H, W), (_, C, S, _) = dout.shape, w.shape
    rows, edge = dout.reshape(N, F, H * W), S // 2
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i, j in np.ndindex(S, S):
        part = padded[:, :, i : i + H, j : j + W].reshape(N, C, H * W)
        dw[:, :, i, j] = (rows @ part.transpose(0, 2, 1)).sum(axis=0)
        dpadded[:, :, i : i + H, j : j + W] += (w[:, :, i, j].T @ rows).reshape(N, C, H, W)
    return dpadded[:, :, edge : edge + H, edge : edge + W], dw, dout.sum(axis=(0, 2, 3))


def corners(x):
    """The four pixels of each 2x2 square, as four views (N, C, H // 2, W // 2)."""
    H, W = x.shape[2] // 2 * 2, x.shape[3] // 2 * 2
    return [x[:, :, i:H:2, j:W:2] for i, j in np.ndindex(2, 2)]


def pool_forward(x):
    """The largest of each 2x2 square: x (N, C, H, W) -> out (N, C, H // 2, W // 2), cache."""
    out = np.maximum.reduce(corners(x))
    return out, (x, out)


def pool_backward(dout, cache):
    """dout (N, C, H // 2, W // 2) -> dx (N, C, H, W); of equal ones the first gets the slope."""
    x, out = cache
    dx, free = np.zeros_like(x), np.ones(out.shape, dtype=bool)
    for pixel, dpixel in zip(corners(x), corners(dx), strict=True):
        largest = free & (pixel == out)
        dpixel[...] = dout * largest
        free &= ~largest
    return dx


def relu_forward(x):
    """max(x, 0), for arrays of any shape -> out, cache."""
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    """dout -> dx, both of the shape of x."""
    return dout * (cache > 0)


def affine_forward(x, w, b):
    """x (N, ...) as rows of D numbers, w (D, M), b (M,) -> out (N, M), cache."""
    return x.reshape(len(x), -1) @ w + b, (x, w)


def affine_backward(dout, cache):
    """dout (N, M) -> dx of the shape of x, dw, db."""
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def softmax_loss(scores, y):
    """scores (N, C), y (N,) -> the mean of -log(probability of the right class), and dscores (N, C)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    dscores = np.exp(log_probs)
    dscores[rows, y] -= 1
    return -log_probs[rows, y].mean(), dscores / len(y)


def as_params(W1, b1, W2, b2, W3, b3):
    """Six arrays as the dictionary that a net keeps."""
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "W3": W3, "b3": b3}


def in_order(grads):
    """The six gradients of a dictionary in the order of `as_params`."""
    return [grads[name] for name in ("W1", "b1", "W2", "b2", "W3", "b3")]


_TEXT = Path(__file__).read_text(encoding="utf-8")
GIVEN = "import numpy as np\n\n\n" + _TEXT[_TEXT.index("def conv_forward") : _TEXT.index("\n\n_TEXT")]


class ThreeLayerConvNet:
    def __init__(self, params, reg):
        self.params = params
        self.reg = reg

    def forward(self, X):
        p = self.params
        z1, conv_cache = conv_forward(X, p["W1"], p["b1"])  # (N, F, H, W)
        h1, relu1_cache = relu_forward(z1)  # (N, F, H, W)
        pooled, pool_cache = pool_forward(h1)  # (N, F, H // 2, W // 2)
        z2, affine2_cache = affine_forward(pooled, p["W2"], p["b2"])  # (N, K)
        h2, relu2_cache = relu_forward(z2)  # (N, K)
        scores, affine3_cache = affine_forward(h2, p["W3"], p["b3"])  # (N, M)
        caches = conv_cache, relu1_cache, pool_cache, affine2_cache, relu2_cache, affine3_cache
        return scores, caches

    def loss(self, X, y):
        p, grads = self.params, {}
        scores, caches = self.forward(X)
        conv_cache, relu1_cache, pool_cache, affine2_cache, relu2_cache, affine3_cache = caches
        data_loss, dscores = softmax_loss(scores, y)
        penalty = sum(np.sum(p[name] ** 2) for name in ("W1", "W2", "W3"))
        loss = data_loss + 0.5 * self.reg * penalty
        dh2, grads["W3"], grads["b3"] = affine_backward(dscores, affine3_cache)
        dz2 = relu_backward(dh2, relu2_cache)
        dpooled, grads["W2"], grads["b2"] = affine_backward(dz2, affine2_cache)
        dh1 = pool_backward(dpooled, pool_cache)
        dz1 = relu_backward(dh1, relu1_cache)
        _, grads["W1"], grads["b1"] = conv_backward(dz1, conv_cache)
        for name in ("W1", "W2", "W3"):
            grads[name] = grads[name] + self.reg * p[name]
        return loss, grads


def cases(rng):
    """Hidden inputs. Weights have size 1 or below, so that no layer drowns the others; sizes are unequal."""

    def draw(N, C, H, W, F, S, K, M, reg=0.37):
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
            "reg": reg,
        }

    asleep = draw(5, 2, 6, 4, 3, 3, 6, 4)
    asleep["b1"][1], asleep["b2"][2] = -100.0, -100.0
    large = draw(5, 2, 4, 6, 3, 3, 5, 4)
    large["b3"] = large["b3"] + 1000.0
    return [
        Case("typical sizes", draw(6, 3, 6, 8, 4, 3, 7, 5), generic=True),
        Case("pictures that are higher than wide, filters of 5x5", draw(7, 2, 8, 4, 5, 5, 6, 4, reg=0.29), generic=True),
        Case("odd height and width", draw(5, 3, 7, 5, 4, 3, 6, 4)),
        Case("one picture", draw(1, 3, 6, 4, 4, 3, 7, 5)),
        Case("one channel and one filter", draw(5, 1, 6, 4, 1, 3, 5, 4)),
        Case("filters of 1x1", draw(5, 3, 4, 6, 4, 1, 6, 5)),
        Case("one hidden unit", draw(6, 2, 4, 6, 3, 3, 1, 4)),
        Case("two classes", draw(6, 2, 6, 4, 3, 3, 5, 2)),
        Case("as many classes as hidden units", draw(6, 2, 4, 6, 3, 3, 5, 5)),
        Case("a filter and a hidden unit that are 0 for every picture", asleep),
        Case("scores of about a thousand", large),
        Case("no regularization", draw(6, 3, 4, 6, 4, 3, 5, 4, reg=0.0)),
    ]


_SUM = 'penalty = sum(np.sum(p[name] ** 2) for name in ("W1", "W2", "W3"))'
_ADD = "grads[name] = grads[name] + self.reg * p[name]"
_REG = '        for name in ("W1", "W2", "W3"):\n            grads[name] = grads[name] + self.reg * p[name]\n'

MISTAKES = [
    # the way to the scores
    Mistake("scores", "h1, relu1_cache = relu_forward(z1)", "h1, relu1_cache = z1, np.ones_like(z1)", "Without a ReLU behind it the convolution and the layer above it are one linear layer, but for the pooling.", "convnet-norelu1"),
    Mistake("scores", "h2, relu2_cache = relu_forward(z2)", "h2, relu2_cache = z2, np.ones_like(z2)", "Without a ReLU between them two affine layers are one.", "convnet-norelu2"),
    Mistake("scores", "        return scores, caches", "        return np.maximum(scores, 0), caches", "The scores may be negative: there is no ReLU behind the last layer.", "convnet-lastrelu"),
    Mistake("scores", "h2, relu2_cache = relu_forward(z2)", "h2, relu2_cache = np.tanh(z2), z2", "The hidden units are ReLUs here.", "convnet-tanh"),
    Mistake("scores", 'conv_forward(X, p["W1"], p["b1"])', 'conv_forward(X, p["W1"], 0 * p["b1"])', "Each filter has a bias: it is missing here.", "convnet-nob1"),
    Mistake("scores", 'affine_forward(pooled, p["W2"], p["b2"])', 'affine_forward(pooled, p["W2"], 0 * p["b2"])', "Each hidden unit has a bias: it is missing here.", "convnet-nob2"),
    Mistake("scores", 'affine_forward(h2, p["W3"], p["b3"])', 'affine_forward(h2, p["W3"], 0 * p["b3"])', "Each class has a bias: it is missing here.", "convnet-nob3"),
    Mistake("scores", 'conv_forward(X, p["W1"], p["b1"])', 'conv_forward(X, p["W1"][:, :, ::-1, ::-1], p["b1"])', "The filters are turned by half a turn; the layer takes them as they are.", "convnet-flipped"),
    Mistake("scores", 'conv_forward(X, p["W1"], p["b1"])', 'conv_forward(X - X.mean(axis=0), p["W1"], p["b1"])', "The net takes the pictures as they come: the mean is subtracted outside, with that of the training pictures.", "convnet-batchmean"),
    Mistake("scores", "pooled, pool_cache = pool_forward(h1)", "pooled, pool_cache = sum(corners(h1)) / 4, (h1, sum(corners(h1)) / 4)", "The pooling takes the largest of the four pixels, not their mean.", "convnet-meanpool"),
    # the loss
    Mistake("loss", "0.5 * self.reg * penalty", "self.reg * penalty", "In nets the penalty has a factor one half.", "convnet-nohalf"),
    Mistake("loss", "loss = data_loss + 0.5 * self.reg * penalty", "loss = data_loss", "The loss holds the penalty, too.", "convnet-nopenalty"),
    Mistake("loss", "loss = data_loss + 0.5 * self.reg * penalty", "loss = 0.5 * self.reg * penalty", "The loss is the data loss and the penalty: one of the two is missing.", "convnet-nodata"),
    Mistake("loss", "loss = data_loss + 0.5 * self.reg * penalty", "loss = data_loss + 0.5 * penalty", "The penalty counts with its strength, reg.", "convnet-noreg"),
    Mistake("loss", "loss = data_loss + 0.5 * self.reg * penalty", "loss = data_loss + 0.5 * self.reg * penalty / len(y)", "The penalty is no mean: it is not divided by the number of pictures.", "convnet-regmean"),
    Mistake("loss", "data_loss + 0.5", "data_loss * len(y) + 0.5", "The data loss is a mean over the pictures already.", "convnet-sum"),
    Mistake("loss", "data_loss + 0.5", "data_loss / len(y) + 0.5", "The data loss is a mean over the pictures already: do not divide once more.", "convnet-meantwice"),
    Mistake("loss", _SUM, _SUM.replace('"W1", "W2", "W3"', '"W2", "W3"'), "The filters are weights, too: they belong to the penalty.", "convnet-penalty-now1"),
    Mistake("loss", _SUM, _SUM.replace('"W1", "W2", "W3"', '"W1", "W3"'), "All three arrays of weights belong to the penalty: W2 is missing.", "convnet-penalty-now2"),
    Mistake("loss", _SUM, _SUM.replace('"W1", "W2", "W3"', '"W1", "W2"'), "All three arrays of weights belong to the penalty: W3 is missing.", "convnet-penalty-now3"),
    Mistake("loss", _SUM, _SUM.replace('"W1", "W2", "W3"', '"W1", "W2", "W1"'), "The penalty holds each array of weights once: W1 is there twice, and W3 is missing.", "convnet-penalty-w1twice"),
    Mistake("loss", _SUM, _SUM.replace('("W1", "W2", "W3")', "p"), "The penalty holds the weights and not the biases.", "convnet-penalty-biases"),
    Mistake("loss", _SUM, _SUM.replace("p[name] ** 2", "np.abs(p[name])"), "The penalty adds up squares, not absolute values.", "convnet-penalty-abs"),
    Mistake("loss", "penalty = sum(np.sum(p[name] ** 2)", "penalty = sum(np.mean(p[name] ** 2)", "The penalty adds up the squares of the weights; this takes the mean of each array.", "convnet-penalty-mean"),
    # the way back
    Mistake("dW1", "dz2 = relu_backward(dh2, relu2_cache)", "dz2 = dh2", "Backward, the ReLU of the hidden units is missing: where a unit was off, nothing gets through.", "convnet-relu2"),
    Mistake("dW1", "dz1 = relu_backward(dh1, relu1_cache)", "dz1 = dh1", "Backward, the ReLU behind the convolution is missing: where a filter was off, nothing gets through.", "convnet-relu1"),
    Mistake("dW1", "relu_backward(dh2, relu2_cache)", "relu_backward(dh2, dh2)", "The mask of a ReLU comes from what came in on the way forward, not from the slope that arrives.", "convnet-mask2"),
    Mistake("dW1", "relu_backward(dh1, relu1_cache)", "relu_backward(dh1, dh1)", "The mask of a ReLU comes from what came in on the way forward, not from the slope that arrives.", "convnet-mask1"),
    Mistake("dW3", "affine_backward(dscores, affine3_cache)", "affine_backward(dscores / len(y), affine3_cache)", "dscores holds the 1/N of the mean already.", "convnet-meanslope"),
    Mistake("dW3", "affine_backward(dscores, affine3_cache)", "affine_backward(dscores * len(y), affine3_cache)", "The loss is a mean over the pictures, and so are its slopes.", "convnet-sumslope"),
    Mistake("dW3", "affine_backward(dscores, affine3_cache)", "affine_backward(-dscores, affine3_cache)", "The slopes have the wrong sign: they are those of the loss, not steps against it.", "convnet-minus"),
    Mistake("dW3", "affine_backward(dscores, affine3_cache)", "affine_backward(scores, affine3_cache)", "The way back begins with the slopes of the scores; scores are values.", "convnet-values"),
    Mistake("dW1", _ADD, "pass", "The penalty has a slope, too: it is missing in all gradients.", "convnet-noreggrads"),
    Mistake("dW1", _ADD, "grads[name] = grads[name] + 2 * self.reg * p[name]", "With the factor one half in the penalty its slope is reg times the weights.", "convnet-twiceregs"),
    Mistake("dW1", _ADD, "grads[name] = grads[name] - self.reg * p[name]", "The slope of the penalty is added.", "convnet-minusreg"),
    Mistake("dW1", _ADD, "grads[name] = grads[name] + self.reg * p[name] / len(y)", "The penalty is no mean, so its slope is not divided by the number of pictures.", "convnet-reggradmean"),
    Mistake("dW1", _ADD, "grads[name] = grads[name] + self.reg", "The slope of a squared weight depends on the weight.", "convnet-regalone"),
    Mistake("dW1", _REG, _REG.replace('"W1", "W2", "W3"', '"W2", "W3"'), "The filters are in the penalty, so its slope belongs to their gradient.", "convnet-reg-now1"),
    Mistake("dW2", _REG, _REG.replace('"W1", "W2", "W3"', '"W1", "W3"'), "W2 is in the penalty, so its slope belongs to the gradient of W2.", "convnet-reg-now2"),
    Mistake("dW3", _REG, _REG.replace('"W1", "W2", "W3"', '"W1", "W2"'), "W3 is in the penalty, so its slope belongs to the gradient of W3.", "convnet-reg-now3"),
    Mistake("db1", _REG, _REG.replace('("W1", "W2", "W3")', "p"), "The biases are not in the penalty, so it adds nothing to their gradients.", "convnet-reg-biases"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "the pooling before the ReLU": '''\
class ThreeLayerConvNet:
    def __init__(self, params, reg):
        self.params, self.reg = params, reg

    def forward(self, X):
        p = self.params
        maps, conv = conv_forward(X, p["W1"], p["b1"])
        pooled, pool = pool_forward(maps)
        features, relu1 = relu_forward(pooled)
        hidden, affine2 = affine_forward(features, p["W2"], p["b2"])
        units, relu2 = relu_forward(hidden)
        scores, affine3 = affine_forward(units, p["W3"], p["b3"])
        return scores, (conv, pool, relu1, affine2, relu2, affine3)

    def loss(self, X, y):
        p = self.params
        scores, (conv, pool, relu1, affine2, relu2, affine3) = self.forward(X)
        loss, slope = softmax_loss(scores, y)
        loss += 0.5 * self.reg * ((p["W1"] ** 2).sum() + (p["W2"] ** 2).sum() + (p["W3"] ** 2).sum())
        slope, dW3, db3 = affine_backward(slope, affine3)
        slope, dW2, db2 = affine_backward(relu_backward(slope, relu2), affine2)
        _, dW1, db1 = conv_backward(pool_backward(relu_backward(slope, relu1), pool), conv)
        dW1 += self.reg * p["W1"]
        dW2 += self.reg * p["W2"]
        dW3 += self.reg * p["W3"]
        return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}
''',
    "own ReLU and own affine layers": '''\
class ThreeLayerConvNet:
    def __init__(self, params, reg):
        self.params, self.reg = params, reg

    def forward(self, X):
        p = self.params
        maps, conv = conv_forward(X, p["W1"], p["b1"])
        pooled, pool = pool_forward(np.maximum(0, maps))
        rows = pooled.reshape(X.shape[0], -1)
        units = np.maximum(0, rows @ p["W2"] + p["b2"])
        return units @ p["W3"] + p["b3"], (conv, maps, pool, pooled.shape, rows, units)

    def loss(self, X, y):
        W1, W2, W3 = self.params["W1"], self.params["W2"], self.params["W3"]
        scores, (conv, maps, pool, shape, rows, units) = self.forward(X)
        loss, dscores = softmax_loss(scores, y)
        for W in (W1, W2, W3):
            loss = loss + self.reg * np.sum(W * W) / 2
        dunits = dscores @ W3.T
        dunits[units <= 0] = 0
        dmaps = pool_backward((dunits @ W2.T).reshape(shape), pool)
        dmaps[maps <= 0] = 0
        _, dW1, db1 = conv_backward(dmaps, conv)
        grads = dict(W1=dW1 + self.reg * W1, b1=db1)
        grads.update(W2=rows.T @ dunits + self.reg * W2, b2=dunits.sum(0))
        grads.update(W3=units.T @ dscores + self.reg * W3, b3=dscores.sum(0))
        return loss, grads
''',
    "layers in a list": '''\
class ThreeLayerConvNet:
    def __init__(self, params, reg):
        self.params = params
        self.reg = reg
        self.steps = [
            (conv_forward, conv_backward, "1"),
            (relu_forward, relu_backward, ""),
            (pool_forward, pool_backward, ""),
            (affine_forward, affine_backward, "2"),
            (relu_forward, relu_backward, ""),
            (affine_forward, affine_backward, "3"),
        ]

    def forward(self, X):
        caches = []
        for forward, _, number in self.steps:
            weights = [self.params["W" + number], self.params["b" + number]] if number else []
            X, cache = forward(X, *weights)
            caches.append(cache)
        return X, caches

    def loss(self, X, y):
        scores, caches = self.forward(X)
        loss, slope = softmax_loss(scores, y)
        grads = {}
        for (_, backward, number), cache in zip(reversed(self.steps), reversed(caches)):
            if number:
                weights = self.params["W" + number]
                slope, dw, db = backward(slope, cache)
                grads["W" + number], grads["b" + number] = dw + self.reg * weights, db
                loss += 0.5 * self.reg * float(np.sum(weights * weights))
            else:
                slope = backward(slope, cache)
        return loss, grads
''',
}


def torch_path(X, W1, b1, W2, b2, W3, b3, y, reg):
    """The same loss in torch; returns a scalar tensor."""
    import torch.nn.functional as nn

    maps = nn.conv2d(X, W1, b1, padding=W1.shape[-1] // 2)
    pooled = nn.max_pool2d(nn.relu(maps), 2).flatten(1)
    scores = nn.relu(pooled @ W2 + b2) @ W3 + b3
    return nn.cross_entropy(scores, y) + 0.5 * reg * sum((w * w).sum() for w in (W1, W2, W3))
