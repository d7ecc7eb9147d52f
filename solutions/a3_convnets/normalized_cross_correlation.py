"""Where a template fits: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def normalized_cross_correlation(image, template):
    h, w = template.shape
    windows = np.lib.stride_tricks.sliding_window_view(image, (h, w))  # (P, Q, h, w)
    centred = windows - windows.mean(axis=(2, 3), keepdims=True)  # (P, Q, h, w)
    pattern = template - template.mean()  # (h, w)
    products = (centred * pattern).sum(axis=(2, 3))  # (P, Q)
    lengths = np.sqrt((centred**2).sum(axis=(2, 3)) * (pattern**2).sum())  # (P, Q)
    ncc = products / np.maximum(lengths, 1e-6)  # (P, Q)
    return ncc


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; in them brightness differs from window to window."""

    def draw(H, W, h, w):
        image = rng.standard_normal((H, W)) + rng.uniform(1.5, 2.5) + 0.2 * np.arange(W)
        return {"image": image, "template": rng.standard_normal((h, w)) + rng.uniform(0.6, 1.4)}

    def pasted(change):
        given = draw(17, 14, 5, 4)
        patch = change(given["template"])
        given["image"][6 : 6 + patch.shape[0], 2 : 2 + patch.shape[1]] = patch
        return given

    flat = draw(10, 9, 3, 2)
    flat["image"][2:7, 1:6] = 0.5
    plain = draw(8, 7, 2, 3)
    plain["template"][:] = 2.0
    large = draw(9, 8, 3, 3)
    large["image"] = 40 * large["image"] + 128
    return [
        Case("typical sizes", draw(9, 13, 3, 4), generic=True),
        Case("a template that is higher than wide", draw(12, 8, 5, 2), generic=True),
        Case("the template pasted into the image", pasted(lambda t: t)),
        Case("the template pasted with other light and contrast", pasted(lambda t: 0.3 * t + 5)),
        Case("the negative of the template pasted", pasted(lambda t: -t)),
        Case("the template turned by a quarter", pasted(np.rot90)),
        Case("the template at twice its size", pasted(lambda t: np.kron(t, np.ones((2, 2))))),
        Case("a template of one row", draw(7, 9, 1, 4)),
        Case("a template of one column", draw(9, 6, 3, 1)),
        Case("a template as large as the image", draw(5, 6, 5, 6)),
        Case("windows in which all values are equal", flat),
        Case("a template in which all values are equal", plain),
        Case("values of a picture in bytes", large),
    ]


