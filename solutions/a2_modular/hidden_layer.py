"""A hidden layer with batch normalization and dropout: reference, hidden cases, known mistakes, equivalents, torch."""

# ruff: noqa: F821 -- the layers are in GIVEN
from flatgrade.core import Case, Mistake

# The layers that the notebook has in a locked cell.
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


def batchnorm_forward(x, gamma, beta, bn_param):
    """x (N, M), gamma and beta (M,): out (N, M). In train mode bn_param's running statistics move on."""
    train = bn_param["mode"] == "train"
    if train:
        kept, batch = bn_param["momentum"], {"running_mean": x.mean(axis=0), "running_var": x.var(axis=0)}
        bn_param.update({name: kept * bn_param[name] + (1 - kept) * batch[name] for name in batch})
    mean, var = batch.values() if train else (bn_param["running_mean"], bn_param["running_var"])
    scale = 1 / np.sqrt(var + bn_param["eps"])
    xhat = (x - mean) * scale
    return gamma * xhat + beta, (gamma * scale, xhat, train)


def batchnorm_backward(dout, cache):
    """dx, dgamma, dbeta."""
    slope, xhat, train = cache
    dgamma, dbeta = (dout * xhat).sum(axis=0), dout.sum(axis=0)
    moved = (xhat * dgamma + dbeta) / len(dout) if train else 0  # what goes by way of mean and variance
    return slope * (dout - moved), dgamma, dbeta


def dropout_forward(x, u, p, mode):
    """x and u (N, M): in train mode an entry is dropped where its u is below p, and the others are divided by 1 - p."""
    kept, share = (u >= p, 1 - p) if mode == "train" else (True, 1.0)
    return x * kept / share, (kept, share)


def dropout_backward(dout, cache):
    """dx."""
    kept, share = cache
    return dout * kept / share
'''


def hidden_forward(x, w, b, gamma, beta, bn_param, u, p):
    z, affine_cache = affine_forward(x, w, b)
    normal, norm_cache = batchnorm_forward(z, gamma, beta, bn_param)
    h, relu_cache = relu_forward(normal)
    out, dropout_cache = dropout_forward(h, u, p, bn_param["mode"])
    cache = (affine_cache, norm_cache, relu_cache, dropout_cache)
    return out, cache


def hidden_backward(dout, cache):
    affine_cache, norm_cache, relu_cache, dropout_cache = cache
    dh = dropout_backward(dout, dropout_cache)
    dnormal = relu_backward(dh, relu_cache)
    dz, dgamma, dbeta = batchnorm_backward(dnormal, norm_cache)
    dx, dw, db = affine_backward(dz, affine_cache)
    return dx, dw, db, dgamma, dbeta


def cases(rng):
    """Hidden inputs, in train mode and in test mode."""

    def draw(N, D, M, p=0.31, mode="train"):
        running = dict(running_mean=rng.standard_normal(M), running_var=rng.uniform(0.5, 2, M))
        return dict(
            x=rng.standard_normal((N, D)),
            w=rng.standard_normal((D, M)),
            b=rng.standard_normal(M),
            gamma=rng.standard_normal(M),
            beta=rng.standard_normal(M),
            bn_param=dict(mode=mode, eps=0.02, momentum=0.9, **running),
            u=rng.uniform(0, 1, (N, M)),
            p=p,
            dout=rng.standard_normal((N, M)),
        )

    return [
        Case("typical sizes", draw(7, 5, 6), generic=True),
        Case("most of it is dropped", draw(11, 6, 4, p=0.67), generic=True),
        Case("test mode", draw(8, 4, 7, mode="test"), generic=True),
        Case("nothing is dropped", draw(6, 7, 3, p=0.0)),
        Case("one example in test mode", draw(1, 5, 4, mode="test")),
        Case("as many units as features", draw(9, 5, 5)),
    ]


MISTAKES = [
    # on the way back
    Mistake("dx", "dh = dropout_backward(dout, dropout_cache)", "dh = dout", "Dropout is missing on the way back: what was dropped gets no gradient.", "hl-bwd-nodropout"),
    Mistake("dx", "dnormal = relu_backward(dh, relu_cache)", "dnormal = dh", "The ReLU is missing on the way back: where it gave 0, nothing flows through.", "hl-bwd-norelu"),
    Mistake("dx", "dz, dgamma, dbeta = batchnorm_backward(dnormal, norm_cache)", "dz = dnormal\n    _, dgamma, dbeta = batchnorm_backward(dnormal, norm_cache)", "The gradient of z has to come through the normalization.", "hl-bwd-nonorm"),
    # on the way there
    Mistake("out", "batchnorm_forward(z, gamma, beta, bn_param)", "batchnorm_forward(z, beta, gamma, bn_param)", "gamma and beta are mixed up: look at the order of the arguments.", "hl-swapped"),
    Mistake("out", "h, relu_cache = relu_forward(normal)", "h, relu_cache = normal, np.ones(normal.shape)", "The ReLU is missing.", "hl-norelu"),
    Mistake("out", 'dropout_forward(h, u, p, bn_param["mode"])', 'dropout_forward(h, u, p, "train")', "Dropout has to know the mode: in test mode nothing is dropped.", "hl-mode"),
    Mistake("out", 'dropout_forward(h, u, p, bn_param["mode"])', 'dropout_forward(h, u, p, "test")', "In train mode a share p is dropped; here nothing is.", "hl-nodropout"),
    Mistake("out", 'dropout_forward(h, u, p, bn_param["mode"])', 'dropout_forward(h, u, 1 - p, bn_param["mode"])', "p is the probability to drop, and dropout_forward takes just that.", "hl-keep"),
    Mistake("out", "relu_forward(normal)", "relu_forward(z)", "The ReLU reads the normalized values.", "hl-relu-z"),
    Mistake("out", "    normal, norm_cache = batchnorm_forward(z, gamma, beta, bn_param)\n    h, relu_cache = relu_forward(normal)\n", "    normal, relu_cache = relu_forward(z)\n    h, norm_cache = batchnorm_forward(normal, gamma, beta, bn_param)\n", "The order is affine, batch normalization, ReLU: the bend comes after the normalization.", "net-order"),
    Mistake("out", "affine_forward(x, w, b)", "affine_forward(x, w, 0 * b)", "The bias is left out.", "hl-nobias"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "dropout before the ReLU, which commute": '''\
