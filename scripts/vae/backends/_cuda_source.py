"""The CUDA text of training: a whole epoch is one launch of one kernel.

The blocks of the kernel stay on the device from the first step to the last and wait for one
another between the phases of a step: a barrier among blocks takes a microsecond, a launch several.
What is done in a phase stands in a table of products of matrices, made by `_cuda_program`. A
product is cut into tiles of `TILE_ROWS` rows; a team of warps shares a tile, each with a part of
the inner dimension, and adds up its parts in a fixed order, so that a run gives the same numbers at
every repeat. What follows a product (bias and activation, the loss, a step of the optimizer) is
done while its elements are still in registers.

Compiled once for float and once for double; `WARPS` is the number of warps of a block.
"""

from math import log, pi

from vae.architecture import ACTIVATIONS, LEAKY_SLOPE, MINIMUM_LOG_VARIANCE

TILE_ROWS = 32
"""Rows of a tile."""

FORWARD, BACKWARD, GRADIENT, GAUSSIAN, REPARAMETRISATION, GATHER = range(6)
"""What is computed: a product of input and weight; of delta and transposed weight; of transposed
input and delta; or, element by element, the loss of a Gaussian decoder with its delta, the delta of
the encoder's head from the gradient by several latent samples, and the next batch's pixels."""

HIDDEN, OUTPUT, ENCODER_HEAD, BERNOULLI, DELTA, STORE, LATENT_DELTA, UPDATE = range(8)
"""What becomes of an element of a product: a hidden layer's output; the Gaussian decoder's; the
encoder's, with the KL divergence and the latent samples; the Bernoulli decoder's, with the loss and
its delta; the delta of the layer before; just itself; the delta of the encoder's head; or a step of
the optimizer."""

NONE, ADAM, SGD, ADAGRAD = range(4)
"""Optimizers; with `NONE`, the gradient is stored and no step taken."""

ACTIVATION_CODES = {activation: code for code, activation in enumerate(ACTIVATIONS)}
"""The number by which the kernel is told its activation."""

WIDTHS = {FORWARD: (16, 24), BACKWARD: (16, 24), GRADIENT: (32,)}
"""Columns that a tile may have, for each kind of product that has tiles."""

LANES = 32
"""Threads of a warp."""

WARPS = {"float32": 16, "float64": 8}
"""Warps of a block, by dtype."""

TEAMS = {FORWARD: 1, BACKWARD: 1, GRADIENT: 4}
"""Teams that the warps of a block form: a gradient's inner dimension, the batch, is short."""

DEPTH = 16
"""How much of the inner dimension a warp takes at once."""

MOST_PRODUCTS = 64
"""Products of a step, at most."""

STATIC_MEMORY = 8 << 10
"""Bytes of shared memory that a block has besides: for the table of products, mostly."""

_AT_ONCE = 2
"""Fours of parameters that a thread updates at once."""

_PADDING = 4
_SCRATCH = TILE_ROWS * (max(map(max, WIDTHS.values())) + _PADDING)
"""Numbers of a block's shared memory that belong to one warp: its part of a tile."""

PRODUCT_FIELDS = (
    "kind",
    "finish",
    "activation",
    "tile_columns",
    "first_block",
    "blocks",
    "inputs",
    "outputs",
    "repeats",
    "input",
    "delta",
    "parameters",
    "out",
)
"""Fields of a product, eight bytes each: see `_cuda_program.Product`."""


def shared_memory(dtype: str) -> int:
    """Bytes of shared memory that a block needs."""
    return WARPS[dtype] * _SCRATCH * {"float32": 4, "float64": 8}[dtype]


def _names(**codes: int) -> str:
    return ", ".join(f"{name} = {code}" for name, code in codes.items())


_CONSTANTS = f"""
typedef REAL real;
constexpr int WARPS = sizeof(real) == 4 ? {WARPS["float32"]} : {WARPS["float64"]};
constexpr int LANES = {LANES}, THREADS = WARPS * LANES, GRADIENT_TEAM = WARPS / {TEAMS[GRADIENT]};
constexpr int TILE_ROWS = {TILE_ROWS}, DEPTH = {DEPTH}, PADDING = {_PADDING}, AT_ONCE = {_AT_ONCE};
constexpr int SCRATCH = {_SCRATCH}, MOST_PRODUCTS = {MOST_PRODUCTS};
constexpr real LEAKY_SLOPE = {LEAKY_SLOPE}, MINIMUM_LOG_VARIANCE = {MINIMUM_LOG_VARIANCE};
constexpr real LOG_2_PI = {log(2 * pi)}, BYTE = 1 / 255.0;
enum Activation {{ {", ".join(activation.upper() for activation in ACTIVATIONS)} }};
enum Kind {{
    {_names(FORWARD=FORWARD, BACKWARD=BACKWARD, GRADIENT=GRADIENT, GAUSSIAN=GAUSSIAN)},
    {_names(REPARAMETRISATION=REPARAMETRISATION, GATHER=GATHER)}
}};
enum Finish {{
    {_names(HIDDEN=HIDDEN, OUTPUT=OUTPUT, ENCODER_HEAD=ENCODER_HEAD, BERNOULLI=BERNOULLI)},
    {_names(DELTA=DELTA, STORE=STORE, LATENT_DELTA=LATENT_DELTA, UPDATE=UPDATE)}
}};
enum Optimizer {{ {_names(NONE=NONE, ADAM=ADAM, SGD=SGD, ADAGRAD=ADAGRAD)} }};

struct Product {{ long long {", ".join(PRODUCT_FIELDS)}; }};
"""

