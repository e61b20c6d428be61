"""The CUDA text of the fused kernels, compiled once for float and once for double.

Every formula is a function of scalars. A kernel works for any grid, since its threads stride over
all elements, and for any block whose size is a power of two up to `THREADS`; `column_sums` takes
blocks of `TILE` threads. Losses are summed in double, into one cell for each block, so that a sum
is made in the same order at every run.
"""

from math import log, pi

from vae.architecture import ACTIVATIONS, LEAKY_SLOPE, MINIMUM_LOG_VARIANCE
from vae.optimizer import OPTIMIZERS

THREADS = 256
"""Threads of a block."""

TILE = (32, 8)
"""Columns and rows that a block of `column_sums` reads at once."""

ACTIVATION_CODES = {activation: code for code, activation in enumerate(ACTIVATIONS)}
"""The number by which a kernel is told its activation."""

KERNELS = (
    "take_batch_of_bytes",
    "take_batch_of_reals",
    "add_bias_and_activate",
    "activation_gradient",
    "reparametrise",
    "reparametrise_gradient",
    "bernoulli",
    "gaussian",
    "column_sums",
    "advance",
    "advance_and_correct",
    *OPTIMIZERS,
)
"""Names of the kernels in the text; an optimizer's is its own."""

_CONSTANTS = f"""
typedef REAL real;
constexpr int THREADS = {THREADS}, TILE_COLUMNS = {TILE[0]}, TILE_ROWS = {TILE[1]};
constexpr real LEAKY_SLOPE = {LEAKY_SLOPE}, MINIMUM_LOG_VARIANCE = {MINIMUM_LOG_VARIANCE};
constexpr real LOG_2_PI = {log(2 * pi)}, BYTE = 1 / 255.0;
enum Activation {{ {", ".join(activation.upper() for activation in ACTIVATIONS)} }};
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
    real a, real log_variance, real x, int squash, real* by_a, real* by_log_variance
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

_KERNELS = """
#define FOR_EACH(i, size) \\
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < size; i += gridDim.x * blockDim.x)

/* Add the sum of a block's values to the block's cell. Every thread of the block has to call. */
__device__ void add_to_cell(double value, double* cells) {
    __shared__ double sums[THREADS];
    sums[threadIdx.x] = value;
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    if (threadIdx.x == 0) cells[blockIdx.x] += sums[0];
}

template <typename Pixel>
__device__ void take_batch(
    const Pixel* x, const long long* order, const long long* position, real* out, int rows,
    int columns, const real* noise, real* batch_noise, int samples, int items, int batch_size,
    int latent
) {
    long long first = *position;
    int pixels = rows * columns;
    FOR_EACH(i, pixels + samples * rows * latent) {
        if (i < pixels) {
            int row = i / columns;
            out[i] = value(x[order[first + row] * columns + (i - row * columns)]);
        } else {
            int column = (i - pixels) % latent, pair = (i - pixels) / latent;
            int sample = pair / rows, row = pair % rows;
            batch_noise[(sample * batch_size + row) * latent + column] =
                noise[((long long)sample * items + first + row) * latent + column];
        }
    }
}

