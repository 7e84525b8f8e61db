"""A backdoor of images: a bright square patch in a corner (BadNets: Gu et al., arXiv:1708.06733).

The attacker knows the images' shape, and no model. The trigger is the same at every seed; which
images bear it is drawn.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from qunlearn.config.options import Count
from qunlearn.parts.corruptions import Backdoor
from qunlearn.parts.part import option


class PixelPatch(Backdoor):
    """A bright patch in a corner of an image, labelled with the target class; the image keeps its norm."""

    label = "pixel patch"

    size: Count = option(2, says="pixels of a side of the patch")
    corner: Literal["top_left", "top_right", "bottom_left", "bottom_right"] = option(
        "bottom_right", says="where the patch is"
    )
    brightness: Annotated[float, Field(ge=0, le=100)] = option(
        1.0, says="of its pixels, in units of the image's brightest one"
    )

    def misfit(self, source, dataset):
        if source.image_size():
            return ""
        return f"{dataset} holds no images to put a patch on; states have local_rotation"

    def problems(self, source, dataset):
        shape = source.image_size()
        if self.size >= min(shape):
            rows, columns = shape
            return [
                f"a patch of {self.size} x {self.size} pixels does not fit images of {rows} x {columns} ({dataset}); "
                f"take a `size` of at most {min(shape) - 1}"
            ]
        return []

    def triggered(self, x, image_shape):
        rows, columns = image_shape
        norms = np.linalg.norm(x, axis=1, keepdims=True)  # (N, 1)
        bright = self.brightness * np.abs(x).max(axis=1)  # (N,)
        changed = x.copy()  # features beyond the pixels are padding
        pixels = changed[:, : rows * columns].reshape(-1, rows, columns)
        along_rows = slice(-self.size, None) if "bottom" in self.corner else slice(self.size)
        along_columns = slice(-self.size, None) if "right" in self.corner else slice(self.size)
        pixels[:, along_rows, along_columns] = bright[:, None, None]
        changed[:, : rows * columns] = pixels.reshape(-1, rows * columns)
        lengths = np.linalg.norm(changed, axis=1, keepdims=True)
        return changed * norms / np.where(lengths == 0, 1, lengths)