_DEVICE = """
#ifdef __CUDACC__
#define PAUSE()

__device__ void arrive(unsigned* place) {
    asm volatile("red.release.gpu.global.add.u32 [%0], 1;" :: "l"(place) : "memory");
}

__device__ unsigned observe(const unsigned* place) {
    unsigned value;
    asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(place) : "memory");
    return value;
}

__device__ real* block_memory() {
    extern __shared__ double memory[];
    return reinterpret_cast<real*>(memory);
}

/* sums += left @ right for matrices of 16 x 8 and 8 x 8 that a warp holds as tensor cores want it:
   lane 4 g + t has of the left one rows g and g + 8 of columns t, then t + 4; of the right one
   column g of rows t and t + 4; of the sums columns 2 t and 2 t + 1 of rows g, then g + 8. */
#if __CUDA_ARCH__ >= 800
__device__ void add_product_of_tf32(float (&sums)[4], const unsigned* left, const unsigned* right) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]));
}

/* A float as a sum of two numbers of TF32, good to 21 bits: what is left out is rounded, here and
   by the tensor core, in either direction. */
struct Split {
    unsigned high, low;

    __device__ Split() {}
    __device__ Split(float number) {
        high = (__float_as_uint(number) + 0x1000) & 0xffffe000;
        low = __float_as_uint(number - __uint_as_float(high));
    }
};

__device__ void add_product(float (&sums)[4], const Split (&left)[4], const Split (&right)[2]) {
    unsigned a[4] = {left[0].high, left[1].high, left[2].high, left[3].high};
    unsigned b[2] = {right[0].high, right[1].high};
    unsigned a_low[4] = {left[0].low, left[1].low, left[2].low, left[3].low};
    unsigned b_low[2] = {right[0].low, right[1].low};
    add_product_of_tf32(sums, a_low, b);
    add_product_of_tf32(sums, a, b_low);
    add_product_of_tf32(sums, a, b);
}
#endif

/* The same without tensor cores: for doubles, and on devices that have none. */
__device__ void add_product(real (&sums)[4], const real (&left)[4], const real (&right)[2]) {
    int lane = threadIdx.x % LANES, line = lane / 4 * 4;
    #pragma unroll
    for (int half = 0; half < 2; half++)
        #pragma unroll 1
        for (int k = 0; k < 4; k++) {
            real a[2], b[2];
            for (int i = 0; i < 2; i++) {
                a[i] = __shfl_sync(~0u, left[half * 2 + i], line + k);
                b[i] = __shfl_sync(~0u, right[half], (lane % 4 * 2 + i) * 4 + k);
            }
            for (int i = 0; i < 4; i++) sums[i] += a[i / 2] * b[i % 2];
        }
}
#endif

#if __CUDA_ARCH__ >= 800
template <class Number> struct Operand { typedef Number type; };
template <> struct Operand<float> { typedef Split type; };
typedef Operand<real>::type Factor;
#else
typedef real Factor;
#endif

/* Wait until all blocks have come here for the `turn`-th time (from 1). What they wrote before is
   then seen by all. */
__device__ void wait_for_all_blocks(unsigned* arrivals, unsigned turn) {
    __syncthreads();
    if (threadIdx.x == 0) {
        arrive(arrivals);
        while (observe(arrivals) < turn * gridDim.x) PAUSE();
    }
    __syncthreads();
}
"""