extern "C" {

/* The batch of `rows` items that begins at `position` of the order: the pixels of the items' rows
   of x, and their noise, from samples x items x latent to samples x batch_size x latent. */
__global__ void take_batch_of_bytes(
    const unsigned char* x, const long long* order, const long long* position, real* out,
    int rows, int columns, const real* noise, real* batch_noise, int samples, int items,
    int batch_size, int latent
) {
    take_batch(x, order, position, out, rows, columns, noise, batch_noise, samples, items,
               batch_size, latent);
}

__global__ void take_batch_of_reals(
    const real* x, const long long* order, const long long* position, real* out,
    int rows, int columns, const real* noise, real* batch_noise, int samples, int items,
    int batch_size, int latent
) {
    take_batch(x, order, position, out, rows, columns, noise, batch_noise, samples, items,
               batch_size, latent);
}

__global__ void add_bias_and_activate(
    real* a, const real* bias, int size, int columns, int activation
) {
    FOR_EACH(i, size) a[i] = activate(activation, a[i] + bias[i % columns]);
}

__global__ void activation_gradient(const real* output, real* delta, int size, int activation) {
    FOR_EACH(i, size) delta[i] *= slope(activation, output[i]);
}

/* head: rows x (means, log variances); noise: its strides are of a row and of a sample;
   z: rows x samples x latent. */
__global__ void reparametrise(
    const real* head, const real* noise, int row_stride, int sample_stride, real* z, int rows,
    int samples, int latent, double* cells
) {
    double kl = 0;
    FOR_EACH(i, rows * latent) {
        int row = i / latent, column = i % latent;
        real mean = head[2 * row * latent + column];
        real log_variance = head[(2 * row + 1) * latent + column];
        real sigma = exp(log_variance / 2);
        for (int sample = 0; sample < samples; sample++)
            z[(row * samples + sample) * latent + column] =
                mean + sigma * noise[row * row_stride + sample * sample_stride + column];
        kl += kl_divergence(mean, log_variance);
    }
    add_to_cell(kl, cells);
}

/* The head becomes the gradient with respect to it; dz lies as z does. */
__global__ void reparametrise_gradient(
    real* head, const real* noise, int row_stride, int sample_stride, const real* dz, int rows,
    int samples, int latent, real scale
) {
    FOR_EACH(i, rows * latent) {
        int row = i / latent, column = i % latent;
        real* mean = head + 2 * row * latent + column;
        real* log_variance = mean + latent;
        real by_mean = 0, by_sigma = 0;
        for (int sample = 0; sample < samples; sample++) {
            real slope = dz[(row * samples + sample) * latent + column];
            by_mean += slope;
            by_sigma += slope * noise[row * row_stride + sample * sample_stride + column];
        }
        *mean = by_mean + scale * *mean;
        *log_variance = (by_sigma * exp(*log_variance / 2) + scale * expm1(*log_variance)) / 2;
    }
}

/* logits: rows x samples x columns, becoming their gradient; x: rows x columns. */
__global__ void bernoulli(
    real* logits, const real* x, int rows, int samples, int columns, real scale, double* cells
) {
    double loss = 0;
    FOR_EACH(i, rows * samples * columns) {
        int row = i / (samples * columns), column = i % columns;
        real derivative;
        loss += bernoulli_loss(logits[i], x[row * columns + column], &derivative);
        logits[i] = derivative * scale;
    }
    add_to_cell(loss, cells);
}

/* head: rows x samples x (means, log variances), becoming its gradient; x: rows x columns. */
__global__ void gaussian(
    real* head, const real* x, int rows, int samples, int columns, int squash, real scale,
    double* cells
) {
    double loss = 0;
    FOR_EACH(i, rows * samples * columns) {
        int pair = i / columns, column = i % columns;
        real* mean = head + 2 * pair * columns + column;
        real* log_variance = mean + columns;
        real by_mean, by_log_variance;
        loss += gaussian_loss(*mean, *log_variance, x[pair / samples * columns + column], squash,
                              &by_mean, &by_log_variance);
        *mean = by_mean * scale;
        *log_variance = by_log_variance * scale;
    }
    add_to_cell(loss, cells);
}

/* A block sums TILE_COLUMNS columns, each with TILE_ROWS threads. */
__global__ void column_sums(const real* a, real* sums, int rows, int columns) {
    __shared__ real parts[TILE_ROWS][TILE_COLUMNS];
    int column = blockIdx.x * TILE_COLUMNS + threadIdx.x;
    real sum = 0;
    if (column < columns)
        for (int row = threadIdx.y; row < rows; row += TILE_ROWS) sum += a[row * columns + column];
    parts[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && column < columns) {
        for (int part = 1; part < TILE_ROWS; part++) sum += parts[part][threadIdx.x];
        sums[column] = sum;
    }
}

/* One thread: from the batch just seen to the next, from the step before it to that after it. */
__global__ void advance(long long* position, long long* step, int rows) {
    *position += rows;
    *step += 1;
}

/* The same for Adam. corrected: step size and epsilon, with the bias corrections in them. */
__global__ void advance_and_correct(
    long long* position, long long* step, double* corrected, int rows, double learning_rate,
    double beta1, double beta2, double epsilon
) {
    *position += rows;
    *step += 1;
    double correction = sqrt(1 - pow(beta2, (double)*step));
    corrected[0] = learning_rate * correction / (1 - pow(beta1, (double)*step));
    corrected[1] = epsilon * correction;
}

__global__ void adam(
    real* parameters, const real* gradient, real* first, real* second, const double* corrected,
    real first_rate, real second_rate, int size
) {
    real step_size = corrected[0], epsilon = corrected[1];
    FOR_EACH(i, size) {
        real g = gradient[i];
        real m = first[i] += first_rate * (g - first[i]);
        real v = second[i] += second_rate * (g * g - second[i]);
        parameters[i] -= step_size * m / (sqrt(v) + epsilon);
    }
}

__global__ void sgd(real* parameters, const real* gradient, real learning_rate, int size) {
    FOR_EACH(i, size) parameters[i] -= learning_rate * gradient[i];
}

__global__ void adagrad(
    real* parameters, const real* gradient, real* squared_gradients, real learning_rate,
    real epsilon, int size
) {
    FOR_EACH(i, size) {
        real g = gradient[i];
        real sum = squared_gradients[i] += g * g;
        parameters[i] -= learning_rate * g / (sqrt(sum) + epsilon);
    }
}

}
"""

SOURCE = _CONSTANTS + _FORMULAS + _KERNELS
"""CUDA C++, to be compiled with REAL defined as float or double."""
