"""One training step of the net that completes pictures: reference, hidden cases, known mistakes, equivalents."""

from flatgrade.core import Case, Function, Mistake


def inpainting_step(loss_fun, W1, b1, W2, b2, images, rows, masks, lr):
    # sample
    y = images[rows]  # (B, D), the whole pictures
    x = y * masks  # (B, D), what the net sees
    # forward and backward
    loss, dW1, db1, dW2, db2 = loss_fun(W1, b1, W2, b2, x, y)
    # update
    next_W1, next_b1 = W1 - lr * dW1, b1 - lr * db1
    next_W2, next_b2 = W2 - lr * dW2, b2 - lr * db2
    return loss, next_W1, next_b1, next_W2, next_b2


# Losses whose gradients all differ, and that tell x from y. The gradients need not be true: a step takes what it gets.
BILINEAR = (
    "lambda W1, b1, W2, b2, x, y: (0.5 * np.sum((x @ W1 @ W2 + b1 @ W2 + b2 - y) ** 2), "
    "x.T @ (x @ W1 @ W2 + b1 @ W2 + b2 - y) @ W2.T, (x @ W1 @ W2 + b1 @ W2 + b2 - y).sum(axis=0) @ W2.T, "
    "(x @ W1 + b1).T @ (x @ W1 @ W2 + b1 @ W2 + b2 - y), (x @ W1 @ W2 + b1 @ W2 + b2 - y).sum(axis=0))"
)
TOLD = (
    "lambda W1, b1, W2, b2, x, y: (np.sum(x * y * y) + np.sum(W1), W1 * 2 + np.sum(x), b1 * 3 + np.sum(y), "
    "W2 * 4 - np.sum(x * x), b2 * 5 + y[0] - x[-1])"
)


def cases(rng):
    """Hidden inputs. Pictures are drawn in no order and may come twice; no mask is all ones or all zeros."""

    def draw(M, D, H, B, lr, text):
        masks = (rng.uniform(0, 1, (B, D)) < 0.6) * 1.0
        masks[:, 0], masks[:, 1] = 1.0, 0.0
        rows = rng.integers(0, M, B)
        rows[1:2] = rows[0]
        return dict(
            loss_fun=Function(text),
            W1=rng.standard_normal((D, H)),
            b1=rng.standard_normal(H),
            W2=rng.standard_normal((H, D)),
            b2=rng.standard_normal(D),
            images=rng.standard_normal((M, D)),
            rows=rows,
            masks=masks,
            lr=lr,
        )

    return [
        Case("typical sizes", draw(11, 6, 4, 5, 0.13, BILINEAR), generic=True),
        Case("another loss", draw(8, 5, 7, 6, 0.29, TOLD), generic=True),
        Case("one picture a step", draw(9, 4, 3, 1, 0.2, BILINEAR)),
        Case("more pictures a step than there are", draw(4, 5, 3, 7, 0.07, TOLD)),
        Case("a learning rate of 0", draw(7, 4, 5, 3, 0.0, BILINEAR)),
        Case("as many pixels as hidden units", draw(7, 4, 4, 5, 0.11, BILINEAR)),
    ]


