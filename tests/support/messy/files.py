"""Messes of the file itself: bytes, sizes, names, what lies in its place."""

import json
import os

from support.messy import code, mess, refused, svm


@mess()
def utf8_with_bom(book):
    return b"\xef\xbb\xbf" + book.bytes()


@mess()
def utf16(book):
    return book.bytes().decode().encode("utf-16")


@mess()
def utf16_without_bom(book):
    return book.bytes().decode().encode("utf-16-le")


@mess()
def windows_line_ends(book):
    return book.bytes().replace(b"\n", b"\r\n")


@mess()
def windows_line_ends_in_the_code(book):
    for cell in book.cells:
        cell["source"] = cell["source"].replace("\n", "\r\n")


@mess()
def old_mac_line_ends_in_the_code(book):
    for cell in book.cells:
        cell["source"] = cell["source"].replace("\n", "\r")


@mess()
def broken_utf8_in_an_output(book):
    book.cell("training")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "caf@ "}]
    return book.bytes().replace(b"caf@", b"caf\xe9")


@mess()
def broken_utf8_in_a_comment(book):
    book.inside("# caf@")
    return book.bytes().replace(b"caf@", b"caf\xe9")


@mess(
    **svm(
        "ERROR",
        0.0,
        "The cell svm_loss before it did not come to its end. SyntaxError: invalid character '�' (U+FFFD) (line 2).",
    )
)
def broken_utf8_in_a_name(book):
    book.inside("caf@ = 1")
    return book.bytes().replace(b"caf@", b"caf\xe9")


@refused("losses.ipynb is empty: save the notebook, and hand it in again.")
def empty_file(book):
    return b""


@refused("losses.ipynb is empty: save the notebook, and hand it in again.")
def only_spaces(book):
    return b" \n\n"


@refused(
    'losses.ipynb is not a notebook: it begins with "\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000", where a notebook begins with {.'
)
def zeros(book):
    return bytes(5000)


@refused("losses.ipynb is cut off: it ends in line 82, in the middle. Was it uploaded to its end?")
def truncated(book):
    data = book.bytes()
    return data[: len(data) // 2]


@refused("losses.ipynb holds a merge conflict in line 2: resolve it, open the notebook, and save it again.")
def merge_conflict(book):
    return book.bytes().replace(b' "cells": [', b'<<<<<<< HEAD\n "cells": [\n=======\n "cells": [\n>>>>>>> mine', 1)


@refused("losses.ipynb is not valid JSON: line 165, column 16: Expecting property name enclosed in double quotes.")
def a_comma_too_many(book):
    return book.bytes().replace(b'"nbformat": 4,', b'"nbformat": 4,,')


@mess()
def not_a_number_in_json(book):
    book.json["metadata"]["x"] = [float("nan"), float("inf"), -float("inf")]


@mess()
def duplicate_keys(book):
    return book.bytes().replace(b'"cells": [', b'"cells": [],\n "cells": [', 1)


@mess()
def deep_metadata(book):
    deep = []
    for _ in range(400):
        deep = [deep]
    book.json["metadata"]["deep"] = deep


@refused("losses.ipynb is not valid JSON: it is nested too deeply.")
def too_deep_metadata(book):
    book.json["metadata"]["deep"] = "@"
    return book.bytes().replace(b'"@"', b"[" * 100_000 + b"]" * 100_000)


@refused("losses.ipynb is not valid JSON: a number in it has too many digits.")
def a_huge_number(book):
    return book.bytes().replace(b'"nbformat_minor": 5', b'"nbformat_minor": ' + b"9" * 5000)


@refused('losses.ipynb is not a notebook: it begins with "%PDF-1.7\\n%", where a notebook begins with {.')
def a_pdf(book):
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


@refused(
    'losses.ipynb is not a notebook: it begins with "PK\\u0003\\u0004\\u0014\\u0000\\u0000\\u0000\\b\\u0000", where a notebook begins with {.'
)
def a_zip(book):
    return b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(range(256))


@refused('losses.ipynb is not a notebook: it begins with "<!DOCTYPE ", where a notebook begins with {.')
def a_web_page(book):
    return b"<!DOCTYPE html>\n<html><head><title>losses - Jupyter</title></head></html>\n"


@refused('losses.ipynb is not a notebook: it begins with "# %%\\nimpor", where a notebook begins with {.')
def a_python_script(book):
    return b"# %%\nimport numpy as np\n"


@refused("losses.ipynb is not a notebook: it has no list of cells.")
def a_json_list(book):
    return json.dumps(book.cells).encode()


@refused("losses.ipynb is not the notebook that was released: no cell of it fits.")
def a_foreign_notebook(book):
    return json.dumps(
        {"cells": [code("print(1)", id="abc")], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    ).encode()


@refused("losses.ipynb is not the notebook that was released: no cell of it fits.")
def no_cells(book):
    book.cells.clear()


@mess()
def output_of_30_mb(book):
    book.cell("test_svm_loss")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 30_000_000}]