_FORMULAS = """
__device__ real value(unsigned char byte) { return byte * BYTE; }

__device__ real value(real number) { return number; }

__device__ real sigmoid(real a) { return 1 / (1 + exp(-a)); }

/* Comparisons are such that what is not a number stays so, and a diverged training is seen. */
__device__ real activate(int activation, real a) {
    switch (activation) {
        case RELU: return a < 0 ? 0 : a;
        case LEAKY_RELU: return a < 0 ? LEAKY_SLOPE * a : a;
        case ELU: return a < 0 ? expm1(a) : a;
        case SOFTPLUS: return (a < 0 ? 0 : a) + log1p(exp(-fabs(a)));
        case TANH: return tanh(a);
        case SIGMOID: return sigmoid(a);
        default: return a;
    }
}

/* The activation's derivative, told by its output. */
__device__ real slope(int activation, real output) {
    switch (activation) {
        case RELU: return output > 0 ? 1 : 0;
        case LEAKY_RELU: return output > 0 ? 1 : LEAKY_SLOPE;
        case ELU: return output > 0 ? 1 : output + 1;
        case SOFTPLUS: return -expm1(-output);
        case TANH: return 1 - output * output;
        case SIGMOID: return output * (1 - output);
        default: return 1;
    }
}

__device__ real kl_divergence(real mean, real log_variance) {
    return (mean * mean + expm1(log_variance) - log_variance) / 2;
}

/* softplus(a) - x a; the derivative is sigmoid(a) - x. exp(-|a|) cannot overflow. */
__device__ real bernoulli_loss(real a, real x, real* derivative) {
    real e = exp(-fabs(a));
    *derivative = (a < 0 ? e : 1) / (1 + e) - x;
    return (a < 0 ? 0 : a) - x * a + log1p(e);
}

/* -log N(x; mean, exp(log_variance)), the log variance held at its floor, where its derivative is
   zero; the mean is sigmoid(a) if squashed, else a. */
__device__ real gaussian_loss(
    real a, real log_variance, real x, bool squash, real* by_a, real* by_log_variance
) {
    bool floored = log_variance <= MINIMUM_LOG_VARIANCE;
    real held = floored ? MINIMUM_LOG_VARIANCE : log_variance;
    real mean = squash ? sigmoid(a) : a;
    real precision = exp(-held);
    real residual = mean - x;
    real squared = residual * residual * precision;
    *by_a = residual * precision * (squash ? mean * (1 - mean) : 1);
    *by_log_variance = floored ? 0 : (1 - squared) / 2;
    return (squared + held + LOG_2_PI) / 2;
}
"""

