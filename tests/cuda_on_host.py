"""As much of CuPy as the CuPy backend uses, on the host, so that its kernel runs without a GPU.

The CUDA text is compiled by the host's C++ compiler, unchanged, behind a prelude that stands for
what CUDA gives it. All threads of all blocks are fibres that take turns: one that waits at a
barrier, or for other blocks, lets the next one run. When none can go on, the launch has failed.
"""

import ctypes
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from vae.backends._cuda_source import KERNEL, OPTIONS, SOURCE

COMPILER = shutil.which("g++") or shutil.which("c++")

BLOCKS = 3
"""Multiprocessors of the imitated device, unless told otherwise."""

_PRELUDE = """
#include <math.h>
#include <setjmp.h>
#include <stddef.h>
#include <ucontext.h>

#include <array>
#include <functional>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__ inline
#define __shared__ static
#define __builtin_assume(...)
#define __launch_bounds__(...)

struct Index { unsigned x, y, z; };
static Index threadIdx, blockIdx, blockDim, gridDim;

struct Barrier { unsigned size, arrived, turn; };

struct Fibre {
    ucontext_t start;
    jmp_buf place;  /* jumps are quicker than changes of context, once a fibre has begun */
    std::vector<char> stack;
    const Barrier* at;
    unsigned turn;
    bool begun, ended;
};

static jmp_buf scheduler;
static std::vector<Fibre> fibres;
static Fibre* running;
static std::vector<Barrier> block_barriers, warp_barriers;
static std::vector<std::array<std::array<REAL, 6>, 32>> warp_factors;
static std::vector<std::vector<double>> memories;
static std::function<void()> body;
static bool progress;

static void fibre() {
    body();
    running->ended = progress = true;
    _longjmp(scheduler, 1);
}

/* Let another fibre run. */
static void yield_turn() {
    if (_setjmp(running->place) == 0) _longjmp(scheduler, 1);
}

static void resume() {
    if (_setjmp(scheduler) != 0) return;
    if (running->begun) _longjmp(running->place, 1);
    running->begun = true;
    setcontext(&running->start);
}

static void meet(Barrier& barrier) {
    if (++barrier.arrived == barrier.size) {
        barrier.arrived = 0;
        barrier.turn++;
        progress = true;
        return;
    }
    running->at = &barrier;
    running->turn = barrier.turn;
    yield_turn();
}

static void __syncthreads() { meet(block_barriers[blockIdx.x]); }
static long long clock64() { static long long cycle; return ++cycle; }
static int min(int a, int b) { return a < b ? a : b; }
static int max(int a, int b) { return a > b ? a : b; }

#define PAUSE() yield_turn()
static void arrive(unsigned* place) { ++*place; progress = true; }
static unsigned observe(const unsigned* place) { return *place; }
static REAL* block_memory() { return (REAL*)memories[blockIdx.x].data(); }

/* What tensor cores do: see the CUDA text. */
static void add_product(REAL (&sums)[4], const REAL (&left)[4], const REAL (&right)[2]) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x, lane = thread % 32;
    auto& factors = warp_factors[thread / 32];
    for (int i = 0; i < 4; i++) factors[lane][i] = left[i];
    for (int i = 0; i < 2; i++) factors[lane][4 + i] = right[i];
    meet(warp_barriers[thread / 32]);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 8; k++)
            sums[i] += factors[lane / 4 * 4 + k % 4][k / 4 * 2 + i / 2] *
                       factors[(lane % 4 * 2 + i % 2) * 4 + k % 4][4 + k / 4];
    meet(warp_barriers[thread / 32]);
}

/* Whether all threads of all blocks came to their end. */
static bool run_grid(size_t shared) {
    unsigned threads = blockDim.x, count = gridDim.x * threads;
    fibres.resize(count);
    block_barriers.assign(gridDim.x, {threads, 0, 0});
    warp_barriers.assign(count / 32, {32, 0, 0});
    warp_factors.resize(count / 32);
    memories.assign(gridDim.x, std::vector<double>((shared + 7) / 8, NAN));
    for (Fibre& fibre_ : fibres) {
        fibre_.stack.resize(1 << 15);
        fibre_.at = nullptr;
        fibre_.begun = fibre_.ended = false;
        getcontext(&fibre_.start);
        fibre_.start.uc_stack.ss_sp = fibre_.stack.data();
        fibre_.start.uc_stack.ss_size = fibre_.stack.size();
        makecontext(&fibre_.start, fibre, 0);
    }
    do {
        progress = false;
        for (unsigned index = 0; index < count; index++) {
            running = &fibres[index];
            if (running->ended || (running->at && running->at->turn == running->turn)) continue;
            progress = progress || running->at;
            running->at = nullptr;
            blockIdx = {index / threads, 0, 0};
            threadIdx = {index % threads, 0, 0};
            resume();
        }
    } while (progress);
    for (Fibre& fibre_ : fibres) if (!fibre_.ended) return false;
    return true;
}

/* Whether an argument has a parameter's size, that of what it points to if it is a pointer,
   negative then. A pointer may be null. */
template <class A> bool fits(const void* value, int size) {
    if constexpr (std::is_pointer_v<A>)
        return size == -(int)sizeof(std::remove_pointer_t<A>) || (size == 8 && !*(void**)value);
    else return size == sizeof(A);
}

template <class... A, size_t... I>
int launch(void (*kernel)(A...), const unsigned* shape, void** values, const int* sizes, int count,
           std::index_sequence<I...>) {
    if (count != sizeof...(A) || (!fits<A>(values[I], sizes[I]) || ...)) return 1;
    std::tuple<A...> arguments(*(A*)values[I]...);
    gridDim = {shape[0], 1, 1};
    blockDim = {shape[1], 1, 1};
    body = [&] { std::apply(kernel, arguments); };
    return run_grid(shape[2]) ? 0 : 2;
}

template <class... A>
int launch(void (*kernel)(A...), const unsigned* shape, void** values, const int* sizes,
           int count) {
    return launch(kernel, shape, values, sizes, count, std::index_sequence_for<A...>());
}
"""

