"""As much of CuPy as the CuPy backend uses, on the host, so that its kernels run without a GPU.

The CUDA text is compiled by the host's C++ compiler, unchanged, behind a prelude that stands for
what CUDA gives it. A block's threads are fibres that take turns at every barrier; blocks run one
after another, and so do streams. cuBLAS is a plain loop over matrices of columns. While a graph is
recorded, launches are kept for later, and all else that touches a device is an error.
"""

import ctypes
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from vae.backends.cuda_source import KERNELS, SOURCE

COMPILER = shutil.which("g++") or shutil.which("c++")

_PRELUDE = """
#include <math.h>
#include <stddef.h>
#include <ucontext.h>

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__ static
#define __device__ static inline
#define __shared__ static

struct Index { unsigned x, y, z; };
static Index threadIdx, blockIdx, blockDim, gridDim;

static ucontext_t scheduler, *running;
static std::function<void()> body;
static bool finished;

static void fibre() { body(); finished = true; }
static void __syncthreads() { swapcontext(running, &scheduler); }

/* Whether all threads of the block met at the same barriers. */
static bool run_block(unsigned threads) {
    const size_t stack = 1 << 16;
    static std::vector<char> stacks(1024 * stack);
    std::vector<ucontext_t> contexts(threads);
    for (unsigned thread = 0; thread < threads; thread++) {
        getcontext(&contexts[thread]);
        contexts[thread].uc_stack.ss_sp = &stacks[thread * stack];
        contexts[thread].uc_stack.ss_size = stack;
        contexts[thread].uc_link = &scheduler;
        makecontext(&contexts[thread], fibre, 0);
    }
    for (unsigned ended = 0; ended == 0;) {
        for (unsigned thread = 0; thread < threads; thread++) {
            threadIdx = {thread % blockDim.x, thread / blockDim.x, 0};
            running = &contexts[thread];
            finished = false;
            swapcontext(&scheduler, running);
            ended += finished;
        }
        if (ended != 0 && ended != threads) return false;
    }
    return true;
}

static bool recording = false, met = true;
static std::vector<std::function<void()>> recorded;
static std::vector<std::vector<std::function<void()>>> graphs;

static void submit(std::function<void()> work) {
    if (recording) recorded.push_back(work);
    else work();
}

/* An argument's size, that of what it points to if it is a pointer, negative then. */
template <class A> int size_of() {
    if constexpr (std::is_pointer_v<A>) return -(int)sizeof(std::remove_pointer_t<A>);
    else return sizeof(A);
}

template <class... A, size_t... I>
int launch(void (*kernel)(A...), const unsigned* shape, void** values, const int* sizes, int count,
           std::index_sequence<I...>) {
    if (count != sizeof...(A) || ((size_of<A>() != sizes[I]) || ...)) return 1;
    std::tuple<A...> arguments(*(A*)values[I]...);
    Index grid = {shape[0], 1, 1}, block = {shape[1], shape[2], 1};
    submit([=] {
        gridDim = grid;
        blockDim = block;
        body = [&] { std::apply(kernel, arguments); };
        for (unsigned index = 0; index < grid.x; index++) {
            blockIdx = {index, 0, 0};
            met = run_block(block.x * block.y) && met;
        }
    });
    return 0;
}

template <class... A>
int launch(void (*kernel)(A...), const unsigned* shape, void** values, const int* sizes,
           int count) {
    return launch(kernel, shape, values, sizes, count, std::index_sequence_for<A...>());
}

struct Handle { bool stream, workspace, scalars; };

template <class T>
int gemm(Handle* handle, int ta, int tb, int m, int n, int k, const T* alpha, const T* a, int lda,
         const T* b, int ldb, const T* beta, T* c, int ldc) {
    if (!handle->stream || !handle->workspace || !handle->scalars) return 1;
    if (lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m) return 7;
    T scale = *alpha, keep = *beta;
    submit([=] {
        for (int j = 0; j < n; j++)
            for (int i = 0; i < m; i++) {
                T sum = 0;
                for (int p = 0; p < k; p++)
                    sum += a[ta ? p + i * lda : i + p * lda] * b[tb ? j + p * ldb : p + j * ldb];
                c[i + j * ldc] = scale * sum + (keep == 0 ? 0 : keep * c[i + j * ldc]);
            }
    });
    return 0;
}

extern "C" {
int cublasCreate_v2(Handle** handle) { *handle = new Handle(); return 0; }
int cublasDestroy_v2(Handle* handle) { delete handle; return 0; }
int cublasSetStream_v2(Handle* handle, void*) { *handle = {true, false, false}; return 0; }
int cublasSetWorkspace_v2(Handle* handle, void*, size_t bytes) {
    handle->workspace = bytes > 0;
    return 0;
}
int cublasSetPointerMode_v2(Handle* handle, int mode) { handle->scalars = mode == 0; return 0; }
int cublasSetMathMode(Handle*, int mode) { return mode == 0 ? 0 : 7; }
int cublasSgemm_v2(Handle* handle, int ta, int tb, int m, int n, int k, const float* alpha,
                   const float* a, int lda, const float* b, int ldb, const float* beta, float* c,
                   int ldc) {
    return gemm(handle, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
int cublasDgemm_v2(Handle* handle, int ta, int tb, int m, int n, int k, const double* alpha,
                   const double* a, int lda, const double* b, int ldb, const double* beta,
                   double* c, int ldc) {
    return gemm(handle, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void begin_recording() { recording = true; }
int end_recording() {
    recording = false;
    graphs.push_back(std::move(recorded));
    recorded.clear();
    return graphs.size() - 1;
}
void run_graph(int graph) { for (auto& work : graphs[graph]) work(); }
int all_threads_met() { return met; }
}
"""

