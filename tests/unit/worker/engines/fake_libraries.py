"""Small stand-ins of the libraries behind the adapters: their names, arguments and answers.

Each was written after the source of the version named; what it is called with is kept in `calls`.
All of them outline what is above the middle of the picture's range.
"""

OUTLINING = """
import numpy as np
from skimage.measure import label

calls = []

def parts(plane):
    plane = np.asarray(plane, float)
    middle = (plane.min() + plane.max()) / 2
    return label(plane > middle, connectivity=1).astype(np.int32)
"""

#: cellpose 4.2.1
CELLPOSE = (
    OUTLINING
    + """
import os

class CellposeModel:
    def __init__(self, gpu=False, pretrained_model="cpsam_v2", model_type=None, diam_mean=None,
                 device=None, nchan=None, use_bfloat16=True):
        assert os.path.exists(pretrained_model), "it would fetch another model"
        calls.append(("init", gpu, pretrained_model, use_bfloat16))

    def eval(self, x, batch_size=8, resample=True, channels=None, channel_axis=None, z_axis=None,
             normalize=True, rescale=None, diameter=None, flow_threshold=0.4,
             cellprob_threshold=0.0, min_size=15):
        assert channels is None and channel_axis == -1 and x.ndim == 3 and x.shape[2] <= 3
        calls.append(("eval", x.shape, normalize, diameter, float(np.percentile(x, 99))))
        masks = parts(x[..., 0])
        sure = np.where(masks > 0, 4.0, -4.0)
        return masks.squeeze(), [None, None, sure.squeeze()], np.zeros(256)

def cache_model_path(backbone):
    from urllib.error import URLError
    raise URLError("Name or service not known")
"""
)

#: stardist 0.9.2
STARDIST = (
    OUTLINING
    + """
import json
from pathlib import Path
from types import SimpleNamespace

class StarDist2D:
    def __init__(self, config, name=None, basedir="."):
        assert config is None
        read = json.loads((Path(basedir) / name / "config.json").read_text())
        self.config = SimpleNamespace(n_channel_in=read["n_channel_in"])

    def predict_instances(self, img, axes=None, normalizer=None, sparse=True, prob_thresh=None,
                          nms_thresh=None, scale=None, n_tiles=None, show_tile_progress=True):
        assert axes == ("YX" if img.ndim == 2 else "YXC")
        calls.append((axes, prob_thresh, nms_thresh, float(np.percentile(img, 99.8))))
        labels = parts(img if img.ndim == 2 else img[..., 0])
        # An object that others hide whole has a probability and no pixel.
        return labels, {"prob": np.linspace(0.6, 0.9, labels.max() + 1)}
"""
)

#: cellcast 0.3.2: like PyO3, a panic is no Exception.
CELLCAST = (
    OUTLINING
    + """
from pathlib import Path

class PanicException(BaseException):
    pass

class StarDist2D:
    @staticmethod
    def init_fluo(weights_path=None, gpu=None):
        if not weights_path or Path(weights_path).read_bytes() == b"broken":
            raise PanicException("called `Result::unwrap()` on an `Err` value")
        calls.append(("fluo", weights_path, gpu))
        return StarDist2D()

    @staticmethod
    def init_he(weights_path=None, gpu=None):
        calls.append(("he", weights_path, gpu))
        return StarDist2D()

    def predict_fluo(self, data, /, pmin=None, pmax=None, prob_threshold=None, nms_threshold=None):
        assert data.ndim == 2 and data.flags["C_CONTIGUOUS"]
        calls.append((prob_threshold, nms_threshold))
        return parts(data).astype(np.uint16)

    def predict_he(self, data, /, pmin=None, pmax=None, prob_threshold=None, nms_threshold=None,
                   axis=None):
        assert data.ndim == 3 and data.shape[2] == 3
        return parts(data[..., 0]).astype(np.uint16)
"""
)

#: instanseg-torch 0.1.2
INSTANSEG = (
    OUTLINING
    + """
class InstanSeg:
    def __init__(self, model_type="brightfield_nuclei", device=None, image_reader="auto",
                 verbosity=1, channels_last=True):
        assert not isinstance(model_type, str), "it would fetch a model"
        calls.append(("init", model_type, device))

    def eval_small_image(self, image, pixel_size=None, normalise=True, return_image_tensor=True,
                         target="all_outputs", rescale_output=True):
        # It takes the shortest side for the channels.
        assert int(np.argmin(image.shape)) == 2
        calls.append(("eval", pixel_size, normalise, target, image.shape))
        return Tensor(parts(image[..., 0])[np.newaxis, np.newaxis].astype(np.float32))

class Tensor:
    def __init__(self, values):
        self._values = values

    def cpu(self):
        return self._values
"""
)

TORCH = """
class jit:
    @staticmethod
    def load(path, map_location=None):
        return ("module", path, map_location)
"""

#: bioimageio.core 0.11
BIOIMAGEIO = (
    OUTLINING
    + """
import json
from types import SimpleNamespace
from zipfile import ZipFile

class Tensor:
    def __init__(self, values, dims):
        self._values, self.dims = values, dims

    @classmethod
    def from_numpy(cls, array, *, dims):
        assert array.ndim == len(dims)
        return cls(array, dims)

    def to_numpy(self):
        return self._values

def load_model_description(source, /, *, perform_io_checks=None):
    read = json.loads(ZipFile(source).read("rdf.yaml"))
    axes = [SimpleNamespace(id=name, **({"size": read["channels"]} if name == "channel" else {}))
            for name in read.get("axes", ["batch", "channel", "y", "x"])]
    return SimpleNamespace(
        inputs=[SimpleNamespace(id="raw", axes=axes)] * read.get("inputs", 1),
        weights=[("torchscript", SimpleNamespace(source=read.get("weights", "weights.pt"))),
                 ("onnx", None)],
        gives=read["gives"],
    )

def get_member_id(descr):
    return descr.id

def create_sample_for_model(model, *, inputs):
    (tensor,) = inputs.values()
    assert list(inputs) == ["raw"] and tensor.dims == ("batch", "channel", "y", "x")
    return tensor

class Pipeline:
    def __init__(self, model):
        self.model_descr = model

    def load(self):
        calls.append("load")

    def unload(self):
        calls.append("unload")

    def predict_sample_with_blocking(self, sample):
        planes = sample.to_numpy()
        calls.append(planes.shape)
        labels = parts(planes[0, 0])
        sure = (labels > 0).astype(np.float32)
        given = {
            "labels": labels[np.newaxis],
            "float labels": labels.astype(np.float32)[np.newaxis],
            "foreground": sure[np.newaxis],
            "boundary": np.stack([sure, np.zeros_like(sure)]),
            "rays": np.stack([sure] * 33),
        }[self.model_descr.gives]
        mask = Tensor(given[np.newaxis], ("batch", "channel", "y", "x"))
        return SimpleNamespace(members={"score": Tensor(np.zeros(3), ("batch",)), "mask": mask})

def create_prediction_pipeline(model, *, devices=None):
    calls.append(devices)
    return Pipeline(model)
"""
)

#: Where each stand-in lies; a package is a module in an empty package.
MODULES = {
    "cellpose/models.py": CELLPOSE,
    "stardist/models.py": STARDIST,
    "cellcast/models.py": CELLCAST,
    "instanseg/__init__.py": INSTANSEG,
    "torch/__init__.py": TORCH,
    "bioimageio/core/__init__.py": BIOIMAGEIO,
    "bioimageio/core/digest_spec.py": "from bioimageio.core import *\n",
    "bioimageio/core/tensor.py": "from bioimageio.core import Tensor\n",
}