_TRAMPOLINE = f"""
extern "C" int host_{KERNEL}(const unsigned* shape, void** values, const int* sizes, int count) {{
    return launch({KERNEL}, shape, values, sizes, count);
}}
"""


def compile_for_host(real: str, folder: Path) -> Path:
    """Compile the CUDA text to a library of the host."""
    text, library = folder / f"{real}.cpp", folder / f"{real}.so"
    text.write_text(_PRELUDE + SOURCE + _TRAMPOLINE)
    options = ["-std=c++17", "-O1", "-shared", "-fPIC", f"-DREAL={real}"]
    subprocess.run([COMPILER, *options, "-o", library, text], check=True)
    return library


class HostCupy:
    """Stands for the module `cupy`, over a library of `compile_for_host`."""

    def __init__(self, library: Path, blocks: int = BLOCKS) -> None:
        self._host = ctypes.CDLL(str(library))
        self._options = OPTIONS[{"float": "float32", "double": "float64"}[library.stem]]

        class Array(np.ndarray):
            """An array on the device."""

            data = property(lambda array: SimpleNamespace(ptr=array.ctypes.data))

            def get(array):
                return np.array(array)

        class Stream:
            """Work is done at once."""

            def __init__(self, non_blocking):
                assert non_blocking

            def __enter__(stream):
                return stream

            def __exit__(stream, *error):
                pass

            def synchronize(stream):
                pass

        self._Array = Array
        device = SimpleNamespace(attributes={"MultiProcessorCount": blocks})
        self.cuda = SimpleNamespace(Stream=Stream, Device=lambda: device)
        self.random = SimpleNamespace(
            Philox4x3210=np.random.Philox, Generator=self._random_generator
        )

    def _array(self, array: np.ndarray) -> np.ndarray:
        return array.view(self._Array)

    def empty(self, shape, dtype):
        fill = 99 if np.dtype(dtype).kind in "iu" else np.nan
        return self._array(np.full(shape, fill, dtype))

    def zeros(self, shape, dtype):
        return self._array(np.zeros(shape, dtype))

    def zeros_like(self, array):
        return self._array(np.zeros(array.shape, array.dtype))

    def array(self, array):
        return self._array(np.array(array))

    def asarray(self, array, dtype=None):
        return self._array(np.asarray(array, dtype))

    def ascontiguousarray(self, array):
        return self._array(np.ascontiguousarray(array))

    def argsort(self, array):
        return self._array(np.argsort(np.asarray(array)))

    def _random_generator(self, bits):
        drawn = np.random.Generator(bits)
        return SimpleNamespace(
            random=lambda size, dtype=np.float64: self._array(drawn.random(size, dtype)),
            standard_normal=lambda size, dtype: self._array(drawn.standard_normal(size, dtype)),
        )

    def RawModule(self, code, options, enable_cooperative_groups):
        """The library's kernel; the code was compiled into it beforehand."""
        assert (code, options) == (SOURCE, self._options) and enable_cooperative_groups
        return SimpleNamespace(get_function=lambda name: _Kernel(self._host, name))


class _Kernel:
    """A kernel of the library, launched as CuPy's are."""

    max_dynamic_shared_size_bytes = 48 << 10

    def __init__(self, host: ctypes.CDLL, name: str) -> None:
        self._trampoline = getattr(host, f"host_{name}")

    def __call__(self, grid, block, arguments, shared_mem):
        assert shared_mem <= self.max_dynamic_shared_size_bytes <= 227 << 10
        values, sizes = [], []
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                assert argument.flags.c_contiguous
                values.append(ctypes.c_void_p(argument.data.ptr))
                sizes.append(-argument.itemsize)
            else:
                values.append(ctypes.create_string_buffer(argument.tobytes()))
                sizes.append(argument.itemsize)
        pointers = [ctypes.cast(ctypes.pointer(value), ctypes.c_void_p) for value in values]
        status = self._trampoline(
            (ctypes.c_uint * 3)(*grid, *block, shared_mem),
            (ctypes.c_void_p * len(values))(*pointers),
            (ctypes.c_int * len(sizes))(*sizes),
            len(values),
        )
        assert status != 1, f"arguments of sizes {sizes} are not those that the kernel takes"
        assert status == 0, "threads wait for others that do not come"
