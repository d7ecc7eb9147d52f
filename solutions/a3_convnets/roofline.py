"""The time that operations and bytes take at least: reference, hidden cases, known mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def roofline(flops, moved, peak, bandwidth):
    compute_seconds = flops / (peak * 1e9)  # ()
    memory_seconds = moved / (bandwidth * 1e9)  # ()
    seconds = max(compute_seconds, memory_seconds)  # ()
    memory_bound = int(memory_seconds > compute_seconds)  # ()
    rate = flops / seconds / 1e9  # ()
    return compute_seconds, memory_seconds, seconds, memory_bound, rate


def cases(rng):
    """Hidden inputs: seconds of about 1, on both sides of the ridge, and never on it."""

    def draw(flops, moved, peak, bandwidth):
        return {"flops": flops, "moved": moved, "peak": peak, "bandwidth": bandwidth}

    more = float(rng.integers(1, 9))
    return [
        Case("arithmetic takes longer", draw((40 + more) * 1e9, 3e9, 30.0, 12.0), generic=True),
        Case("memory takes longer", draw(7e9, (50 + more) * 1e9, 90.0, 25.0), generic=True),
        Case("memory takes a little longer", draw(61e9, 17e9, 50.0, 13.0), generic=True),
        Case("a graphics processor", draw((3 + more) * 1e13, 2e11, 60000.0, 3000.0)),
        Case("hardly any operations", draw(1e7, 20e9, 40.0, 10.0 + more)),
    ]


MISTAKES = [
    *(
        Mistake(stage, "1e9", new, hint, f"roof-{stage[:-8]}-{tag}")
        for stage in ("compute_seconds", "memory_seconds")
        for new, hint, tag in (
            ("1", "The speed is given in thousands of millions a second: giga.", "nogiga"),
            ("1e6", "Giga is a thousand millions; 1e6 is mega, and with it the time comes out in thousandths of a second.", "mega"),
            ("2**30", "Here giga is 10**9; 2**30 is gibi, 7 percent more.", "gibi"),
            ("1e12", "Giga is a thousand millions; 1e12 is tera.", "tera"),
        )
    ),
    Mistake("compute_seconds", "flops / (peak * 1e9)", "peak * 1e9 / flops", "Time is work divided by speed, not the other way round.", "roof-compute-flipped"),
    Mistake("compute_seconds", "flops / (peak * 1e9)", "flops * (peak * 1e9)", "More speed takes less time.", "roof-compute-product"),
    Mistake("compute_seconds", "flops", "2 * flops", "flops counts a product and an addition as two already.", "roof-compute-twice"),
    Mistake("compute_seconds", "peak", "bandwidth", "Operations are done at the peak rate; bandwidth is for bytes.", "roof-compute-bandwidth"),
    Mistake("compute_seconds", "flops", "moved", "The peak rate is for operations, and these are bytes.", "roof-compute-moved"),
    Mistake("memory_seconds", "moved / (bandwidth * 1e9)", "bandwidth * 1e9 / moved", "Time is work divided by speed, not the other way round.", "roof-memory-flipped"),
    Mistake("memory_seconds", "moved / (bandwidth * 1e9)", "moved * (bandwidth * 1e9)", "More speed takes less time.", "roof-memory-product"),
    Mistake("memory_seconds", "moved", "8 * moved", "moved is in bytes already, neither in numbers nor in bits.", "roof-memory-eight"),
    Mistake("memory_seconds", "moved / (", "moved / 8 / (", "GB/s are bytes a second, not bits.", "roof-memory-bits"),
    Mistake("memory_seconds", "bandwidth", "peak", "Bytes come at the bandwidth; the peak rate is for operations.", "roof-memory-peak"),
    Mistake("memory_seconds", "moved", "flops", "The bandwidth is for bytes, and these are operations.", "roof-memory-flops"),
    Mistake("seconds", "max(compute_seconds, memory_seconds)", "compute_seconds + memory_seconds", "Both go on at the same time.", "roof-sum"),
    Mistake("seconds", "max(compute_seconds, memory_seconds)", "min(compute_seconds, memory_seconds)", "The layer is done when the slower of the two is done.", "roof-min"),
    Mistake("seconds", "max(compute_seconds, memory_seconds)", "compute_seconds", "Memory may take longer than arithmetic.", "roof-onlycompute"),
    Mistake("seconds", "max(compute_seconds, memory_seconds)", "memory_seconds", "Arithmetic may take longer than memory.", "roof-onlymemory"),
    Mistake("seconds", "max(compute_seconds, memory_seconds)", "(compute_seconds + memory_seconds) / 2", "The layer is done when the slower of the two is done, not at their mean.", "roof-mean"),
    Mistake("seconds", "max(compute_seconds, memory_seconds)", "1e3 * max(compute_seconds, memory_seconds)", "These are milliseconds.", "roof-ms"),
    Mistake("memory_bound", "memory_seconds > compute_seconds", "memory_seconds < compute_seconds", "What takes longer is what binds.", "roof-otherway"),
    Mistake("memory_bound", "memory_seconds > compute_seconds", "moved > flops", "Bytes and operations have speeds of their own: compare times.", "roof-counts"),
    Mistake("memory_bound", "memory_seconds > compute_seconds", "bandwidth < peak", "It depends on the work, too, not on the machine alone.", "roof-machine"),
    Mistake("rate", "flops / seconds / 1e9", "flops / seconds", "Asked for are GFLOP/s, and these are operations a second.", "roof-rate-nogiga"),
    Mistake("rate", "1e9", "2**30", "Here giga is 10**9; 2**30 is gibi, 7 percent more.", "roof-rate-gibi"),
    Mistake("rate", "1e9", "1e6", "Giga is a thousand millions; 1e6 is mega.", "roof-rate-mega"),
    Mistake("rate", "1e9", "1e12", "Giga is a thousand millions; 1e12 is tera.", "roof-rate-tera"),
    Mistake("rate", "/ seconds", "/ compute_seconds", "This is the peak again: divide by the time that the layer takes.", "roof-rate-peak"),
    Mistake("rate", "/ seconds", "/ memory_seconds", "Divide by the time that the layer takes, which may be that of the arithmetic.", "roof-rate-memory"),
    Mistake("rate", "flops / seconds", "seconds / flops", "A rate is work divided by time.", "roof-rate-flipped"),
    Mistake("rate", "flops / seconds / 1e9", "moved / seconds / 1e9", "These are GB/s; asked for are operations.", "roof-rate-bytes"),
]

EQUIVALENTS = {
    "by the intensity": '''\
def roofline(flops, moved, peak, bandwidth):
    intensity = flops / moved
    rate = min(peak, intensity * bandwidth)
    memory_bound = 1 if intensity * bandwidth < peak else 0
    compute_seconds, memory_seconds = flops / peak / 1e9, moved / bandwidth / 1e9
    return compute_seconds, memory_seconds, np.maximum(compute_seconds, memory_seconds), memory_bound, rate
''',
    "if": '''\
def roofline(flops, moved, peak, bandwidth):
    compute_seconds = 1e-9 * flops / peak
    memory_seconds = 1e-9 * moved / bandwidth
    if memory_seconds >= compute_seconds:
        seconds, memory_bound = memory_seconds, 1.0
    else:
        seconds, memory_bound = compute_seconds, 0.0
    return compute_seconds, memory_seconds, seconds, memory_bound, 1e-9 * flops / seconds
''',
}
