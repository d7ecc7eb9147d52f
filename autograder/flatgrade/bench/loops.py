"""The loops that a beginner writes, for layers whose naive form is no exercise: one number of the result at a time.

Each runs forward and backward, as the vectorised layer that it is timed against.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def affine(x: Array, w: Array, b: Array, dout: Array) -> tuple[Array, Array, Array, Array]:
    """Takes x (N, D), w (D, M), b (M,), dout (N, M); returns out (N, M), dx, dw, db."""
    out, dx, dw, db = np.zeros_like(dout), np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n in range(len(x)):
        for m in range(len(b)):
            out[n, m] = x[n] @ w[:, m] + b[m]
            dx[n] += dout[n, m] * w[:, m]
            dw[:, m] += dout[n, m] * x[n]
            db[m] += dout[n, m]
    return out, dx, dw, db


def two_layer_loss(W1: Array, b1: Array, W2: Array, b2: Array, X: Array, y: Array, reg: float) -> tuple[Any, ...]:
    """W1 (D, H), b1 (H,), W2 (H, C), b2 (C,), X (N, D), y (N,); returns the loss and the gradients by the weights."""
    N, H, C = len(X), len(b1), len(b2)
    loss = 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    dW1, db1, dW2, db2 = reg * W1, np.zeros_like(b1), reg * W2, np.zeros_like(b2)
    for n in range(N):
        h = np.array([max(X[n] @ W1[:, k] + b1[k], 0) for k in range(H)])
        scores = np.array([h @ W2[:, c] + b2[c] for c in range(C)])
        probs = np.exp(scores - scores.max())
        probs /= probs.sum()
        loss -= np.log(probs[y[n]]) / N
        for c in range(C):
            dscore = (probs[c] - (c == y[n])) / N
            dW2[:, c] += dscore * h
            db2[c] += dscore
            for k in range(H):
                if h[k] > 0:
                    dW1[:, k] += dscore * W2[k, c] * X[n]
                    db1[k] += dscore * W2[k, c]
    return loss, dW1, db1, dW2, db2


def max_pool(x: Array, size: tuple[int, int], stride: tuple[int, int], dout: Array) -> tuple[Array, Array]:
    """Takes x (N, C, H, W), windows of `size` (height, width) every `stride`, dout as out; returns out and dx."""
    out, dx = np.zeros_like(dout), np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        rows, columns = i * stride[0], j * stride[1]
        window = x[n, c, rows : rows + size[0], columns : columns + size[1]]
        place = np.unravel_index(np.argmax(window), window.shape)
        out[n, c, i, j] = window[place]
        dx[n, c, rows + place[0], columns + place[1]] += dout[n, c, i, j]
    return out, dx


def batchnorm(x: Array, gamma: Array, beta: Array, eps: float, dout: Array) -> tuple[Array, ...]:
    """Takes x and dout (N, D), gamma and beta (D,); normalizes by the batch. Returns out, dx, dgamma, dbeta."""
    N, D = x.shape
    out, dx, dgamma, dbeta = np.zeros_like(x), np.zeros_like(x), np.zeros_like(gamma), np.zeros_like(beta)
    for d in range(D):
        mean = sum(x[n, d] for n in range(N)) / N
        var = sum((x[n, d] - mean) ** 2 for n in range(N)) / N
        scale = 1 / np.sqrt(var + eps)
        for n in range(N):
            xhat = (x[n, d] - mean) * scale
            out[n, d] = gamma[d] * xhat + beta[d]
            dgamma[d] += dout[n, d] * xhat
            dbeta[d] += dout[n, d]
        for n in range(N):
            xhat = (x[n, d] - mean) * scale
            dx[n, d] = gamma[d] * scale / N * (N * dout[n, d] - dbeta[d] - xhat * dgamma[d])
    return out, dx, dgamma, dbeta
