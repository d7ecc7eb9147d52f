"""The wire format: what is sent arrives, and nothing else can."""

import json
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from flatgrade.core.wire import DTYPES, Caps, WireError, decode, encode, read_frame

ARRAYS = hnp.arrays(
    st.sampled_from(sorted(DTYPES)).map(np.dtype), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=8) | ARRAYS
MESSAGES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def same(a, b):
    if isinstance(a, np.ndarray):
        return type(b) is np.ndarray and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return (a != a and b != b) or (a == b and type(a) is type(b))


@given(MESSAGES)
def test_what_is_sent_arrives(message):
    """decode(encode(m)) is m, with dtypes, shapes, nan and infinities."""
    assert same(message, decode(encode(message)))


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_raise_wireerror(data):
    """Whatever a worker sends, the judge gets a message or a WireError."""
    with suppress(WireError):
        decode(data)


@given(MESSAGES, st.data())
def test_a_frame_with_one_byte_changed_decodes_or_raises_wireerror(message, data):
    """A damaged frame never raises anything but WireError."""
    frame = bytearray(encode(message))
    position = data.draw(st.integers(0, len(frame) - 1))
    frame[position] ^= data.draw(st.integers(1, 255))
    with suppress(WireError):
        decode(bytes(frame), Caps(body_bytes=1 << 16))


def frame(header, body=b""):
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return struct.pack("<4sIQ", b"FG01", len(text), len(body)) + text + body


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "an empty frame"),
        (b"FG", "the stream ended inside a frame"),
        (b"XXXX" + bytes(12), "a frame begins with b'XXXX', not b'FG01'"),
        (struct.pack("<4sIQ", b"FG01", 1 << 30, 0), "a frame of 1073741824 + 0 bytes is over the cap"),
        (frame(b"[1]"), "a header needs message and arrays"),
        (frame({"message": {"__array__": 0}, "arrays": []}), "a reference to an array that is not there"),
        (frame({"message": 1, "arrays": [["|O", [1]]]}), "an array needs a dtype of numbers and a shape"),
        (frame({"message": 1, "arrays": [[[], [1]]]}), "an array needs a dtype of numbers and a shape"),
        (frame({"message": 1, "arrays": [["<f8", [-1]]]}), "a shape needs sizes >= 0, and not too many"),
        (frame({"message": 1, "arrays": [["<f8", [2]]]}, bytes(8)), "an array reaches past the end of the body"),
        (frame({"message": 1, "arrays": []}, b"x"), "bytes that belong to no array"),
        (frame({"message": {"__float__": "1"}, "arrays": []}), "a float that is neither nan nor infinite"),
        (frame({"message": {"__float__": {}}, "arrays": []}), "a float that is neither nan nor infinite"),
        (frame({"message": 1, "arrays": []}) + b"x", "bytes after the end of the frame"),
        (frame(b'{"message": NaN, "arrays": []}'), "a header that is not JSON: NaN is not JSON"),
    ],
)
def test_malformed_frames_say_what_is_wrong(data, message):
    """Each rule of the format has a message of its own."""
    with pytest.raises(WireError) as caught:
        decode(data)
    assert str(caught.value) == message


def test_half_a_surrogate_pair_arrives_as_text_that_can_be_stored():
    """Values and keys hold U+FFFD for it; a whole pair is the sign that it stands for."""
    got = decode(frame(b'{"message": {"a\\udc80": ["\\ud800", "\\ud83d\\ude00"]}, "arrays": []}'))
    assert got == {"a\ufffd": ["\ufffd", "\U0001f600"]}


def test_sizes_that_numpy_cannot_hold_are_malformed():
    """An empty array may still be too large to be made: that is the sender's mistake, not ours."""
    with pytest.raises(WireError, match=r"^an array that cannot be made: "):
        decode(frame({"message": {"outputs": []}, "arrays": [["<f8", [0, 1 << 28, 1 << 28, 1 << 28]]]}))


def test_a_clean_end_is_not_an_error_of_the_format():
    """Between frames a stream may end."""
    with pytest.raises(EOFError):
        read_frame(lambda count: b"")


@pytest.mark.parametrize(
    "value", [object(), {1: 2}, np.array(["a"]), np.array([1j]), np.array([None]), {"__array__": 1}]
)
def test_only_numbers_and_texts_are_sent(value):
    """Objects, complex numbers, arrays of texts and forged references cannot be encoded."""
    with pytest.raises(WireError):
        encode(value)


def test_nesting_is_capped_on_both_sides():
    """A deeply nested message raises before Python's stack does."""
    deep = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(WireError, match="nested too deeply"):
        encode(deep)
    text = b'{"message": ' + b"[" * 90000 + b"]" * 90000 + b', "arrays": []}'
    with pytest.raises(WireError):
        decode(frame(text))


def test_arrays_arrive_in_c_order_and_writable():
    """Views, transposes and big-endian arrays arrive as plain arrays of the same values."""
    array = np.arange(12, dtype=">f8").reshape(3, 4).T[::2]
    got = decode(encode({"a": array}))["a"]
    assert np.array_equal(got, array)
    assert got.flags.c_contiguous
    assert got.flags.writeable