@mess()
def output_of_60_mb(book):
    line = "a line of a progress bar\n"
    book.cell("training")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": [line] * (60_000_000 // (len(line) + 5))}
    ]


@mess()
def output_of_60_mb_with_an_emoji(book):
    book.cell("training")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "\U0001f600" + "x" * 60_000_000}
    ]


@refused(
    "losses.ipynb is too large: it has 110.0 MB, and 100 MB is the most that is read. Clear its outputs, save it, and hand it in again."
)
def output_of_110_mb(book):
    book.cell("training")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 110_000_000}]


@refused("losses.ipynb has 100,009 cells, and 2,000 is the most that is read.")
def a_hundred_thousand_cells(book):
    book.cells.extend(code("", id=f"c{i}") for i in range(100_000))


@mess()
def a_thousand_empty_cells(book):
    book.cells.extend(code("", id=f"c{i}") for i in range(1_000))


@refused(
    "losses.ipynb is too large: it holds 1,000,038 lists and tables, and 1,000,000 is the most that is read. Clear its outputs, save it, and hand it in again."
)
def a_million_outputs(book):
    book.cell("training")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}] * 1_000_001


@refused("losses.ipynb is a folder.")
def a_folder(book):
    book.path.mkdir()
    return book.path


@refused("losses.ipynb is a link, and links are not followed: hand in the notebook itself.")
def a_symlink(book):
    other = book.path.with_name("answers.txt")
    other.write_bytes(book.bytes())
    book.path.symlink_to(other)
    return book.path


@refused("losses.ipynb is not a plain file.")
def a_pipe(book):
    os.mkfifo(book.path)
    return book.path


@refused("losses.ipynb was not handed in.")
def no_file(book):
    return book.path


@refused("losses.ipynb is a link, and links are not followed: hand in the notebook itself.")
def a_dangling_symlink(book):
    book.path.symlink_to("nowhere")
    return book.path


@mess(notes=["losses.ipynb was not handed in; Losses.ipynb was taken for it."])
def name_in_capitals(book):
    book.path.with_name("Losses.ipynb").write_bytes(book.bytes())
    return book.path


@mess(notes=["losses.ipynb was not handed in; losses (1).ipynb was taken for it."])
def name_of_a_download(book):
    book.path.with_name("losses (1).ipynb").write_bytes(book.bytes())
    return book.path


@mess(notes=["losses.ipynb was not handed in; losses-Copy1.ipynb was taken for it."])
def name_of_a_copy(book):
    book.path.with_name("losses-Copy1.ipynb").write_bytes(book.bytes())
    return book.path


@mess(notes=["losses.ipynb was not handed in; hw1_ada_lovelace_FINAL.ipynb was taken for it."])
def name_of_the_student(book):
    book.path.with_name("hw1_ada_lovelace_FINAL.ipynb").write_bytes(book.bytes())
    return book.path


@mess(notes=["losses.ipynb was not handed in; losses.IPYNB was taken for it."])
def suffix_in_capitals(book):
    book.path.with_name("losses.IPYNB").write_bytes(book.bytes())
    return book.path


@mess(notes=["losses.ipynb was not handed in; losses.ipynb.txt was taken for it."])
def suffix_of_a_download(book):
    book.path.with_name("losses.ipynb.txt").write_bytes(book.bytes())
    return book.path


@refused(
    "losses.ipynb was not handed in, and more than one notebook could be it: losses (1).ipynb, losses (2).ipynb. Keep one.",
    notes=[
        "losses (1).ipynb is no notebook of this assignment; it was left aside.",
        "losses (2).ipynb is no notebook of this assignment; it was left aside.",
    ],
)
def two_copies_of_other_names(book):
    book.path.with_name("losses (1).ipynb").write_bytes(book.bytes())
    book.path.with_name("losses (2).ipynb").write_bytes(book.bytes())
    return book.path


@mess(notes=["losses-Copy1.ipynb is no notebook of this assignment; it was left aside."])
def a_copy_beside_it(book):
    book.path.with_name("losses-Copy1.ipynb").write_bytes(b"{}")


@mess()
def checkpoints_beside_it(book):
    folder = book.path.with_name(".ipynb_checkpoints")
    folder.mkdir()
    (folder / "losses-checkpoint.ipynb").write_bytes(b"{}")


@mess(notes=["losses.ipynb was not handed in; hw1/losses.ipynb was taken for it."])
def in_a_folder_of_its_own(book):
    folder = book.path.with_name("hw1")
    folder.mkdir()
    (folder / "losses.ipynb").write_bytes(book.bytes())
    return book.path


@mess()
def not_readable(book):
    book.path.write_bytes(book.bytes())
    book.path.chmod(0)
    return book.path


@mess()
def modules_that_shadow_libraries_beside_it(book):
    for name in ("numpy", "random", "flatgrade", "json"):
        book.path.with_name(f"{name}.py").write_text("raise SystemExit('mine')\n")


@mess()
def a_data_file_beside_it(book):
    book.beside["my data.csv"] = b"1,2\n3,4\n"
    book.top("data = np.loadtxt('my data.csv', delimiter=',')\nassert data.sum() == 10")