MISTAKES = [
    Mistake("loss", "images[rows]", "images[: len(rows)] if len(rows) <= len(images) else images[rows]", "The pictures are the first ones; rows says which ones they should be.", "step-firstrows"),
    Mistake("loss", "images[rows]", "images[np.sort(rows)]", "The pictures are in another order than rows says, and get the masks of others.", "step-sorted"),
    Mistake("loss", "images[rows]", "images[rows - 1]", "The numbers in rows count from 0, as NumPy does: do not subtract 1.", "step-from1"),
    Mistake("loss", "images[rows]", "np.repeat(images[rows[:1]], len(rows), axis=0)", "Every row of the batch is the same picture: take all that rows names.", "step-onepicture"),
    Mistake("loss", "y * masks", "y * (1 - masks)", "The mask is turned around: it is 1 where the net sees the pixel.", "step-mask-turned"),
    Mistake("loss", "y * masks", "y", "The net sees the whole picture: there is nothing left to complete.", "step-nomask"),
    Mistake("loss", "y * masks", "y * masks[0]", "Each picture has a mask of its own; here all have the first one.", "step-onemask"),
    Mistake("loss", "y * masks", "y + masks", "A hidden pixel becomes 0 and a seen one stays: multiply.", "step-addmask"),
    Mistake("loss", "y * masks", "masks", "The net sees the picture through the mask, not the mask.", "step-maskonly"),
    Mistake("loss", "b2, x, y)", "b2, y, x)", "x and y are mixed up: the net sees x, with the hole, and should find y.", "step-swapped"),
    Mistake("loss", "b2, x, y)", "b2, x, x)", "The net should find the whole picture y; this asks it for the hole.", "step-target-x"),
    Mistake("loss", "return loss,", "return loss / len(rows),", "How the loss depends on the number of pictures is a matter of loss_fun: keep it as it is.", "step-lossdiv"),
    Mistake("loss", "return loss,", "return loss_fun(next_W1, next_b1, next_W2, next_b2, x, y)[0],", "The loss is that of the weights that came in; this is the loss after the update.", "step-lossafter"),
    Mistake("next_W1", "W1 - lr * dW1", "W1 + lr * dW1", "The gradient points uphill, and this goes along it.", "step-W1-ascent"),
    Mistake("next_W1", "lr * dW1", "dW1", "The step is the gradient times the learning rate: where is lr?", "step-W1-nolr"),
    Mistake("next_W1", "W1 - lr * dW1", "-lr * dW1", "A step starts from the old W1; this one forgets it.", "step-W1-forget"),
    Mistake("next_W1", "lr * dW1", "lr * dW1 / len(rows)", "How the loss depends on the number of pictures is a matter of loss_fun: do not divide its gradient again.", "step-W1-divB"),
    Mistake("next_W1", "W1 - lr * dW1", "W1", "W1 is not moved.", "step-W1-still"),
    Mistake("next_b1", "b1 - lr * db1", "b1 + lr * db1", "The gradient points uphill, and this goes along it.", "step-b1-ascent"),
    Mistake("next_b1", "lr * db1", "db1", "The step is the gradient times the learning rate: where is lr?", "step-b1-nolr"),
    Mistake("next_b1", "b1 - lr * db1", "b1", "The biases of the hidden units are not moved: they learn too.", "step-b1-still"),
    Mistake("next_W2", "W2 - lr * dW2", "W2 + lr * dW2", "The gradient points uphill, and this goes along it.", "step-W2-ascent"),
    Mistake("next_W2", "lr * dW2", "dW2", "The step is the gradient times the learning rate: where is lr?", "step-W2-nolr"),
    Mistake("next_W2", "W2 - lr * dW2", "-lr * dW2", "A step starts from the old W2; this one forgets it.", "step-W2-forget"),
    Mistake("next_W2", "lr * dW2", "lr * dW2 / len(rows)", "How the loss depends on the number of pictures is a matter of loss_fun: do not divide its gradient again.", "step-W2-divB"),
    Mistake("next_W2", "W2 - lr * dW2", "W2", "W2 is not moved.", "step-W2-still"),
    Mistake("next_W2", "W2 - lr * dW2", "W2 - lr * loss_fun(next_W1, next_b1, W2, b2, x, y)[3]", "Both layers move at once: the gradient of W2 is that of the old W1.", "step-one-after-other"),
    Mistake("next_b2", "b2 - lr * db2", "b2 + lr * db2", "The gradient points uphill, and this goes along it.", "step-b2-ascent"),
    Mistake("next_b2", "lr * db2", "db2", "The step is the gradient times the learning rate: where is lr?", "step-b2-nolr"),
    Mistake("next_b2", "b2 - lr * db2", "b2", "The biases of the pixels are not moved: they learn too.", "step-b2-still"),
]

EQUIVALENTS = {
    "a loop over the parameters": '''\
def inpainting_step(loss_fun, W1, b1, W2, b2, images, rows, masks, lr):
    pictures = np.array([images[i] for i in rows])
    loss, *slopes = loss_fun(W1, b1, W2, b2, masks * pictures, pictures)
    return [loss] + [w - lr * slope for w, slope in zip((W1, b1, W2, b2), slopes)]
''',
    "copies changed in place": '''\
def inpainting_step(loss_fun, W1, b1, W2, b2, images, rows, masks, lr):
    y = np.take(images, rows, axis=0)
    x = y.copy()
    x[masks == 0] = 0
    loss, dW1, db1, dW2, db2 = loss_fun(W1, b1, W2, b2, x, y)
    W1, b1, W2, b2 = W1.copy(), b1.copy(), W2.copy(), b2.copy()
    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2
    return loss, W1, b1, W2, b2
''',
    "where": '''\
def inpainting_step(loss_fun, W1, b1, W2, b2, images, rows, masks, lr):
    y = images[rows, :]
    x = np.where(masks > 0, y, 0.0)
    result = loss_fun(W1, b1, W2, b2, x, y)
    return result[0], W1 - lr * result[1], b1 - lr * result[2], W2 - result[3] * lr, b2 - result[4] * lr
''',
}
