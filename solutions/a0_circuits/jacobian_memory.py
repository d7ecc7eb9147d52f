"""The memory of dy/dx for y = x w, in GiB: reference, hidden cases, known mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def jacobian_memory(N, D, M, bytes_per_number):
    """How much memory the Jacobian dy/dx of y = x w takes, in GiB: x is (N, D), y is (N, M)."""
    entries = (N * D) * (N * M)  # ()
    num_bytes = entries * bytes_per_number  # ()
    dy_dx_gib = num_bytes / 2**30  # ()
    return dy_dx_gib


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""
    names = ("N", "D", "M", "bytes_per_number")

    def sizes(*values):
        return dict(zip(names, map(int, values), strict=True))

    return [
        Case("typical sizes", sizes(rng.integers(30, 40), rng.integers(300, 350), rng.integers(500, 550), 4), generic=True),
        Case("8 bytes a number", sizes(rng.integers(50, 60), rng.integers(700, 750), rng.integers(200, 250), 8), generic=True),
        Case("2 bytes a number", sizes(100, 3072, 512, 2)),
        Case("one example", sizes(1, 3072, 4096, 4)),
        Case("much less than one GiB", sizes(3, 5, 2, 4)),
    ]


_ENTRIES = "One row for each entry of y, one column for each entry of x: how many entries has each of them?"

MISTAKES = [
    Mistake("entries", "(N * D) * (N * M)", "N * D", "This counts the entries of x alone. " + _ENTRIES, "mem-only-x"),
    Mistake("entries", "(N * D) * (N * M)", "N * M", "This counts the entries of y alone. " + _ENTRIES, "mem-only-y"),
    Mistake("entries", "(N * D) * (N * M)", "D * M", "This counts the entries of w. " + _ENTRIES, "mem-only-w"),
    Mistake("entries", "(N * D) * (N * M)", "N * D * M", "N stands in both shapes, in that of x and in that of y. " + _ENTRIES, "mem-N-once"),
    Mistake("entries", "(N * D) * (N * M)", "N * D + N * M", "Every entry of y has a slope by every entry of x: that is a product, not a sum.", "mem-sum"),
    Mistake("entries", "(N * D) * (N * M)", "(N + D) * (N + M)", "The entries of a matrix are rows times columns. " + _ENTRIES, "mem-sum-shapes"),
    Mistake("entries", "(N * D) * (N * M)", "(D * M) * (N * M)", "This is the size of dy/dw; asked for is dy/dx.", "mem-dy-dw"),
    Mistake("entries", "(N * D) * (N * M)", "(N * D) * (D * M)", "This pairs x with w; the Jacobian dy/dx pairs y with x.", "mem-x-w"),
    Mistake("entries", "(N * D) * (N * M)", "(N * D) ** 2", "This pairs x with itself. " + _ENTRIES, "mem-x-x"),
    Mistake("entries", "(N * D) * (N * M)", "(N * M) ** 2", "This pairs y with itself. " + _ENTRIES, "mem-y-y"),
    Mistake("entries", "(N * D) * (N * M)", "(N * D) * (N * M) // 2", "No entry is left out: count the whole matrix, not half of it.", "mem-half"),
    Mistake("num_bytes", "entries * bytes_per_number", "entries", "This is the number of entries. How many bytes does each of them take?", "mem-no-bytes"),
    Mistake("num_bytes", "entries * bytes_per_number", "entries * bytes_per_number * 8", "These are bits: 8 times as many as bytes.", "mem-bits"),
    Mistake("num_bytes", "entries * bytes_per_number", "entries * bytes_per_number / 8", "bytes_per_number is in bytes already: nothing is to be divided by 8.", "mem-bits-back"),
    Mistake("num_bytes", "entries * bytes_per_number", "entries / bytes_per_number", "More bytes a number need more memory: multiply by bytes_per_number.", "mem-div-bytes"),
    Mistake("num_bytes", "entries * bytes_per_number", "entries * 4 + 0 * bytes_per_number", "Not every number takes 4 bytes: bytes_per_number says how many it is.", "mem-always-4"),
    Mistake("num_bytes", "entries * bytes_per_number", "entries * 8 + 0 * bytes_per_number", "Not every number takes 8 bytes: bytes_per_number says how many it is.", "mem-always-8"),
    Mistake("num_bytes", "entries * bytes_per_number", "entries * bytes_per_number * N", "The N examples are counted in the entries already.", "mem-N-again"),
    Mistake("dy_dx_gib", "2**30", "10**9", "These are GB, of 10**9 bytes. A GiB is 2**30 bytes.", "mem-GB"),
    Mistake("dy_dx_gib", "num_bytes / 2**30", "num_bytes", "These are bytes; the answer is to be in GiB, of 2**30 bytes.", "mem-in-bytes"),
    Mistake("dy_dx_gib", "2**30", "2**20", "These are MiB, of 2**20 bytes. A GiB is 2**30 bytes.", "mem-MiB"),
    Mistake("dy_dx_gib", "2**30", "2**10", "These are KiB, of 2**10 bytes. A GiB is 2**30 bytes.", "mem-KiB"),
    Mistake("dy_dx_gib", "2**30", "10**6", "These are MB, of 10**6 bytes. A GiB is 2**30 bytes.", "mem-MB"),
    Mistake("dy_dx_gib", "2**30", "10**3", "These are kB, of 1000 bytes. A GiB is 2**30 bytes.", "mem-kB"),
    Mistake("dy_dx_gib", "2**30", "2**40", "These are TiB, of 2**40 bytes. A GiB is 2**30 bytes.", "mem-TiB"),
    Mistake("dy_dx_gib", "2**30", "10**12", "These are TB, of 10**12 bytes. A GiB is 2**30 bytes.", "mem-TB"),
    Mistake("dy_dx_gib", "/ 2**30", "* 2**30", "A GiB is larger than a byte, so there are fewer of them: divide.", "mem-times-GiB"),
    Mistake("dy_dx_gib", "/ 2**30", "// 2**30", "Rounded to whole GiB: keep what comes after the point.", "mem-floor"),
    Mistake("dy_dx_gib", "num_bytes / 2**30", "round(num_bytes / 2**30)", "Rounded to whole GiB: keep what comes after the point.", "mem-round"),
    Mistake("dy_dx_gib", "num_bytes / 2**30", "num_bytes * 8 / 2**30", "These are gibibits: 8 times as many as GiB.", "mem-gibibits"),
    Mistake("dy_dx_gib", "num_bytes / 2**30", "num_bytes * 8 / 10**9", "These are gigabits. A GiB is 2**30 bytes.", "mem-gigabits"),
    Mistake("dy_dx_gib", "num_bytes / 2**30", "num_bytes / 8 / 2**30", "num_bytes counts bytes already: nothing is to be divided by 8.", "mem-div8"),
    Mistake("dy_dx_gib", "2**30", "(1000 * 1024 * 1024)", "Three factors of 1024 make a GiB; one of them is 1000 here.", "mem-mixed"),
    Mistake("dy_dx_gib", "2**30", "(1000 * 1000 * 1024)", "Three factors of 1024 make a GiB; two of them are 1000 here.", "mem-mixed2"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "in one line": '''\
def jacobian_memory(N, D, M, bytes_per_number):
    return N * D * N * M * bytes_per_number / 1024**3
''',
    "step by step": '''\
def jacobian_memory(N, D, M, bytes_per_number):
    rows = N * M
    columns = N * D
    entries = rows * columns
    num_bytes = bytes_per_number * entries
    kib = num_bytes / 1024
    mib = kib / 1024
    dy_dx_gib = mib / 1024
    return dy_dx_gib
''',
    "powers": '''\
def jacobian_memory(N, D, M, bytes_per_number):
    entries = N**2 * D * M
    num_bytes = entries * bytes_per_number
    dy_dx_gib = num_bytes * 2.0**-30
    return dy_dx_gib
''',
    "by way of bits": '''\
def jacobian_memory(N, D, M, bytes_per_number):
    bits = 8 * bytes_per_number * (N * D) * (N * M)
    gib = bits / 8 / (1 << 30)
    return gib
''',
    "sizes of shapes": '''\
def jacobian_memory(N, D, M, bytes_per_number):
    entries = np.prod([N, M, N, D])
    return entries * bytes_per_number / 2**30
''',
}