MISTAKES = [
    Mistake("windows", "sliding_window_view(image, (h, w))", "sliding_window_view(np.roll(image, 1, axis=0), (h, w))", "Window (0, 0) begins at the first row of the image; these are one row off.", "ncc-rowoff"),
    Mistake("windows", "sliding_window_view(image, (h, w))", "sliding_window_view(np.roll(image, 1, axis=1), (h, w))", "Window (0, 0) begins at the first column of the image; these are one column off.", "ncc-columnoff"),
    Mistake("windows", "sliding_window_view(image, (h, w))", "sliding_window_view(np.roll(image, (h // 2, w // 2), axis=(0, 1)), (h, w))", "Entry (i, j) belongs to the window whose top left pixel is (i, j), not to one around that pixel.", "ncc-same"),
    Mistake("windows", "sliding_window_view(image, (h, w))", "sliding_window_view(image, (h, w))[::-1, ::-1]", "The first window lies at the top left of the image; these run from the other end.", "ncc-fromend"),
    Mistake("centred", " - windows.mean(axis=(2, 3), keepdims=True)", "", "Bright windows win whatever they show: no mean is subtracted from them.", "ncc-nomean"),
    Mistake("centred", "windows.mean(axis=(2, 3), keepdims=True)", "image.mean()", "Each window has a mean of its own; this is one mean for the whole image.", "ncc-globalmean"),
    Mistake("centred", "windows.mean(axis=(2, 3), keepdims=True)", "windows.mean()", "Each window has a mean of its own; this is one mean for all of them.", "ncc-allwindows"),
    Mistake("centred", "windows.mean(axis=(2, 3), keepdims=True)", "template.mean()", "The mean to subtract here is that of the window, not that of the template.", "ncc-templatemean"),
    Mistake("centred", "mean(axis=(2, 3), keepdims=True)", "mean(axis=3, keepdims=True)", "The mean runs over all pixels of a window, over its rows and its columns.", "ncc-rowmean"),
    Mistake("centred", "mean(axis=(2, 3), keepdims=True)", "mean(axis=2, keepdims=True)", "The mean runs over all pixels of a window, over its rows and its columns.", "ncc-columnmean"),
    Mistake("centred", "mean(axis=(2, 3), keepdims=True)", "mean(axis=(0, 1), keepdims=True)", "This mean runs over the windows; it should run over the pixels of one.", "ncc-axes"),
    Mistake("centred", "mean(axis=(2, 3), keepdims=True)", "sum(axis=(2, 3), keepdims=True)", "Subtract the mean of the window, not the sum of its pixels.", "ncc-sum"),
    Mistake("centred", "windows - windows.mean(axis=(2, 3), keepdims=True)", "windows + windows.mean(axis=(2, 3), keepdims=True)", "The mean is subtracted, so that the entries of a window lie on both sides of 0.", "ncc-plusmean"),
    Mistake("centred", "windows.mean(axis=(2, 3), keepdims=True)", "windows.min(axis=(2, 3), keepdims=True)", "Subtract the mean of the window, not its smallest pixel.", "ncc-min"),
    Mistake("centred", "windows.mean(axis=(2, 3), keepdims=True)", "np.median(windows, axis=(2, 3), keepdims=True)", "Subtract the mean of the window, not its median.", "ncc-median"),
    Mistake("pattern", " - template.mean()", "", "The template has a mean, too, and it is not subtracted.", "ncc-template-nomean"),
    Mistake("pattern", "template.mean()", "image.mean()", "The template has a mean of its own; this is the one of the image.", "ncc-template-imagemean"),
    Mistake("pattern", "template.mean()", "template.mean(axis=0)", "One mean for the whole template: this takes one for each column.", "ncc-template-axis0"),
    Mistake("pattern", "template.mean()", "template.mean(axis=1, keepdims=True)", "One mean for the whole template: this takes one for each row.", "ncc-template-axis1"),
    Mistake("pattern", "template.mean()", "template.sum()", "Subtract the mean of the template, not the sum of its pixels.", "ncc-template-sum"),
    Mistake("products", "centred * pattern", "centred * pattern[::-1, ::-1]", "The template is turned by half a turn before it is multiplied; a correlation takes it as it is.", "ncc-flipped"),
    Mistake("products", "centred * pattern", "centred * pattern[:, ::-1]", "The template is mirrored before it is multiplied; a correlation takes it as it is.", "ncc-mirrored"),
    Mistake("products", "centred * pattern", "(centred - pattern) ** 2", "This is a distance; the correlation adds up products, pixel by pixel.", "ncc-distance"),
    Mistake("products", "centred * pattern", "np.abs(centred * pattern)", "Products of opposite signs count against a match: keep their sign.", "ncc-absproducts"),
    Mistake("products", "(centred * pattern).sum(axis=(2, 3))", "(centred * pattern).mean(axis=(2, 3))", "The lengths below are made of sums, so the products must be a sum as well, not a mean.", "ncc-meanproducts"),
    Mistake("products", "(centred * pattern).sum(axis=(2, 3))", "(centred * pattern).max(axis=(2, 3))", "The products of all pixels of a window are added up; this keeps the largest.", "ncc-maxproducts"),
    Mistake("lengths", "np.sqrt((centred**2).sum(axis=(2, 3)) * (pattern**2).sum())", "np.ones(products.shape)", "The products are not normalized: windows with much contrast win.", "ncc-nolengths"),
    Mistake("lengths", "np.sqrt((centred**2).sum(axis=(2, 3)) * (pattern**2).sum())", "(centred**2).sum(axis=(2, 3)) * (pattern**2).sum()", "A length is the root of a sum of squares: the root is missing.", "ncc-noroot"),
    Mistake("lengths", " * (pattern**2).sum()", "", "The length of the template is missing: the map would not end at 1.", "ncc-nopattern"),
    Mistake("lengths", "np.sqrt((centred**2).sum(axis=(2, 3)) * (pattern**2).sum())", "np.sqrt((pattern**2).sum()) * np.ones(products.shape)", "The length of the window is missing: windows with much contrast win.", "ncc-nowindow"),
    Mistake("lengths", "* (pattern**2).sum()", "+ (pattern**2).sum()", "The two lengths are multiplied, not added.", "ncc-lengthsum"),
    Mistake("lengths", "np.sqrt((centred**2).sum(axis=(2, 3)) * (pattern**2).sum())", "(pattern**2).sum() * np.ones(products.shape)", "This divides by the square of the template's length; each of the two lengths counts once.", "ncc-patternsquare"),
    Mistake("lengths", "(centred**2).sum(axis=(2, 3)) * (pattern**2).sum()", "(windows**2).sum(axis=(2, 3)) * (template**2).sum()", "The lengths are those of what was multiplied: with the means subtracted.", "ncc-rawlengths"),
    Mistake("lengths", "(centred**2).sum(axis=(2, 3)) * (pattern**2).sum()", "(centred**2).mean(axis=(2, 3)) * (pattern**2).mean()", "The products above are a sum, so the lengths must be made of sums as well, not of means.", "ncc-meanlengths"),
    Mistake("lengths", "np.sqrt((centred**2).sum(axis=(2, 3)) * (pattern**2).sum())", "np.abs(centred).sum(axis=(2, 3)) * np.abs(pattern).sum()", "The length is the root of the sum of squares, not the sum of absolute values.", "ncc-abslengths"),
    Mistake("lengths", "(centred**2).sum(axis=(2, 3))", "((image - image.mean()) ** 2).sum()", "Each window has a length of its own; this is the one of the whole image.", "ncc-imagelength"),
    Mistake("lengths", "(centred**2).sum(axis=(2, 3))", "(centred**2).sum()", "Each window has a length of its own; this adds up all of them.", "ncc-alllengths"),
    Mistake("ncc", "products / np.maximum(lengths, 1e-6)", "np.abs(products) / np.maximum(lengths, 1e-6)", "The sign tells a match from its negative: do not take the absolute value.", "ncc-abs"),
    Mistake("ncc", "products / np.maximum(lengths, 1e-6)", "(products / np.maximum(lengths, 1e-6)) ** 2", "The map holds the correlation, not its square.", "ncc-square"),
    Mistake("ncc", "products / np.maximum(lengths, 1e-6)", "np.maximum(0, products / np.maximum(lengths, 1e-6))", "The map goes down to -1: do not cut off what is negative.", "ncc-clipped"),
    Mistake("ncc", "products / np.maximum(lengths, 1e-6)", "(1 + products / np.maximum(lengths, 1e-6)) / 2", "The map goes from -1 to 1: it is not moved to 0 .. 1.", "ncc-moved"),
    Mistake("ncc", "products / np.maximum(lengths, 1e-6)", "products / products.max()", "Each product is divided by the lengths of its own window, not all by the largest product.", "ncc-divmax"),
    Mistake("ncc", "products / np.maximum(lengths, 1e-6)", "products * lengths", "Divide by the lengths, so that a window counts by what it shows and not by its contrast.", "ncc-times"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "the window's mean drops out of the products": '''\
def normalized_cross_correlation(image, template):
    h, w = template.shape
    windows = np.lib.stride_tricks.sliding_window_view(image, (h, w))
    centred = windows - windows.mean(axis=(2, 3), keepdims=True)
    pattern = template - template.mean()
    products = (windows * pattern).sum(axis=(2, 3))
    lengths = np.sqrt((centred**2).sum(axis=(2, 3)) * (pattern**2).sum())
    ncc = products / np.maximum(lengths, 1e-6)
    return ncc
''',
    "standard deviations": '''\
def normalized_cross_correlation(image, template):
    windows = np.lib.stride_tricks.sliding_window_view(image, template.shape)
    mean = windows.mean(axis=(2, 3))
    covariance = (windows * template).mean(axis=(2, 3)) - mean * template.mean()
    spread = windows.std(axis=(2, 3)) * template.std()
    return np.where(spread > 1e-9, covariance / np.where(spread > 1e-9, spread, 1), 0)
''',
    "two loops": '''\
def normalized_cross_correlation(image, template):
    (H, W), (h, w) = image.shape, template.shape
    t = template - np.mean(template)
    ncc = np.zeros((H - h + 1, W - w + 1))
    for i in range(ncc.shape[0]):
        for j in range(ncc.shape[1]):
            patch = image[i : i + h, j : j + w]
            patch = patch - np.mean(patch)
            length = np.linalg.norm(patch) * np.linalg.norm(t)
            if length > 1e-9:
                ncc[i, j] = np.sum(patch * t) / length
    return ncc
''',
    "unit vectors": '''\
def unit(rows):
    rows = rows - rows.mean(axis=-1, keepdims=True)
    return rows / (np.linalg.norm(rows, axis=-1, keepdims=True) + 1e-12)


def normalized_cross_correlation(image, template):
    windows = np.lib.stride_tricks.sliding_window_view(image, template.shape)
    rows = windows.reshape(*windows.shape[:2], template.size)
    return unit(rows) @ unit(template.reshape(-1))
''',
}
