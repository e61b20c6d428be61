"""A convolution as an affine layer over what lies around every pixel of an image.

NumPy is imported where it is gathered, so that sizes are known without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

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

    def gather(self, x: np.ndarray) -> np.ndarray:
        """Patches of images.

        Parameters
        ----------
        x
            n x pixels, a row an image.

        Returns
        -------
        ndarray
            (n positions) x (kernel kernel channels), the images one after the other and the
            positions of each in C order; a copy.
        """
        import numpy as np
        from numpy.lib.stride_tricks import sliding_window_view

        images = x.reshape(len(x), *self.input_size, self.channels)
        if self.upsampling != 1:
            height, width = self.output_size
            for axis in (1, 2):
                images = images.repeat(self.upsampling, axis)
            images = images[:, :height, :width]
        padding = [
            _same_padding(size, self.kernel, self.stride) if axis in (1, 2) else (0, 0)
            for axis, size in enumerate(images.shape)
        ]
        windows = sliding_window_view(np.pad(images, padding), (self.kernel, self.kernel), (1, 2))
        ordered = np.moveaxis(windows[:, :: self.stride, :: self.stride], 3, -1)
        return ordered.reshape(len(x) * self.positions, self.patch)


@dataclass(frozen=True)
class GraphConvolution:
    """A convolution on the graph of an image's pixels (Kipf & Welling 2017, eq. 2).

    Pixels that share an edge are neighbours: a pixel within the image has four. With A the
    adjacency matrix of the pixels and D the row sums of A + I, the affine map is applied to the
    rows of D^-1/2 (A + I) D^-1/2 H, where H is pixels x channels. The matrix is never formed.

    Attributes
    ----------
    channels
        Of the image it is given.
    output_size
        Height and width of the image, which stays as large as it is.
    """

    channels: int
    output_size: Size

    @property
    def patch(self) -> int:
        """Numbers that the map is given at a pixel."""
        return self.channels

    @property
    def positions(self) -> int:
        """Pixels of one image."""
        return prod(self.output_size)

    def gather(self, x: np.ndarray) -> np.ndarray:
        """Weighted sums of every pixel and its neighbours; see `neighbourhoods`.

        Parameters
        ----------
        x
            n x (pixels channels), a row an image.

        Returns
        -------
        ndarray
            (n pixels) x channels.
        """
        import numpy as np

        images = x.reshape(len(x), *self.output_size, self.channels)
        return neighbourhoods(images, self.scale(x.dtype), np.pad).reshape(-1, self.channels)

    def scale(self, dtype: Any) -> np.ndarray:
        """Diagonal of D^-1/2; height x width x 1."""
        import numpy as np

        ones = np.ones((1, *self.output_size, 1))
        return (neighbourhoods(ones, 1, np.pad)[0] ** -0.5).astype(dtype)


def neighbourhoods(images: Any, scale: Any, pad: Any) -> Any:
    """Sums of every pixel and its neighbours, multiplied by `scale` before and after.

    Parameters
    ----------
    images
        n x height x width x channels, of any library whose function `pad` is like NumPy's.
    scale
        Height x width x 1, or a number.
    pad
        The library's.
    """
    x = pad(images * scale, [[0, 0], [1, 1], [1, 1], [0, 0]])
    rows = x[:, :-2, 1:-1] + x[:, 1:-1, 1:-1] + x[:, 2:, 1:-1]
    return (rows + x[:, 1:-1, :-2] + x[:, 1:-1, 2:]) * scale


def halved(size: Size) -> Size:
    """Size of an image of which every other row and column are kept, from the first."""
    return (size[0] + 1) // 2, (size[1] + 1) // 2


def _same_padding(size: int, kernel: int, stride: int) -> Size:
    """Zeros before and after an axis."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2