_KERNEL = """
/* What stays the same for a launch: it lies in every block's memory. Matrices lie row by row, a row
   being a multiple of four numbers, of which zeros are the last; behind the last row is room for a
   tile, so that whatever lies there can be read and come to nothing. A layer's input has one more
   column, of ones, whose weights are the biases. */
struct Run {
    const unsigned char* bytes;  /* the data, or null where they are reals */
    const real* reals;
    const long long* order;      /* of the items */
    const real* noise;           /* samples x items x latent */
    const real* corrected;       /* Adam's step size and epsilon, of every step */
    real *parameters, *gradient, *first, *second;
    real *head, *latents;        /* pairs of mean and log variance; samples of an item in turn */
    const real* dz;              /* gradient by the latent samples, if there are several an item */
    const real* zeros;           /* what is read where a matrix has ended */
    int items, batch_size, input_dimension, latent, samples;
    int optimizer;
    real rate, first_rate, second_rate, epsilon;
    bool squash;
};

__shared__ Run run;

/* A batch of `rows` items, which begins at `first` of the order. */
struct Batch {
    int step, first, rows;
    real scale;                  /* of the gradient: 1 / rows, for the mean */
    const real* pixels;
    real* next_pixels;
};

/* Sums over a thread's elements. */
struct Losses { double reconstruction, kl; };

/* Four numbers that are read and written together. */
struct alignas(16) Four { real at[4]; };

__device__ Four& four(real* place) { return *reinterpret_cast<Four*>(place); }
__device__ const Four& four(const real* place) { return *reinterpret_cast<const Four*>(place); }

/* Read two or four numbers at a multiple of their size at once, three one by one. */
template <int COUNT>
__device__ void read_several(real (&numbers)[COUNT], const real* place) {
    struct alignas(COUNT == 3 ? sizeof(real) : COUNT * sizeof(real)) Several { real at[COUNT]; };
    Several read = *reinterpret_cast<const Several*>(place);
    #pragma unroll
    for (int i = 0; i < COUNT; i++) numbers[i] = read.at[i];
}

__device__ int padded(int columns) { return (columns + 3) / 4 * 4; }

/* A batch's pixels, gathered by some of the blocks, the `block`-th of which this one is. */
__device__ void gather(int first, real* pixels, int block, int blocks) {
    int rows = min(run.batch_size, run.items - first), columns = run.input_dimension;
    for (int i = block * THREADS + threadIdx.x; i < rows * columns; i += blocks * THREADS) {
        int row = i / columns, column = i - row * columns;
        long long place = run.order[first + row] * columns + column;
        pixels[row * padded(columns + 1) + column] =
            run.bytes ? value(run.bytes[place]) : value(run.reals[place]);
    }
}

__device__ real noise_at(const Batch& batch, int item, int sample, int dimension) {
    long long row = (long long)sample * run.items + batch.first + item;
    return run.noise[row * run.latent + dimension];
}

/* What the encoder says of a latent dimension of an item becomes samples, with `noise` the first
   one's, and a KL divergence. */
__device__ void reparametrise(
    const Batch& batch, int item, int dimension, real mean, real log_variance, real noise,
    Losses& losses
) {
    real* head = run.head + item * padded(2 * run.latent) + 2 * dimension;
    head[0] = mean;
    head[1] = log_variance;
    real sigma = exp(log_variance / 2);
    int stride = padded(run.latent + 1);
    real* z = run.latents + item * run.samples * stride + dimension;
    z[0] = mean + sigma * noise;
    for (int sample = 1; sample < run.samples; sample++)
        z[sample * stride] = mean + sigma * noise_at(batch, item, sample, dimension);
    losses.kl += kl_divergence(mean, log_variance);
}

/* The gradient by the samples of a latent dimension, summed as it is and times the noise, becomes
   that by mean and log variance, in `delta`. */
__device__ void head_gradient(
    const Batch& batch, int item, int dimension, real by_mean, real by_sigma, real* delta
) {
    int place = item * padded(2 * run.latent) + 2 * dimension;
    real mean = run.head[place], log_variance = run.head[place + 1];
    delta[place] = by_mean + batch.scale * mean;
    delta[place + 1] =
        (by_sigma * exp(log_variance / 2) + batch.scale * expm1(log_variance)) / 2;
}

/* A layer's matrices: input and delta, a row an item or sample, and weight, with the biases as its
   last row. */
struct Layer {
    const real *input, *delta, *weight, *zeros;
    int rows, inputs, outputs, input_stride, stride;

    __device__ Layer(const Batch& batch, const Product& p)
        : input(p.input ? reinterpret_cast<const real*>(p.input) : batch.pixels),
          delta(reinterpret_cast<const real*>(p.delta)), weight(run.parameters + p.parameters),
          zeros(run.zeros), rows(batch.rows * (int)p.repeats), inputs(p.inputs), outputs(p.outputs),
          input_stride(padded(inputs + 1)), stride(padded(outputs)) {
        __builtin_assume(__isGlobal(input));
        __builtin_assume(__isGlobal(delta));
        __builtin_assume(__isGlobal(weight));
        __builtin_assume(__isGlobal(zeros));
    }
};

/* Pieces of two matrices, DEPTH deep, as a warp multiplies them. Lane 4 g + t holds of the left one
   rows 4 g to 4 g + 3, of the right one as many columns from a multiple of g on, and of the inner
   dimension the t-th of every four: any order will do, if it is the same for both. Where the inner
   dimension has ended, the left piece is zero. */
template <int KIND, int COLUMNS>
struct Pieces {
    static constexpr int WIDTH = COLUMNS / 8;
    /* Along the inner dimension, or from one of its places to the next. */
    static constexpr bool LEFT_ALONG = KIND != GRADIENT, RIGHT_ALONG = KIND == BACKWARD;
    real left_read[4][4], right_read[RIGHT_ALONG ? WIDTH : 4][RIGHT_ALONG ? 4 : WIDTH];

    __device__ real left(int row, int place) const {
        return LEFT_ALONG ? left_read[row][place] : left_read[place][row];
    }

    __device__ real right(int column, int place) const {
        return RIGHT_ALONG ? right_read[column][place] : right_read[place][column];
    }

    __device__ void read(const Layer& layer, int row, int column, int from) {
        int lane = threadIdx.x % LANES, place = from + lane % 4 * 4;
        row += lane / 4 * 4;
        column += lane / 4 * WIDTH;
        const real* operand = KIND == BACKWARD ? layer.delta : layer.input;
        const real* other = KIND == GRADIENT ? layer.delta : layer.weight;
        int operand_stride = KIND == BACKWARD ? layer.stride : layer.input_stride;
        if (LEFT_ALONG) {
            bool inside = place < operand_stride;
            const real* first = inside ? operand + row * operand_stride + place : layer.zeros;
            int step = inside ? operand_stride : 0;
            __builtin_assume(__isGlobal(first));
            #pragma unroll
            for (int i = 0; i < 4; i++) read_several(left_read[i], first + i * step);
        } else {
            #pragma unroll
            for (int k = 0; k < 4; k++) {
                bool inside = place + k < layer.rows;
                const real* item =
                    inside ? operand + (place + k) * operand_stride + row : layer.zeros;
                __builtin_assume(__isGlobal(item));
                read_several(left_read[k], item);
            }
        }
        if (RIGHT_ALONG) other += column * layer.stride + place;
        else other += place * layer.stride + column;
        #pragma unroll
        for (int i = 0; i < (RIGHT_ALONG ? WIDTH : 4); i++)
            read_several(right_read[i], other + i * layer.stride);
    }
};

/* A warp's part of a tile. */
template <int COLUMNS>
struct Tile {
    static constexpr int STRIDE = COLUMNS + PADDING, WIDTH = COLUMNS / 8;
    real sums[2][WIDTH][4];

    __device__ void clear() {
        #pragma unroll
        for (int i = 0; i < 2; i++)
            #pragma unroll
            for (int j = 0; j < WIDTH; j++)
                #pragma unroll
                for (int n = 0; n < 4; n++) sums[i][j][n] = 0;
    }

    template <int KIND>
    __device__ void add(const Pieces<KIND, COLUMNS>& pieces) {
        #pragma unroll
        for (int half = 0; half < 4; half += 2) {
            Factor left[2][4];
            #pragma unroll
            for (int i = 0; i < 2; i++)
                #pragma unroll
                for (int n = 0; n < 4; n++)
                    left[i][n] = Factor(pieces.left(2 * i + n % 2, half + n / 2));
            #pragma unroll
            for (int j = 0; j < WIDTH; j++) {
                Factor right[2] = {
                    Factor(pieces.right(j, half)), Factor(pieces.right(j, half + 1))
                };
                #pragma unroll
                for (int i = 0; i < 2; i++) add_product(sums[i][j], left[i], right);
            }
        }
    }

    __device__ void write(real* scratch) const {
        int lane = threadIdx.x % LANES, row = lane / 4 * 4, column = lane % 4 * 2 * WIDTH;
        #pragma unroll
        for (int i = 0; i < 4; i++)
            #pragma unroll
            for (int n = 0; n < 2; n++)
                #pragma unroll
                for (int j = 0; j < WIDTH; j++)
                    scratch[(row + i) * STRIDE + column + n * WIDTH + j] =
                        sums[i / 2][j][i % 2 * 2 + n];
    }
};

/* The products of a layer's pieces over a warp's share of the inner dimension: every `size`-th
   piece from the `member`-th on. While one warp waits for a piece, others multiply theirs. */
template <int KIND, int COLUMNS>
__device__ void add_pieces(
    Tile<COLUMNS>& sums, const Layer& layer, int row, int column, int inner, int member, int size
) {
    for (int from = member * DEPTH; from < inner; from += size * DEPTH) {
        Pieces<KIND, COLUMNS> pieces;
        pieces.read(layer, row, column, from);
        sums.add(pieces);
    }
}

/* What an element of a product is finished with besides its sum: the output that is the layer's
   input, the pixel, or the first sample's noise. It is read before the product, to be there
   after. */
__device__ real factor_of(
    const Batch& batch, const Product& p, const Layer& layer, int row, int column
) {
    switch (p.finish) {
        case DELTA: return layer.input[row * layer.input_stride + column];
        case BERNOULLI: {
            int item = row / (int)p.repeats;
            return batch.pixels[item * padded(layer.outputs + 1) + column];
        }
        case LATENT_DELTA: return noise_at(batch, row, 0, column);
        case ENCODER_HEAD: return noise_at(batch, row, 0, column / 2);
        default: return 0;
    }
}

/* What becomes of two neighbouring elements of an output or of a gradient by a pre-activation. */
template <int KIND>
__device__ void finish(
    const Batch& batch, const Product& p, const Layer& layer, int row, int column,
    const real (&sums)[2], const real (&factors)[2], Losses& losses
) {
    real* out = reinterpret_cast<real*>(p.out);
    if (KIND == FORWARD && p.finish == ENCODER_HEAD) {
        reparametrise(batch, row, column / 2, sums[0], sums[1], factors[0], losses);
        return;
    }
    #pragma unroll
    for (int i = 0; i < 2; i++) {
        if (column + i >= (KIND == BACKWARD ? layer.inputs : layer.outputs)) break;
        if (KIND == BACKWARD) {
            if (p.finish == LATENT_DELTA)
                head_gradient(batch, row, column + i, sums[i], sums[i] * factors[i], out);
            else
                out[row * padded(layer.inputs) + column + i] =
                    p.finish == DELTA ? sums[i] * slope(p.activation, factors[i]) : sums[i];
        } else if (p.finish == BERNOULLI) {
            real derivative;
            losses.reconstruction += bernoulli_loss(sums[i], factors[i], &derivative);
            out[row * layer.stride + column + i] = derivative * (batch.scale / p.repeats);
        } else {
            int stride = p.finish == HIDDEN ? padded(layer.outputs + 1) : layer.stride;
            out[row * stride + column + i] = activate(p.activation, sums[i]);
        }
    }
}

/* A thread's share of a tile's parameters and of what the optimizer keeps for them: all are read
   before any is written, so that a thread waits once. */
struct Share {
    int places[AT_ONCE];  /* of fours of parameters; -1 where there is none */
    Four theta[AT_ONCE], m[AT_ONCE], v[AT_ONCE];

    __device__ void read() {
        if (run.optimizer == NONE) return;
        #pragma unroll
        for (int i = 0; i < AT_ONCE; i++) {
            int place = max(places[i], 0);
            theta[i] = four(run.parameters + place);
            if (run.optimizer != SGD) m[i] = four(run.first + place);
            if (run.optimizer == ADAM) v[i] = four(run.second + place);
        }
    }

    /* A step of the optimizer on the i-th four. */
    __device__ void update(int i, const Four& gradient, real step_size, real epsilon) {
        if (run.optimizer == NONE) {
            four(run.gradient + places[i]) = gradient;
            return;
        }
        bool adam = run.optimizer == ADAM, adagrad = run.optimizer == ADAGRAD;
        #pragma unroll
        for (int j = 0; j < 4; j++) {
            real g = gradient.at[j], change = g;
            if (adam) {
                m[i].at[j] += run.first_rate * (g - m[i].at[j]);
                v[i].at[j] += run.second_rate * (g * g - v[i].at[j]);
                change = m[i].at[j] / (sqrt(v[i].at[j]) + epsilon);
            } else if (adagrad) {
                m[i].at[j] += g * g;
                change = g / (sqrt(m[i].at[j]) + epsilon);
            }
            theta[i].at[j] -= step_size * change;
        }
        four(run.parameters + places[i]) = theta[i];
        if (adam || adagrad) four(run.first + places[i]) = m[i];
        if (adam) four(run.second + places[i]) = v[i];
    }
};

/* Which tiles a product has, and which of them a warp works on. A tile's team of warps shares the
   inner dimension, as far as that has `parts`; a block's teams take tiles that are as many apart as
   the product has blocks. */
struct Work {
    int rows, columns, inner, across, tiles, team_size, parts, team, member, block, blocks;

    __device__ Work(
        const Product& p, int rows, int columns, int inner, int tile_columns, int team_size
    )
        : rows(rows), columns(columns), inner(inner),
          across((columns + tile_columns - 1) / tile_columns),
          tiles((rows + TILE_ROWS - 1) / TILE_ROWS * across), team_size(team_size),
          parts(min(team_size, (inner + DEPTH - 1) / DEPTH)),
          team(threadIdx.x / LANES / team_size), member(threadIdx.x / LANES % team_size),
          block((int)blockIdx.x - (int)p.first_block), blocks(p.blocks) {
        if (block < 0 || block >= blocks) block = tiles = 0;
    }

    /* Of the team's threads, neighbours of which take neighbouring columns. */
    __device__ int thread() const { return member * LANES + threadIdx.x % LANES; }
};

/* Outputs, or gradients by pre-activations; a block's warps are one team. */
template <int KIND, int COLUMNS>
__device__ void multiply(const Batch& batch, const Product& p, Losses& losses) {
    const Layer layer(batch, p);
    const Work work(p, layer.rows, KIND == FORWARD ? layer.outputs : layer.inputs,
                    KIND == FORWARD ? layer.inputs + 1 : layer.outputs, COLUMNS, WARPS);
    constexpr int PAIRS = COLUMNS / 2, EACH = (TILE_ROWS * PAIRS + THREADS - 1) / THREADS;
    real* memory = block_memory();
    for (int tile = work.block; tile < work.tiles; tile += work.blocks) {
        int row = tile / work.across * TILE_ROWS, column = tile % work.across * COLUMNS;
        int y[EACH], x[EACH];
        real factors[EACH][2] = {};
        #pragma unroll
        for (int n = 0; n < EACH; n++) {
            int pair = work.thread() + n * THREADS;
            y[n] = pair < TILE_ROWS * PAIRS ? row + pair / PAIRS : work.rows;
            x[n] = column + pair % PAIRS * 2;
            for (int i = 0; i < 2; i++)
                if (y[n] < work.rows && x[n] + i < work.columns)
                    factors[n][i] = factor_of(batch, p, layer, y[n], x[n] + i);
        }
        Tile<COLUMNS> sums;
        sums.clear();
        add_pieces<KIND>(sums, layer, row, column, work.inner, work.member, WARPS);
        if (work.member < work.parts) sums.write(memory + work.member * SCRATCH);
        __syncthreads();
        #pragma unroll
        for (int n = 0; n < EACH; n++) {
            if (y[n] >= work.rows || x[n] >= work.columns) continue;
            const real* sum = memory + (y[n] - row) * sums.STRIDE + x[n] - column;
            real pair[2] = {0, 0};
            #pragma unroll 4
            for (int part = 0; part < work.parts; part++)
                for (int i = 0; i < 2; i++)
                    pair[i] += sum[part * SCRATCH + i];
            finish<KIND>(batch, p, layer, y[n], x[n], pair, factors[n], losses);
        }
        __syncthreads();
    }
}

/* A layer's gradient, with a step of the optimizer. */
template <int COLUMNS>
__device__ void descend(const Batch& batch, const Product& p) {
    const Layer layer(batch, p);
    const Work work(p, layer.inputs + 1, layer.outputs, layer.rows, COLUMNS, GRADIENT_TEAM);
    constexpr int FOURS = COLUMNS / 4;
    constexpr int TEAMS = WARPS / GRADIENT_TEAM, threads = GRADIENT_TEAM * LANES;
    real* parts = block_memory() + work.team * GRADIENT_TEAM * SCRATCH;
    real step_size = run.rate, epsilon = run.epsilon;
    if (run.optimizer == ADAM) {
        step_size = run.corrected[2 * batch.step];
        epsilon = run.corrected[2 * batch.step + 1];
    }
    for (int start = work.block; start < work.tiles; start += TEAMS * work.blocks) {
        int tile = start + work.team * work.blocks;
        bool exists = tile < work.tiles;
        int row = tile / work.across * TILE_ROWS, column = tile % work.across * COLUMNS;
        Tile<COLUMNS> sums;
        if (exists) {
            sums.clear();
            add_pieces<GRADIENT>(sums, layer, row, column, work.inner, work.member, GRADIENT_TEAM);
            if (work.member < work.parts) sums.write(parts + work.member * SCRATCH);
        }
        __syncthreads();
        for (int first = work.thread(); exists && first < TILE_ROWS * FOURS;
             first += AT_ONCE * threads) {
            Share share = {};
            int y[AT_ONCE], x[AT_ONCE];
            #pragma unroll
            for (int n = 0; n < AT_ONCE; n++) {
                y[n] = (first + n * threads) / FOURS;
                x[n] = (first + n * threads) % FOURS * 4;
                bool inside =
                    y[n] < TILE_ROWS && row + y[n] < work.rows && column + x[n] < work.columns;
                int place = (int)p.parameters + (row + y[n]) * layer.stride + column + x[n];
                share.places[n] = inside ? place : -1;
            }
            share.read();
            #pragma unroll
            for (int n = 0; n < AT_ONCE; n++) {
                if (share.places[n] < 0) continue;
                Four gradient = {};
                for (int part = 0; part < work.parts; part++) {
                    Four sum = four(parts + part * SCRATCH + y[n] * sums.STRIDE + x[n]);
                    #pragma unroll
                    for (int j = 0; j < 4; j++) gradient.at[j] += sum.at[j];
                }
                share.update(n, gradient, step_size, epsilon);
            }
        }
        __syncthreads();
    }
}

/* The Gaussian decoder's output (rows x (means, log variances)) becomes its delta. */
__device__ void gaussian(const Batch& batch, const Product& p, Losses& losses) {
    int columns = run.input_dimension, samples = p.repeats;
    int size = batch.rows * samples * columns;
    for (int i = blockIdx.x * THREADS + threadIdx.x; i < size; i += gridDim.x * THREADS) {
        int row = i / columns, column = i - row * columns;
        real* mean = reinterpret_cast<real*>(p.out) + row * padded(2 * columns) + column;
        real* log_variance = mean + columns;
        real x = batch.pixels[row / samples * padded(columns + 1) + column];
        real by_mean, by_log_variance;
        losses.reconstruction +=
            gaussian_loss(*mean, *log_variance, x, run.squash, &by_mean, &by_log_variance);
        *mean = by_mean * (batch.scale / samples);
        *log_variance = by_log_variance * (batch.scale / samples);
    }
}

/* The delta of the encoder's head, from several samples an item. */
__device__ void reparametrisation(const Batch& batch, const Product& p) {
    int latent = run.latent, size = batch.rows * latent;
    for (int i = blockIdx.x * THREADS + threadIdx.x; i < size; i += gridDim.x * THREADS) {
        int item = i / latent, dimension = i - item * latent;
        real by_mean = 0, by_sigma = 0;
        for (int sample = 0; sample < run.samples; sample++) {
            real by_z = run.dz[(item * run.samples + sample) * padded(latent) + dimension];
            by_mean += by_z;
            by_sigma += by_z * noise_at(batch, item, sample, dimension);
        }
        head_gradient(batch, item, dimension, by_mean, by_sigma, reinterpret_cast<real*>(p.out));
    }
}

/* The pixels of the batch after this one. */
__device__ void gather_next(const Batch& batch, const Product& p) {
    int next = batch.first + run.batch_size, block = (int)blockIdx.x - (int)p.first_block;
    if (block >= 0 && next < run.items) gather(next, batch.next_pixels, block, p.blocks);
}

__device__ void compute(const Batch& batch, const Product& p, Losses& losses) {
    if (p.kind == GATHER) gather_next(batch, p);
    else if (p.kind == GAUSSIAN) gaussian(batch, p, losses);
    else if (p.kind == REPARAMETRISATION) reparametrisation(batch, p);
    else if (p.kind == GRADIENT) descend<32>(batch, p);
    else if (p.kind == FORWARD && p.tile_columns == 16) multiply<FORWARD, 16>(batch, p, losses);
    else if (p.kind == FORWARD) multiply<FORWARD, 24>(batch, p, losses);
    else if (p.tile_columns == 16) multiply<BACKWARD, 16>(batch, p, losses);
    else multiply<BACKWARD, 24>(batch, p, losses);
}

/* The sum of a value over the block's threads, in the first of them. */
__device__ double block_sum(double value) {
    double* sums = reinterpret_cast<double*>(block_memory());
    sums[threadIdx.x] = value;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    double sum = sums[0];
    __syncthreads();
    return sum;
}

/* Pass over `items` of the data in batches, through the first `phases` phases of a step; phase i
   computes the products from ends[i - 1] to ends[i]. The pixels of every other batch lie
   `next_pixels` further on. Losses are summed into two cells a block. With `clocks`, cycles spent
   computing and waiting are added up, for each block and phase. */
extern "C" __global__ void __launch_bounds__(THREADS, 1) run_epoch(
    const long long* products, const long long* ends, int phases, unsigned* arrivals,
    const unsigned char* bytes, const real* reals, const long long* order, const real* noise,
    const real* corrected, real* parameters, real* gradient, real* first, real* second,
    real* pixels, int next_pixels, real* head, real* latents, const real* dz,
    const real* zeros, int items, int batch_size, int input_dimension, int latent, int samples,
    int optimizer, real rate, real first_rate, real second_rate, real epsilon, int squash,
    double* cells, long long* clocks
) {
    /* Barriers empty the cache that the table would lie in. */
    __shared__ Product table[MOST_PRODUCTS];
    __shared__ int ends_of[MOST_PRODUCTS];
    if (threadIdx.x == 0)
        run = {bytes, reals, order, noise, corrected, parameters, gradient, first, second, head,
               latents, dz, zeros, items, batch_size, input_dimension, latent, samples, optimizer,
               rate, first_rate, second_rate, epsilon, squash != 0};
    for (int i = threadIdx.x; i < phases; i += THREADS) ends_of[i] = ends[i];
    for (int i = threadIdx.x; i < ends[phases - 1]; i += THREADS)
        table[i] = reinterpret_cast<const Product*>(products)[i];
    __syncthreads();
    Losses losses = {0, 0};
    unsigned turn = 0;
    gather(0, pixels, blockIdx.x, gridDim.x);
    wait_for_all_blocks(arrivals, ++turn);
    for (int begin = 0, step = 0; begin < items; begin += batch_size, step++) {
        int rows = min(batch_size, items - begin);
        real* buffers[2] = {pixels, pixels + next_pixels};
        const Batch batch = {step, begin, rows, (real)1 / rows, step % 2 ? buffers[1] : buffers[0],
                             step % 2 ? buffers[0] : buffers[1]};
        for (int phase = 0; phase < phases; phase++) {
            long long start = clock64();
            for (int i = phase ? ends_of[phase - 1] : 0; i < ends_of[phase]; i++)
                compute(batch, table[i], losses);
            long long computed = clock64();
            wait_for_all_blocks(arrivals, ++turn);
            if (clocks && threadIdx.x == 0) {
                long long* mine = clocks + (blockIdx.x * phases + phase) * 2;
                mine[0] += computed - start;
                mine[1] += clock64() - computed;
            }
        }
    }
    double reconstruction = block_sum(losses.reconstruction), kl = block_sum(losses.kl);
    if (threadIdx.x == 0) {
        cells[blockIdx.x] = reconstruction;
        cells[gridDim.x + blockIdx.x] = kl;
    }
}
"""

KERNEL = "run_epoch"

OPTIONS = {
    # Divisions and roots of floats may be wrong by two units in the last place.
    "float32": ("-DREAL=float", "-std=c++17", "--prec-div=false", "--prec-sqrt=false"),
    "float64": ("-DREAL=double", "-std=c++17"),
}
"""Options of the compiler, by dtype."""

SOURCE = _CONSTANTS + _DEVICE + _FORMULAS + _KERNEL
"""CUDA C++, to be compiled with REAL defined as float or double."""
