"""The engine that is chosen when nobody names one."""

from shared.domain.choice import Choice, default_engine
from shared.domain.engines import EngineSpec, Modality


def spec(name, *default):
    return EngineSpec(
        name=name, version="1", title=name, licence="MIT", modalities=[], default=list(default),
        params={},
    )  # fmt: skip


def test_the_default_of_the_kind_of_picture_is_taken():
    specs = [spec("a", Modality.ANY), spec("b", Modality.SPHEROID_BF)]

    assert default_engine(specs, Modality.SPHEROID_BF).name == "b"


def test_without_one_the_default_of_any_kind_is_taken_and_else_the_first():
    specs = [spec("a"), spec("b", Modality.ANY)]

    assert default_engine(specs, Modality.CELLS_PHASE).name == "b"
    assert default_engine(specs, None).name == "b"
    assert default_engine(specs[:1], None).name == "a"
    assert default_engine([], None) is None


def test_the_reason_says_how_many_images_look_like_what():
    choice = Choice(modality=Modality.NUCLEI_FLUO, images=24, of=25)

    assert choice.reason == ("24 of 25 images look like fluorescent nuclei (bright on dark).")
    assert Choice(modality=Modality.ANY, images=1, of=1).reason == (
        "The one image looks like none of the kinds that are known."
    )
    assert Choice(modality=Modality.CELLS_PHASE, images=1, of=2).reason.startswith(
        "1 of 2 images looks"
    )
    assert Choice().reason == "The first images will decide."