_TRAMPOLINE = """
extern "C" int host_{kernel}(const unsigned* shape, void** values, const int* sizes, int count) {{
    return launch({kernel}, shape, values, sizes, count);
}}
"""


def compile_for_host(real: str, folder: Path) -> Path:
    """Compile the CUDA text, its REAL being `real`, and the imitation of cuBLAS to a library."""
    trampolines = "".join(_TRAMPOLINE.format(kernel=kernel) for kernel in KERNELS)
    text, library = folder / f"{real}.cpp", folder / f"{real}.so"
    text.write_text(_PRELUDE + SOURCE + trampolines)
    options = ["-std=c++17", "-O1", "-shared", "-fPIC", f"-DREAL={real}"]
    subprocess.run([COMPILER, *options, "-o", library, text], check=True)
    return library


class HostCupy:
    """Stands for the module `cupy`, over a library of `compile_for_host`."""

    def __init__(self, library: Path) -> None:
        host = self._host = ctypes.CDLL(str(library))
        self._options = (f"-DREAL={library.stem}",)
        self.recording = False

        class Array(np.ndarray):
            """An array on the device."""

            data = property(lambda array: SimpleNamespace(ptr=array.ctypes.data))

            def get(array):
                self._touch()
                return np.array(array)

            def fill(array, value):
                self._touch()
                super().fill(value)

            def __setitem__(array, key, value):
                self._touch()
                super().__setitem__(key, value)

            def __array_ufunc__(array, *arguments, **settings):
                raise AssertionError("CuPy's own kernels are not expected")

        class Event:
            """Nothing, since streams run one after another."""

            def __init__(self, disable_timing):
                self.stream = None

            def record(event, stream):
                event.stream = stream

        class Stream:
            """Launches run at once, or are recorded."""

            ptr = 1

            def __init__(self, non_blocking):
                assert non_blocking, "the default stream cannot be recorded"

            def __enter__(stream):
                return stream

            def __exit__(stream, *error):
                pass

            def synchronize(stream):
                self._touch()

            def wait_event(stream, event):
                assert event.stream is not None, "the event was never recorded"

            def begin_capture(stream):
                self.recording = True
                host.begin_recording()

            def end_capture(stream):
                self.recording = False
                graph = host.end_recording()
                return SimpleNamespace(launch=lambda: host.run_graph(graph))

        self._Array = Array
        self.cuda = SimpleNamespace(
            Stream=Stream, Event=Event, cublas=SimpleNamespace(__file__=str(library))
        )
        self.random = SimpleNamespace(
            Philox4x3210=np.random.Philox, Generator=self._random_generator
        )

    def _touch(self) -> None:
        assert not self.recording, "a graph that is being recorded cannot do this"

    def _array(self, array: np.ndarray) -> np.ndarray:
        self._touch()
        return array.view(self._Array)

    def empty(self, shape, dtype):
        fill = 99 if np.dtype(dtype).kind in "iu" else np.nan
        return self._array(np.full(shape, fill, dtype))

    def zeros(self, shape, dtype):
        return self._array(np.zeros(shape, dtype))

    def zeros_like(self, array):
        return self._array(np.zeros(array.shape, array.dtype))

    def arange(self, stop, dtype):
        return self._array(np.arange(stop, dtype=dtype))

    def array(self, array):
        return self._array(np.array(array))

    def asarray(self, array):
        return self._array(np.asarray(array))

    def argsort(self, array):
        return self._array(np.argsort(np.asarray(array)))

    def _random_generator(self, bits):
        drawn = np.random.Generator(bits)
        return SimpleNamespace(
            random=lambda size: self._array(drawn.random(size)),
            standard_normal=lambda size, dtype: self._array(drawn.standard_normal(size, dtype)),
        )

    def RawModule(self, code, options):
        """The library's kernels; the code was compiled into it beforehand."""
        assert (code, options) == (SOURCE, self._options)
        return SimpleNamespace(get_function=self._kernel)

    def _kernel(self, name):
        trampoline = getattr(self._host, f"host_{name}")

        def launch(grid, block, arguments):
            values, sizes = [], []
            for argument in arguments:
                if isinstance(argument, np.ndarray):
                    values.append(ctypes.c_void_p(argument.data.ptr))
                    sizes.append(-argument.itemsize)
                else:
                    values.append(ctypes.create_string_buffer(argument.tobytes()))
                    sizes.append(argument.itemsize)
            pointers = [ctypes.cast(ctypes.pointer(value), ctypes.c_void_p) for value in values]
            shape = (ctypes.c_uint * 3)(*grid, *block, *[1] * (2 - len(block)))
            status = trampoline(
                shape,
                (ctypes.c_void_p * len(values))(*pointers),
                (ctypes.c_int * len(sizes))(*sizes),
                len(values),
            )
            if status:
                raise TypeError(f"{name}: arguments of sizes {sizes} are not those it takes")
            assert self._host.all_threads_met(), f"{name}: threads wait at different barriers"

        return launch
