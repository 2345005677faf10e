"""Names of files: like the uploaded ones, no two alike, good everywhere."""

from hypothesis import given
from hypothesis import strategies as st

from shared.exporting.names import Names


def given_names(*files):
    names = Names()
    return [names.give(*file) for file in files]


def test_a_name_is_kept_without_its_extension_and_with_it_in_tables():
    assert given_names(("well 01.ome.tif", None)) == [("well 01.ome", "well 01.ome.tif")]


def test_pages_and_repeated_names_are_told_apart():
    files = [("a.tif", 0), ("a.tif", 1), ("b.png", None), ("B.jpg", None), ("b_2.png", None)]

    assert [stem for stem, _ in given_names(*files)] == ["a_p0", "a_p1", "b", "B_2", "b_2_2"]


def test_what_windows_refuses_is_replaced():
    files = [('a<b>:"|?*.tif', None), ("con.png", None), ("dots...", None), (".tif", None)]

    assert [stem for stem, _ in given_names(*files)] == ["a_b______", "_con", "dots", "tif"]


def test_a_long_name_leaves_room_for_what_comes_after_it():
    longest = [("ü" * 125 + ".tif", page) for page in (0, 1, None, None)]

    stems = [stem for stem, _ in given_names(*longest)]

    assert stems == ["ü" * 100 + end for end in ("_p0", "_p1", "", "_2")]
    assert all(len(f"{stem}_RoiSet.zip".encode()) <= 255 for stem in stems)


def test_what_no_xml_may_hold_is_replaced():
    """The name of an image stands in the XML of its label image."""
    assert given_names(("a\ufffe\uffff.tif", None)) == [("a__", "a__.tif")]


def test_thousands_of_one_name_are_numbered_in_one_go():
    class Counting(set[str]):
        looks = 0

        def __contains__(self, name: object) -> bool:
            self.looks += 1
            return super().__contains__(name)

    names, taken = Names(), Counting()
    names._taken = taken
    stems = [names.give("1.tif", None)[0] for _ in range(500)]

    assert stems[-1] == "1_500"
    assert taken.looks < 3 * len(stems)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.none() | st.integers(0, 3))))
def test_no_two_are_alike_whatever_they_were(files):
    found = given_names(*files)

    assert len({stem.lower() for stem, _ in found}) == len(files)
    assert len({name.lower() for _, name in found}) == len(files)
    assert all(
        "/" not in stem and "\\" not in stem and stem not in {".", ".."} for stem, _ in found
    )
