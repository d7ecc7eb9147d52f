"""Points by distance and angle: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def polar(xy):
    x, y = xy[:, 0], xy[:, 1]
    r = np.sqrt(x**2 + y**2)  # (N,)
    theta = np.arctan2(y, x)  # (N,)
    features = np.stack([r, theta], axis=1)  # (N, D)
    return features


def cases(rng):
    """Hidden inputs: points on all sides of the origin, none on the left half of the x axis, where the angle jumps."""
    quarters = rng.uniform(0.3, 2.0, (8, 2)) * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]] * 2)
    axes = np.array([[0.0, 1.5], [2.5, 0.0], [0.0, -0.5]])
    return [
        Case("points on all sides", {"xy": quarters}, generic=True),
        Case("many points", {"xy": 3 * rng.standard_normal((23, 2))}, generic=True),
        Case("one point", {"xy": rng.standard_normal((1, 2))}),
        Case("points on the axes", {"xy": axes}),
        Case("far from the origin", {"xy": 1e6 * rng.standard_normal((5, 2))}),
    ]


MISTAKES = [
    Mistake("r", "np.sqrt(x**2 + y**2)", "x**2 + y**2", "This is the square of the distance.", "polar-nosqrt"),
    Mistake("r", "np.sqrt(x**2 + y**2)", "np.abs(x) + np.abs(y)", "The distance is the straight one, by Pythagoras, not the way along the axes.", "polar-manhattan"),
    Mistake("r", "np.sqrt(x**2 + y**2)", "np.maximum(np.abs(x), np.abs(y))", "The distance counts both coordinates, not only the larger one.", "polar-max"),
    Mistake("r", "np.sqrt(x**2 + y**2)", "x + y", "The distance is never negative; each coordinate is squared before they are added.", "polar-sum"),
    Mistake("r", "x**2 + y**2", "(x + y) ** 2", "Square each coordinate, then add; not the other way round.", "polar-squaresum"),
    Mistake("r", "np.sqrt(x**2 + y**2)", "np.linalg.norm(xy) * np.ones(len(x))", "Each point has its own distance; this is one number for all.", "polar-onenorm"),
    Mistake("theta", "np.arctan2(y, x)", "np.arctan2(x, y)", "The angle is measured from the x axis; here x and y have changed places.", "polar-swapped"),
    Mistake("theta", "np.arctan2(y, x)", "np.arctan(y / x)", "y / x is the same for a point and its opposite, so half of the plane gets a wrong angle (and x = 0 fails).", "polar-arctan"),
    Mistake("theta", "np.arctan2(y, x)", "np.degrees(np.arctan2(y, x))", "The angle is wanted in radians: a full turn is 2 pi, not 360.", "polar-degrees"),
    Mistake("theta", "np.arctan2(y, x)", "np.arctan2(y, x) % (2 * np.pi)", "The angle runs from -pi to pi, as arctan2 returns it; below the x axis it is negative.", "polar-positive"),
    Mistake("theta", "np.arctan2(y, x)", "np.abs(np.arctan2(y, x))", "Points above and below the x axis have angles of different sign.", "polar-abs"),
    Mistake("theta", "np.arctan2(y, x)", "np.arctan2(-y, x)", "The angle grows against the clock: points above the x axis have a positive one.", "polar-clockwise"),
    Mistake("theta", "np.arctan2(y, x)", "np.arctan2(y, x) / np.pi", "The angle is wanted in radians, from -pi to pi: do not divide it by pi.", "polar-halfturns"),
    Mistake("theta", "np.arctan2(y, x)", "np.arctan2(np.abs(y), np.abs(x))", "The signs of x and y say on which side a point lies; without them all angles are below pi / 2.", "polar-quarter"),
    Mistake("features", "[r, theta]", "[theta, r]", "The first column is the distance, the second the angle.", "polar-order"),
    Mistake("features", "[r, theta]", "[x, theta]", "The first column is the distance r.", "polar-x"),
    Mistake("features", "[r, theta]", "[r * np.cos(theta), r * np.sin(theta)]", "These are x and y again: distance and angle are the features themselves.", "polar-back"),
]

EQUIVALENTS = {
    "the norm of rows": '''\
def polar(xy):
    x, y = xy[:, 0], xy[:, 1]
    r = np.linalg.norm(xy, axis=1)
    theta = np.arctan2(y, x)
    features = np.column_stack([r, theta])
    return features
''',
    "complex numbers": '''\
def polar(xy):
    z = xy[:, 0] + 1j * xy[:, 1]
    return np.array([np.abs(z), np.angle(z)]).T
''',
    "point by point": '''\
import math

def polar(xy):
    rows = []
    for x, y in xy:
        rows.append([math.hypot(x, y), math.atan2(y, x)])
    return np.array(rows)
''',
    "an array that is filled": '''\
def polar(xy):
    features = np.zeros_like(xy, dtype=float)
    features[:, 0] = np.hypot(xy[:, 0], xy[:, 1])
    features[:, 1] = np.arctan2(xy[:, 1], xy[:, 0])
    return features
''',
}
