"""The number of entries of a histogram of gradients: reference, hidden cases, known mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def hog_length(height, width, cell, bins):
    rows = height // cell
    columns = width // cell
    return rows * columns * bins


def cases(rng):
    """Hidden inputs: sizes that the cells fit, and sizes with something left over."""

    def draw(height, width, cell, bins):
        return {"height": height, "width": width, "cell": cell, "bins": bins}

    return [
        Case("rows and columns left over", draw(45, 98, 8, 9), generic=True),
        Case("other cells and directions", draw(106, 51, 7, 12), generic=True),
        Case("cells that fit", draw(64, 128, 8, 9)),
        Case("one cell", draw(8, 8, 8, 9)),
        Case("a picture smaller than a cell", draw(7, 30, 8, 9)),
    ]


MISTAKES = [
    Mistake("length", "rows * columns * bins", "rows * columns", "Each cell has one number for every direction: how many numbers is that?", "length-cells"),
    Mistake("length", "rows * columns * bins", "(rows + columns) * bins", "How many cells stand in a grid of rows and columns? They are not added.", "length-sum"),
    Mistake("length", "rows * columns * bins", "(height * width) // (cell * cell) * bins", "Only whole cells count, in each direction by itself; this fits the area.", "length-area"),
    Mistake("length", "rows * columns * bins", "(height * width) // cell * bins", "A cell covers cell times cell pixels: divide both sides by it.", "length-onecell"),
    Mistake("length", "rows * columns * bins", "height * width * bins", "The directions are counted for each cell, not for each pixel.", "length-pixels"),
    Mistake("length", "rows * columns * bins", "-(-height // cell) * -(-width // cell) * bins", "What is left over at the border makes no cell: round down, not up.", "length-ceil"),
    Mistake("length", "rows * columns * bins", "round(height / cell) * round(width / cell) * bins", "What is left over at the border makes no cell: round down, not to the nearest.", "length-round"),
    Mistake("length", "rows * columns * bins", "height / cell * width / cell * bins", "Only whole cells count: the number of rows is a whole number.", "length-fraction"),
    Mistake("length", "rows * columns * bins", "max(height - cell + 1, 0) * max(width - cell + 1, 0) * bins", "The cells stand side by side; they do not begin at every pixel.", "length-sliding"),
    Mistake("length", "rows * columns * bins", "3 * rows * columns * bins", "The picture is grey: there are no three colours.", "length-colours"),
    Mistake("length", "height // cell", "width // cell", "The number of rows comes from the height, that of columns from the width.", "length-square"),
    Mistake("length", "width // cell", "height // cell", "The number of columns comes from the width.", "length-squareheight"),
]

EQUIVALENTS = {
    "one line": '''\
def hog_length(height, width, cell, bins):
    return bins * (height // cell) * (width // cell)
''',
    "rounding down by int": '''\
def hog_length(height, width, cell, bins):
    cells = int(height / cell) * int(width / cell)
    return float(cells * bins)
''',
    "counting": '''\
def hog_length(height, width, cell, bins):
    count = 0
    for top in range(0, height - cell + 1, cell):
        for left in range(0, width - cell + 1, cell):
            count += bins
    return count
''',
}
