"""The work of a fully connected layer, in operations and bytes: reference, hidden cases, mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def affine_work(N, D, M):
    forward_flops = 2 * N * D * M  # ()
    forward_bytes = 8 * (N * D + D * M + M + N * M)  # ()
    backward_flops = 2 * (2 * N * D * M)  # ()
    backward_bytes = 8 * (N * M + 2 * N * D + 2 * D * M + M)  # ()
    return forward_flops, forward_bytes, backward_flops, backward_bytes


def cases(rng):
    """Hidden inputs: no two of the numbers are equal, and one is 1 only where the label says so."""

    def draw(N, D, M):
        return {"N": N, "D": D, "M": M}

    return [
        Case("typical sizes", draw(int(rng.integers(20, 60)), 300, 70), generic=True),
        Case("a large batch", draw(int(rng.integers(600, 900)), 11, 37), generic=True),
        Case("one example", draw(1, 40, 30)),
        Case("one input", draw(17, 1, 9)),
        Case("one unit", draw(12, 50, 1)),
    ]


MISTAKES = [
    Mistake("forward_flops", "2 * N * D * M", "N * D * M", "A product and the addition that follows it are two operations.", "affine-half"),
    Mistake("forward_flops", "2 * N * D * M", "2 * N * D * M + N * M", "The bias takes the place of the one addition that a sum of D products saves: it is counted already.", "affine-biastwice"),
    Mistake("forward_flops", "2 * N * D * M", "(2 * D - 1) * N * M", "Each output also adds its bias.", "affine-nobias"),
    Mistake("forward_flops", "2 * N * D * M", "2 * D * M", "This is the work for one example.", "affine-oneexample"),
    Mistake("forward_flops", "2 * N * D * M", "2 * N * M", "Each output takes a product for each of its inputs.", "affine-outputs"),
    Mistake("forward_flops", "2 * N * D * M", "2 * N * D", "Each input goes to every unit.", "affine-inputs"),
    Mistake("forward_flops", "2 * N * D * M", "2 * N * D * M / 1e9", "Asked for are operations, not thousands of millions of them.", "affine-giga"),
    Mistake("forward_flops", "2 * N * D * M", "8 * (2 * N * D * M)", "These are operations: how large a number is in memory does not matter here.", "affine-flopsbytes"),
    *(
        Mistake(stage, "8 * (", new, hint, f"affine-{stage[:-6]}-{tag}")
        for stage in ("forward_bytes", "backward_bytes")
        for new, hint, tag in (
            ("1 * (", "These are numbers, not bytes: how many bytes has one?", "numbers"),
            ("4 * (", "The numbers here are float64; 4 bytes would be float32.", "single"),
            ("64 * (", "These are bits, not bytes.", "bits"),
            ("8 / 1e9 * (", "Asked for are bytes, not gigabytes.", "giga"),
            ("8 / 2**30 * (", "Asked for are bytes, not gibibytes.", "gibi"),
        )
    ),
    Mistake("forward_bytes", "N * D + D * M + M + N * M", "N * D + D * M + M", "What comes out is written, and writing moves bytes, too.", "affine-nowrite"),
    Mistake("forward_bytes", "N * D + D * M + M + N * M", "N * D + D * M + N * M", "The biases are read as well.", "affine-bytesnobias"),
    Mistake("forward_bytes", "N * D + D * M + M + N * M", "N * D + M + N * M", "The weights are read as well.", "affine-noweights"),
    Mistake("forward_bytes", "N * D + D * M + M + N * M", "N * M", "This is only what is written; what is read moves, too.", "affine-onlywrite"),
    Mistake("forward_bytes", "N * D + D * M + M + N * M", "N * (D + D * M + M) + N * M", "The weights are read once for the whole batch, not for each example.", "affine-weightseach"),
    Mistake("forward_bytes", "N * D + D * M + M + N * M", "2 * N * D * M", "A number that is used often is moved once: count the arrays, not the operations.", "affine-perproduct"),
    Mistake("backward_flops", "2 * (2 * N * D * M)", "2 * N * D * M", "Two matrix products go back, one to the inputs and one to the weights.", "affine-oneproduct"),
    Mistake("backward_flops", "2 * (2 * N * D * M)", "3 * (2 * N * D * M)", "This counts the way forward, too.", "affine-threeproducts"),
    Mistake("backward_flops", "2 * (2 * N * D * M)", "2 * (2 * N * D * M) + N * M", "The sum for the biases is left out, as the text says.", "affine-db"),
    Mistake("backward_flops", "2 * (2 * N * D * M)", "2 * (2 * N * D * M) + (N - 1) * M", "The sum for the biases is left out, as the text says.", "affine-db-exact"),
    Mistake("backward_bytes", "N * M + 2 * N * D + 2 * D * M + M", "N * D + D * M + M + N * M", "Going back, more arrays move than going forward: the slopes of x and w are as large as x and w, and both are needed.", "affine-same"),
    Mistake("backward_bytes", "N * M + 2 * N * D + 2 * D * M + M", "N * M + N * D + 2 * D * M + M", "The way back reads x and writes dx.", "affine-onex"),
    Mistake("backward_bytes", "N * M + 2 * N * D + 2 * D * M + M", "N * M + 2 * N * D + D * M + M", "The way back reads w and writes dw.", "affine-onew"),
    Mistake("backward_bytes", "N * M + 2 * N * D + 2 * D * M + M", "2 * N * D + 2 * D * M + M", "The gradient that arrives has to be read.", "affine-nodout"),
    Mistake("backward_bytes", "N * M + 2 * N * D + 2 * D * M + M", "N * M + 2 * N * D + 2 * D * M", "The slopes of the biases are written as well.", "affine-nodb"),
    Mistake("backward_bytes", "N * M + 2 * N * D + 2 * D * M + M", "N * M + 2 * N * D + 2 * D * M + 2 * M", "The way back writes the slopes of the biases, and does not need the biases themselves.", "affine-readb"),
    Mistake("backward_bytes", "N * M + 2 * N * D + 2 * D * M + M", "2 * N * M + 2 * N * D + 2 * D * M + M", "What came out of the layer is not needed on the way back, only its slopes.", "affine-readout"),
    Mistake("backward_bytes", "N * M + 2 * N * D + 2 * D * M + M", "N * D + D * M + M", "This is only what is written; what is read moves, too.", "affine-backonlywrite"),
    Mistake("backward_bytes", "N * M + 2 * N * D + 2 * D * M + M", "N * M + N * D + D * M", "This is only what is read; what is written moves, too.", "affine-backonlyread"),
    Mistake("backward_bytes", "N * M + 2 * N * D + 2 * D * M + M", "2 * N * M + 2 * N * D + 2 * D * M + 2 * M", "The way back moves less than twice what the way forward moves: neither b nor the outputs are needed.", "affine-twice"),
]

EQUIVALENTS = {
    "own names": '''\
def affine_work(N, D, M):
    x, w, b, out = N * D, D * M, M, N * M
    product = 2 * N * D * M
    return product, 8 * (x + w + b + out), 2 * product, 8 * (out + x + w + x + w + b)
''',
    "output by output": '''\
def affine_work(N, D, M):
    flops = N * M * (D + (D - 1) + 1)
    return flops, 8.0 * (N * (D + M) + M * (D + 1)), 4.0 * N * D * M, 8.0 * (N * (M + 2 * D) + M * (2 * D + 1))
''',
    "sizes of arrays": '''\
def affine_work(N, D, M):
    x, w, b, out = np.zeros((N, D)), np.zeros((D, M)), np.zeros(M), np.zeros((N, M))
    forward = x.nbytes + w.nbytes + b.nbytes + out.nbytes
    return 2 * x.size * M, forward, 4 * x.size * M, forward + x.nbytes + w.nbytes
''',
}
