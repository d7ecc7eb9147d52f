"""How often a filter fits, or None: reference, hidden cases, known mistakes, equivalents."""

from flatgrade.core import Case, Mistake

GIVEN = '''\
import numpy as np


def fits_and_size(answer):
    """For `check` and the grade: None becomes (0, 0), a size becomes (1, size)."""
    return (0, 0) if answer is None else (1, answer)
'''


def conv_output_size(N, F, stride, pad):
    room = N + 2 * pad - F  # how far the filter can move
    if room < 0 or room % stride != 0:
        return None
    return room // stride + 1


def cases(rng):
    """Hidden inputs: sizes that fit, sizes that do not, and a filter larger than the input."""

    def draw(N, F, stride, pad):
        return {"N": N, "F": F, "stride": stride, "pad": pad}

    steps = int(rng.integers(6, 12))
    return [
        Case("it fits, stride 3", draw(3 * steps + 1, 7, 3, 3), generic=True),
        Case("it fits, stride 5", draw(5 * steps, 6, 5, 3), generic=True),
        Case("it fits, stride 1", draw(steps + 20, 4, 1, 2), generic=True),
        Case("it fits with this padding alone, stride 4", draw(4 * steps, 6, 4, 3), generic=True),
        Case("it does not fit, stride 4", draw(4 * steps + 3, 6, 4, 2), generic=True),
        Case("it does not fit, stride 3", draw(3 * steps, 4, 3, 1), generic=True),
        Case("it does not fit, stride 5", draw(5 * steps, 7, 5, 2), generic=True),
        Case("it does not fit, stride 7", draw(7 * steps + 1, 5, 7, 1), generic=True),
        Case("it does not fit, stride 2", draw(2 * steps + 1, 4, 2, 1), generic=True),
        Case("a filter as large as the input", draw(9, 9, 2, 0)),
        Case("a filter larger than the input", draw(4, 7, 3, 1)),
        Case("a stride larger than the room", draw(8, 3, 7, 0)),
        Case("the first layer of AlexNet", draw(227, 11, 4, 0)),
    ]


_ROOM = "room = N + 2 * pad - F"
_TEST = "room < 0 or room % stride != 0"
_LAST = "return room // stride + 1"
_COUNT = "The first place counts, too: with no room to move there is still one."

MISTAKES = [
    Mistake("size", _LAST, "return room // stride", _COUNT, "size-noone"),
    Mistake("size", _LAST, "return room // stride + 2", "Count the places once more for a filter that has no room to move: it is one place.", "size-two"),
    Mistake("size", _LAST, "return room + 1", "This is the number of places for stride 1: how far apart are they?", "size-nostride"),
    Mistake("size", _LAST, "return (room + 1) // stride", "The 1 is the first place; it is not divided by the stride.", "size-insideone"),
    Mistake("size", _LAST, "return room * stride + 1", "A larger stride leaves fewer places.", "size-times"),
    Mistake("size", _LAST, "return (room // stride + 1) ** 2", "This counts places in a square; asked for is one side.", "size-area"),
    Mistake("fits", "room % stride != 0", "False", "Where a step is left over that does not fit, the answer is None; here it is a number.", "size-floor"),
    Mistake("fits", f"if {_TEST}:\n        return None\n    {_LAST}", "if room < 0:\n        return None\n    return -(-room // stride) + 1", "Where a step is left over that does not fit, the answer is None; here it is a number.", "size-up"),
    Mistake("fits", f"if {_TEST}:\n        return None\n    {_LAST}", "if room < 0:\n        return None\n    return room / stride + 1", "A number of places is a whole number: where it is not, the answer is None.", "size-fraction"),
    Mistake("fits", f"if {_TEST}:\n        return None", "if room < 0 or room % stride != 0:\n        return -1", "Where it does not fit, the answer is None; -1 would be a size.", "size-minus1"),
    Mistake("fits", _TEST, "room < 0 or N % stride != 0", "It is not the input that has to be a multiple of the stride: how far does the filter move in all?", "size-testN"),
    Mistake("fits", _TEST, "room < 0 or (N - F) % stride != 0", "The padding gives the filter more room: it has to be in the test, too.", "size-testpad"),
    Mistake("fits", _TEST, "room < 0 or (room + 1) % stride != 0", "What has to be a multiple of the stride is the way from the first place to the last.", "size-testone"),
    Mistake("fits", _TEST, "room < 0 or room % stride == 0", "It is the other way round: a multiple of the stride fits.", "size-testturned"),
    Mistake("fits", _TEST, "room < 0 or room % 2 != 0", "The stride is not always 2.", "size-testtwo"),
    Mistake("fits", _ROOM, "room = N + pad - F", "The zeros are added at both ends.", "size-padonce"),
    Mistake("fits", _ROOM, "room = N - F", "The padding is missing: it makes the input larger.", "size-nopad"),
    Mistake("fits", _ROOM, "room = N - 2 * pad - F", "The padding makes the input larger, not smaller.", "size-padminus"),
    Mistake("fits", _ROOM, "room = N + 2 * pad", "The filter needs its own width, so less room is left to move.", "size-nofilter"),
    Mistake("fits", _ROOM, "room = N + 2 * pad + F", "A larger filter has less room to move, not more.", "size-plusfilter"),
    Mistake("fits", _ROOM, "room = N + 2 * pad - F + 1", "The 1 comes after the division: it is the first place, and not a part of the way.", "size-onebefore"),
    Mistake("fits", _ROOM, "room = N + 2 * pad - F - 1", "The 1 is added at the end, once; nothing else is to be subtracted here.", "size-minusone"),
    Mistake("fits", _ROOM, "room = N + 2 * (pad - F)", "There is one filter at a time: its width is subtracted once.", "size-filtertwice"),
    Mistake("fits", _ROOM, "room = N + 4 * pad - F", "This counts the padding of all four sides; along one side there are two ends.", "size-padfour"),
]

EQUIVALENTS = {
    "one line": '''\
def conv_output_size(N, F, stride, pad):
    return None if N + 2 * pad < F or (N + 2 * pad - F) % stride else (N + 2 * pad - F) // stride + 1
''',
    "walking": '''\
def conv_output_size(N, F, stride, pad):
    end = N + 2 * pad
    places, at = 0, 0
    while at + F < end:
        places += 1
        at += stride
    if at + F == end:
        return places + 1
''',
    "a fraction first": '''\
def conv_output_size(N, F, stride, pad):
    size = (N - F + 2 * pad) / stride + 1
    if size != int(size) or size < 1:
        return None
    return size
''',
    "divmod": '''\
def conv_output_size(N, F, stride, pad):
    steps, rest = divmod(N - F + 2 * pad, stride)
    if rest == 0 and steps >= 0:
        return np.int64(steps + 1)
    return None
''',
}
