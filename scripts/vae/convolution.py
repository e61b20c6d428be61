"""A convolution as an affine layer over patches of an image.

NumPy is imported where patches are taken, so that sizes are known without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Size = tuple[int, int]


@dataclass(frozen=True)
class Convolution:
    """Which patches of an image a layer's affine map is applied to.

    An image is height x width x channels in C order, a patch kernel x kernel x channels. The image
    is first enlarged `upsampling` times by repeating pixels and cut at the bottom and the right to
    `output_size`, if `upsampling` is not 1. Then patches are taken at every `stride`-th pixel;
    beyond the border pixels are 0, as many as TensorFlow's padding "SAME" has.

    Attributes
    ----------
    channels
        Of the image it is given.
    input_size, output_size
        Height and width of the image it is given, and of that of its patches.
    """

    kernel: int
    channels: int
    input_size: Size
    output_size: Size
    stride: int = 1
    upsampling: int = 1

    @property
    def patch(self) -> int:
        """Numbers in a patch."""
        return self.kernel**2 * self.channels

    @property
    def positions(self) -> int:
        """Patches of one image."""
        return prod(self.output_size)


def halved(size: Size) -> Size:
    """Size of an image of which every other row and column are kept, from the first."""
    return (size[0] + 1) // 2, (size[1] + 1) // 2


def patches(x: np.ndarray, convolution: Convolution) -> np.ndarray:
    """Patches of images.

    Parameters
    ----------
    x
        n x pixels, a row an image.
    convolution
        Which patches.

    Returns
    -------
    ndarray
        (n positions) x (kernel kernel channels), the images one after the other and the positions
        of each in C order; a copy.
    """
    import numpy as np
    from numpy.lib.stride_tricks import sliding_window_view

    images = x.reshape(len(x), *convolution.input_size, convolution.channels)
    if convolution.upsampling != 1:
        height, width = convolution.output_size
        for axis in (1, 2):
            images = images.repeat(convolution.upsampling, axis)
        images = images[:, :height, :width]
    kernel, stride = convolution.kernel, convolution.stride
    padding = [
        _same_padding(size, kernel, stride) if axis in (1, 2) else (0, 0)
        for axis, size in enumerate(images.shape)
    ]
    windows = sliding_window_view(np.pad(images, padding), (kernel, kernel), (1, 2))
    ordered = np.moveaxis(windows[:, ::stride, ::stride], 3, -1)
    return ordered.reshape(len(x) * convolution.positions, convolution.patch)


def _same_padding(size: int, kernel: int, stride: int) -> Size:
    """Zeros before and after an axis."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2
