"""What the product lacks yet for some rows: empty an entry, and its rows are played."""

#: By the word that rows ask with; an empty sentence means that it is there.
LACKING = {
    "cancel": "the cancel actions",
    "hard limit": "the code `timeout` for a child that the hard limit killed",
    "memory": "a memory limit for each child",
    "apart": "a last attempt that does not meet the image beside which the worker was lost",
    "hand-back": "the graceful hand-back that lowers the attempt",
}


def lacks(word: str) -> str:
    """Return what is lacking, empty when nothing is."""
    return LACKING.get(word, "")
