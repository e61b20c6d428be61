"""Matrix products by cuBLAS itself, which CUDA graphs can record.

CuPy refuses to call cuBLAS while a graph is being recorded: it does not give cuBLAS a workspace of
its own beforehand, and without one cuBLAS may allocate.
"""

from ctypes import CDLL, byref, c_double, c_float, c_int, c_size_t, c_void_p
from typing import Any
from weakref import finalize

_PLAIN, _TRANSPOSED = 0, 1  # cublasOperation_t
_HOST_SCALARS = 0  # cublasPointerMode_t
_FULL_PRECISION = 0  # cublasMath_t: products of float32 are not rounded to TF32

_GEMM = {
    "float32": ("cublasSgemm_v2", c_float),
    "float64": ("cublasDgemm_v2", c_double),
}
"""Function and type of its scalars, by dtype."""


class Cublas:
    """Matrix products on one stream, in plain float32 or float64.

    Parameters
    ----------
    cupy
        The module, whose cuBLAS library is the one that is called.
    stream
        A `cupy.cuda.Stream`.
    workspace
        Bytes of device memory that a product may use besides its arrays.

    Raises
    ------
    RuntimeError
        If cuBLAS reports an error, here and in every call.
    """

    def __init__(self, cupy: Any, stream: Any, workspace: int) -> None:
        # A symbol that CuPy's module does not have is looked up in what the module is linked to.
        self._library = CDLL(cupy.cuda.cublas.__file__)
        handle = c_void_p()
        self._call("cublasCreate_v2", byref(handle))
        self._handle = handle
        finalize(self, self._library.cublasDestroy_v2, handle)
        self._call("cublasSetStream_v2", handle, c_void_p(stream.ptr))
        # Setting the stream takes the workspace away, so it is given afterwards.
        self._workspace = cupy.empty(workspace, "uint8")
        pointer = c_void_p(self._workspace.data.ptr)
        self._call("cublasSetWorkspace_v2", handle, pointer, c_size_t(workspace))
        self._call("cublasSetPointerMode_v2", handle, c_int(_HOST_SCALARS))
        self._call("cublasSetMathMode", handle, c_int(_FULL_PRECISION))

    def matmul(self, a: Any, b: Any, out: Any) -> None:
        """Set out = a @ b for matrices of one dtype, whose rows or columns are contiguous.

        cuBLAS counts in columns: what is a matrix of rows to us is its transpose to cuBLAS, which
        therefore computes out.T = b.T @ a.T.
        """
        function, scalar = _GEMM[str(out.dtype)]
        (rows, inner), columns = a.shape, b.shape[1]
        self._call(
            function,
            self._handle,
            _operation(b),
            _operation(a),
            *map(c_int, (columns, rows, inner)),
            byref(scalar(1)),
            *_pointer(b),
            *_pointer(a),
            byref(scalar(0)),
            *_pointer(out),
        )

    def _call(self, function: str, *arguments: Any) -> None:
        status = getattr(self._library, function)(*arguments)
        if status != 0:
            raise RuntimeError(f"{function}: cuBLAS reports status {status}")


def _operation(matrix: Any) -> c_int:
    """Whether cuBLAS has to transpose its view of a matrix: if its columns are contiguous."""
    return c_int(_PLAIN if matrix.strides[1] == matrix.itemsize else _TRANSPOSED)


def _pointer(matrix: Any) -> tuple[c_void_p, c_int]:
    """Address of a matrix and elements from one of its rows (or contiguous columns) to the next."""
    contiguous = 1 if matrix.strides[1] == matrix.itemsize else 0
    leading = max(matrix.strides[1 - contiguous] // matrix.itemsize, matrix.shape[contiguous])
    return c_void_p(matrix.data.ptr), c_int(leading)
