"""shapes10: pictures of ten shapes on cluttered ground, drawn by a seeded generator. NumPy only.

Each picture is a smooth random background, five small boxes of clutter, one light shape with antialiased edges, and
noise. Position, rotation, size, contrast and colour vary. Each class leans weakly to a hue of its own, which gives a
linear classifier something to hold on to; what really tells the classes apart is form, which it cannot see.

Pictures come in blocks of 500 with a random stream each, so the first k pictures do not depend on how many are asked
for, and memory is bounded by a block. All arithmetic is float64 and ends in a rounding to bytes: machines that differ
in the last bit of a sine still draw the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from flatgrade_data.dataset import Bytes, Labels

Array = NDArray[np.float64]

SIDE = 32
BLOCK = 500
PART = {"train": 0, "test": 1}  # the last word of a block's seed: training and test pictures never share a stream

# Lengths are in pixels, angles in degrees, brightness in units of CONTRAST_STEPS bytes around mid-grey.
JITTER = 6.0
ROTATION = 25.0
RADIUS = (6.5, 10.0)
CONTRAST = (0.5, 1.0)
HUE = 0.36  # how far a class leans to its hue
TINT = 0.35  # how coloured background, clutter and shapes are at random
BACKGROUND = 1.25
BACKGROUND_KNOTS = 5
CLUTTER = 5
CLUTTER_SIZE = (1.5, 4.5)
CLUTTER_AMPLITUDE = 0.8
COVER = 0.7  # how much of the ground a shape hides
NOISE = 0.12
CONTRAST_STEPS = 110.0
GREY = 127.5


# --- the shapes: signed distance to the edge in units of the radius, negative inside; u points right, v points down ---


def _box(u: Array, v: Array, half_width: float | Array, half_height: float | Array) -> Array:
    return np.maximum(np.abs(u) - half_width, np.abs(v) - half_height)


def _disc(u: Array, v: Array) -> Array:
    return np.hypot(u, v) - 0.9


def _square(u: Array, v: Array) -> Array:
    return _box(u, v, 0.78, 0.78)


def _triangle(u: Array, v: Array) -> Array:
    return np.maximum(0.866 * np.abs(u) + 0.5 * v, -v) - 0.5


def _star(u: Array, v: Array) -> Array:
    fifth = 2 * np.pi / 5
    from_nearest_tip = np.mod(np.arctan2(u, -v) + fifth / 2, fifth) - fifth / 2
    return np.hypot(u, v) * np.cos(np.abs(from_nearest_tip) - fifth) * 1.15 - 0.42


def _cross(u: Array, v: Array) -> Array:
    return np.minimum(_box(u, v, 1.0, 0.3), _box(u, v, 0.3, 1.0))


def _ring(u: Array, v: Array) -> Array:
    return np.abs(np.hypot(u, v) - 0.75) - 0.22


def _crescent(u: Array, v: Array) -> Array:
    return np.maximum(np.hypot(u, v) - 1.0, 0.85 - np.hypot(u - 0.5, v))


def _bar(u: Array, v: Array) -> Array:
    return _box(u, v, 1.1, 0.34)


def _half(u: Array, v: Array) -> Array:
    return np.maximum(np.hypot(u, v) - 1.0, -v)


def _tee(u: Array, v: Array) -> Array:
    return np.minimum(_box(u, v + 0.65, 0.9, 0.28), _box(u, v - 0.2, 0.28, 0.85))


SHAPES: dict[str, Callable[[Array, Array], Array]] = {
    "disc": _disc,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "ring": _ring,
    "crescent": _crescent,
    "bar": _bar,
    "half": _half,
    "tee": _tee,
}
CLASSES = tuple(SHAPES)


# --- the pictures -----------------------------------------------------------------------------------------------------


def pictures(count: int, seed: int, part: str) -> tuple[Bytes, Labels]:
    """Draw the first `count` pictures of a part ("train" or "test") of the set that `seed` names.

    Returns pixels (count, 32, 32, 3) uint8, red, green, blue last, and labels (count,) int64 in 0..9; each block of 500
    has 50 of every class. About 0.2 ms a picture.
    """
    pixels = np.empty((count, SIDE, SIDE, 3), dtype=np.uint8)
    labels = np.empty(count, dtype=np.int64)
    for start in range(0, count, BLOCK):
        stream = np.random.Generator(np.random.PCG64([seed, start // BLOCK, PART[part]]))
        block, block_labels = _block(stream)
        end = min(start + BLOCK, count)
        pixels[start:end], labels[start:end] = block[: end - start], block_labels[: end - start]
    return pixels, labels


def _block(rng: np.random.Generator) -> tuple[Bytes, Labels]:
    """Draw 500 pictures. The order in which numbers are drawn is part of the data set: another order is another set."""
    labels = rng.permutation(np.arange(BLOCK) % len(CLASSES))
    ground = _background(rng)
    for _ in range(CLUTTER):
        ground += _clutter(rng)
    mask = _masks(rng, labels)[..., None]
    colour = _colours(rng, labels)[:, None, None, :]
    light = ground * (1 - COVER * mask) + mask * colour
    light += NOISE * np.sqrt(12.0) * (rng.random(light.shape) - 0.5)  # uniform, of standard deviation NOISE
    return np.rint(np.clip(light * CONTRAST_STEPS + GREY, 0, 255)).astype(np.uint8), labels


def _background(rng: np.random.Generator) -> Array:
    """Enlarge a coarse random grid, mostly grey, by linear interpolation; shift the whole picture: (500, 32, 32, 3)."""
    knots = BACKGROUND_KNOTS
    coarse = TINT * _uniform(rng, -1, 1, knots, knots, 3) + (1 - TINT) * _uniform(rng, -1, 1, knots, knots, 1)
    fine: Array = np.einsum("ia,nabc,jb->nijc", _ENLARGE, coarse, _ENLARGE, optimize=True)
    return BACKGROUND * fine + _uniform(rng, -0.25, 0.25, 1, 1, 3)


def _clutter(rng: np.random.Generator) -> Array:
    """Put one small box in each picture, anywhere, at any angle, lighter or darker: (500, 32, 32, 3)."""
    u, v = _turned(_uniform(rng, -SIDE / 2, SIDE / 2, 2), _uniform(rng, 0, np.pi))
    size = _uniform(rng, *CLUTTER_SIZE, 2)[:, :, None, None]
    box = _inside(_box(u, v, size[:, 0], size[:, 1])) * _uniform(rng, -CLUTTER_AMPLITUDE, CLUTTER_AMPLITUDE, 1, 1)
    return box[..., None] * (1 - TINT + 2 * TINT * _uniform(rng, 0, 1, 1, 1, 3))


def _masks(rng: np.random.Generator, labels: Labels) -> Array:
    """Compute how much of each pixel the shape of each picture covers: (500, 32, 32) in 0..1."""
    u, v = _turned(_uniform(rng, -JITTER, JITTER, 2), np.deg2rad(_uniform(rng, -ROTATION, ROTATION)))
    radius = _uniform(rng, *RADIUS)[:, None, None]
    masks = np.empty((BLOCK, SIDE, SIDE))
    for label, distance in enumerate(SHAPES.values()):
        of = labels == label
        masks[of] = _inside(radius[of] * distance(u[of] / radius[of], v[of] / radius[of]))
    return masks


def _colours(rng: np.random.Generator, labels: Labels) -> Array:
    """Draw the light of each shape: (500, 3), positive in every channel, leaning to the hue of its class."""
    contrast = _uniform(rng, *CONTRAST, 1)
    return contrast * (1 + TINT * _uniform(rng, -1, 1, 3) + HUE * _HUES[labels])


def _uniform(rng: np.random.Generator, low: float, high: float, *shape: int) -> Array:
    """Draw numbers between low and high for a block: (500, *shape)."""
    return low + (high - low) * rng.random((BLOCK, *shape))


def _turned(centre: Array, angle: Array) -> tuple[Array, Array]:
    """Place each pixel in a frame with this centre (500, 2), turned by this angle (500,): u and v, (500, 32, 32)."""
    dx = _PIXELS[None, None, :] - centre[:, 0, None, None]
    dy = _PIXELS[None, :, None] - centre[:, 1, None, None]
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    return cos * dx + sin * dy, cos * dy - sin * dx


def _inside(distance: Array) -> Array:
    """Turn a signed distance in pixels into the share of the pixel that lies inside: an edge one pixel wide."""
    return np.clip(0.5 - distance, 0, 1)


def _enlarging() -> Array:
    """Make the matrix of linear interpolation from the coarse knots to the pixels of a side: (32, 5), rows sum to 1."""
    place = np.linspace(0, BACKGROUND_KNOTS - 1, SIDE)
    left = np.minimum(place.astype(int), BACKGROUND_KNOTS - 2)
    matrix = np.zeros((SIDE, BACKGROUND_KNOTS))
    matrix[np.arange(SIDE), left] = 1 - (place - left)
    matrix[np.arange(SIDE), left + 1] += place - left
    return matrix


_PIXELS: Array = np.arange(SIDE, dtype=np.float64) - (SIDE - 1) / 2
_ENLARGE = _enlarging()
_TURN = 2 * np.pi * np.arange(len(CLASSES)) / len(CLASSES)
_HUES: Array = np.stack([np.cos(_TURN), np.cos(_TURN - 2 * np.pi / 3), np.cos(_TURN + 2 * np.pi / 3)], axis=1)
