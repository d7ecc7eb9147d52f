"""The pages of `flatgrade prove`: one row an exercise, and one row a mistake with the case that shows it."""

from flatgrade.grader.prove import Kill, Proof
from flatgrade.proof_pages import proofs_page, write_kills

HIDDEN = ("typical sizes", "one row", "p = 1")
PROOF = Proof(
    "dropout",
    reference=True,
    hidden=HIDDEN,
    kills=[
        Kill("drop-scale", "out", HIDDEN),
        Kill("drop-keep|p", "out", ("one row", "p = 1")),
        Kill("drop-divide", "dx", ("p = 1",)),
        Kill("drop-never", "dx", ()),
    ],
)


def test_a_mistake_that_one_case_alone_shows_is_marked(tmp_path):
    """The first case that shows a mistake stands beside it, and in words where there is no other."""
    write_kills(tmp_path / "kills.md", {"a2": [PROOF, Proof("numbers", hidden=HIDDEN)]})
    page = (tmp_path / "kills" / "a2.md").read_text(encoding="utf-8")
    assert page.endswith(
        """
## dropout

Hidden cases: typical sizes; one row; p = 1.

| mistake | at | first shown by | shown by |
|---|---|---|---|
| drop-scale | out | typical sizes | 3 of 3 |
| drop-keep\\|p | out | one row | 2 of 3 |
| drop-divide | dx | p = 1 | **this case alone**, of 3 |
| drop-never | dx | no hidden case | 0 of 3 |
"""
    )
    index = (tmp_path / "kills.md").read_text(encoding="utf-8")
    assert "## [a2](kills/a2.md)\n" in index
    assert index.endswith("| dropout | 3 | 4 | 1 |\n| numbers | 3 | 0 | 0 |\n")


def test_the_only_case_of_an_exercise_is_not_marked(tmp_path):
    """Where there is one case, it shows everything alone, and that says nothing."""
    proof = Proof("sizes", hidden=("other sizes",), kills=[Kill("sizes-floor", "n", ("other sizes",))])
    write_kills(tmp_path / "kills.md", {"a3": [proof]})
    page = (tmp_path / "kills" / "a3.md").read_text(encoding="utf-8")
    assert page.endswith("| sizes-floor | n | other sizes | 1 of 1 |\n")


def test_a_proof_is_a_row():
    """What does not hold has a cross."""
    assert proofs_page([PROOF]).endswith("| dropout | ✓ 100 % | ✗ | 0/0 | 0/0 | 0/0 | 0/0 | none |\n")