def hidden_forward(x, w, b, gamma, beta, bn_param, u, p):
    out, first = affine_forward(x, w, b)
    out, second = batchnorm_forward(out, gamma, beta, bn_param)
    out, third = dropout_forward(out, u, p, bn_param["mode"])
    out, fourth = relu_forward(out)
    return out, [first, second, third, fourth]


def hidden_backward(dout, cache):
    first, second, third, fourth = cache
    dout = relu_backward(dout, fourth)
    dout = dropout_backward(dout, third)
    dout, dgamma, dbeta = batchnorm_backward(dout, second)
    dx, dw, db = affine_backward(dout, first)
    return dx, dw, db, dgamma, dbeta
''',
    "written out": '''\
def hidden_forward(x, w, b, gamma, beta, bn_param, u, p):
    z = x @ w + b
    normal, norm_cache = batchnorm_forward(z, gamma, beta, bn_param)
    train = bn_param["mode"] == "train"
    mask = (normal > 0) * ((u >= p) / (1 - p) if train else 1.0)
    return normal * mask, (x, w, norm_cache, mask)


def hidden_backward(dout, cache):
    x, w, norm_cache, mask = cache
    dz, dgamma, dbeta = batchnorm_backward(dout * mask, norm_cache)
    return dz @ w.T, x.T @ dz, dz.sum(axis=0), dgamma, dbeta
''',
    "the bias left out of its gradient, which is zero in train mode": '''\
def hidden_forward(x, w, b, gamma, beta, bn_param, u, p):
    z, affine_cache = affine_forward(x, w, b)
    n, norm_cache = batchnorm_forward(z, gamma, beta, bn_param)
    h, relu_cache = relu_forward(n)
    out, dropout_cache = dropout_forward(h, u, p, bn_param["mode"])
    return out, {"affine": affine_cache, "norm": norm_cache, "relu": relu_cache, "dropout": dropout_cache, "b": b}


def hidden_backward(dout, cache):
    dout = relu_backward(dropout_backward(dout, cache["dropout"]), cache["relu"])
    dz, dgamma, dbeta = batchnorm_backward(dout, cache["norm"])
    dx, dw, _ = affine_backward(dz, cache["affine"])
    return dx, dw, np.zeros_like(cache["b"]), dgamma, dbeta
''',
}


def torch_path(x, w, b, gamma, beta, bn_param, u, p, dout):
    """The same in torch: x (N, D), w (D, M), the others (M,) or (N, M); returns out (N, M)."""
    import torch

    z = x @ w + b
    if bn_param["mode"] == "train":
        mean, var = z.mean(dim=0), z.var(dim=0, correction=0)
    else:
        mean, var = torch.as_tensor(bn_param["running_mean"]), torch.as_tensor(bn_param["running_var"])
    h = torch.relu(gamma * (z - mean) / (var + bn_param["eps"]).sqrt() + beta)
    return torch.where(u < p, 0.0, h / (1 - p)) if bn_param["mode"] == "train" else h
