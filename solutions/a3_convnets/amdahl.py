"""How much faster a whole becomes where a part does: reference, hidden cases, known mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def amdahl(share, factor):
    left = (1 - share) + share / factor  # ()
    speedup = 1 / left  # ()
    limit = 1 / (1 - share)  # ()
    return left, speedup, limit


def cases(rng):
    """Hidden inputs: shares below 1 and factors on both sides of 1."""
    more = 0.01 * float(rng.integers(1, 9))
    return [
        Case("a large share", {"share": 0.8 + more, "factor": 7.0}, generic=True),
        Case("a small share", {"share": 0.2 + more, "factor": 30.0}, generic=True),
        Case("nothing becomes faster", {"share": 0.6, "factor": 1.0}),
        Case("the part becomes slower", {"share": 0.3, "factor": 0.5}),
        Case("hardly any share", {"share": 0.01, "factor": 9.0}),
    ]


MISTAKES = [
    Mistake("left", "(1 - share) + share / factor", "share / factor", "The rest still takes its time.", "amdahl-norest"),
    Mistake("left", "(1 - share) + share / factor", "1 - share", "The part that became faster still takes some time.", "amdahl-nopart"),
    Mistake("left", "(1 - share) + share / factor", "(1 - share) + share * factor", "A faster part takes less time.", "amdahl-slower"),
    Mistake("left", "(1 - share) + share / factor", "share + (1 - share) / factor", "It is the share that becomes faster, not the rest.", "amdahl-swapped"),
    Mistake("left", "(1 - share) + share / factor", "1 / factor", "Only a share becomes faster.", "amdahl-all"),
    Mistake("left", "(1 - share) + share / factor", "1 + share / factor", "The share is taken out of the old time before its new time is added.", "amdahl-one"),
    Mistake("left", "(1 - share) + share / factor", "1 - share / factor", "share / factor is what the part takes then, not what is saved.", "amdahl-saved"),
    Mistake("left", "(1 - share) + share / factor", "(1 - share) / factor", "The rest does not become faster.", "amdahl-rest"),
    Mistake("speedup", "1 / left", "left", "This is the time that is left; how many times as fast is that?", "amdahl-time"),
    Mistake("speedup", "1 / left", "1 - left", "This is the time that is saved; how many times as fast is the whole?", "amdahl-gain"),
    Mistake("speedup", "1 / left", "100 / left", "Asked for is how many times as fast, not percent.", "amdahl-percent"),
    Mistake("speedup", "1 / left", "1 / left - 1", "This is how much faster; asked for is how many times as fast.", "amdahl-more"),
    Mistake("speedup", "1 / left", "factor", "Only a share becomes so many times as fast.", "amdahl-factor"),
    Mistake("speedup", "1 / left", "(1 - share) + share * factor", "Shares are of time: add up times, and divide at the end.", "amdahl-mean"),
    Mistake("limit", "1 / (1 - share)", "1 / share", "What is left in the end is the rest, not the share.", "amdahl-limit-share"),
    Mistake("limit", "1 / (1 - share)", "1 - share", "This is the time that is left in the end; how many times as fast is that?", "amdahl-limit-time"),
    Mistake("limit", "1 / (1 - share)", "factor", "Even a part that takes no time at all leaves the rest.", "amdahl-limit-factor"),
    Mistake("limit", "1 / (1 - share)", "speedup", "The limit is for a factor without bound, not for this one.", "amdahl-limit-speedup"),
]

EQUIVALENTS = {
    "one line each": '''\
def amdahl(share, factor):
    left = 1 - share * (1 - 1 / factor)
    return left, factor / (factor - share * factor + share), (1 - share) ** -1
''',
    "times": '''\
def amdahl(share, factor):
    rest = 1 - share
    new = rest + share / factor
    return new, 1 / new, 1 / rest
''',
}
