/*
 * EARSHOT_LAYER_GRU: a product for all inputs at once, then the steps.
 *
 * Product: W_ih x + b_ih for all clips and steps. One clip has few rows (62) and each is long (1024), so the sum is cut
 * into up to 8 groups of 128 numbers or more that run side by side; the steps add up their parts.
 * Steps, up to 64 numbers of state: a block a clip; four lanes have one number of the state and a quarter of its three
 * rows of W_hh in registers. A step is one chain: four reads of the state from shared memory, 48 multiply-adds, two
 * shuffles, r, then n, and one barrier (the state is kept twice, so that nobody has to wait for its readers). Inputs
 * come to shared memory seven steps ahead, as the parts that they are, and are added up where the sums of the lanes
 * are. Warps of their own copy them: in the chain's warps the copies' 60 instructions were part of the chain (a step
 * then took some 900 cycles on an H200; with a single warp for them, 2,000). Steps of a greater state: a thread a row of
 * W_hh, read from L2 each step, two barriers a step.
 *
 * Bytes (62 steps, 1024 to 64, one clip): 0.25 MB of inputs, 0.8 MB of weights, 0.4 MB of parts, written and read.
 * Flops: 24 M and 0.8 M a step. Limit: not those but the chain of 62 steps; a step's 12,288 multiply-adds take one
 * multiprocessor 96 cycles, its reads 30, shuffles 60, r 80, n 90, barrier 40: about 400 cycles on an H200, 14 us in
 * all, for one clip as for 264. Measured there (revision 52c69ac): 21 us, and 4.4 for the product.
 */
#include <algorithm>

#include "cuda_operation.h"
#include "intrinsics.h"
#include "layers.h"
#include "precision.h"
#include "product.h"
#include "runtime.h"
#include "vectors.h"

namespace earshot {

namespace {

/* Numbers of state whose rows of W_hh are kept in registers, at most. */
constexpr int MOST_IN_REGISTERS = 64;
constexpr int MOST_THREADS = 1024;
/* Numbers of an input that one group of the product adds up, at least, and groups, at most. */
constexpr std::int32_t PIECE = 128;
constexpr std::int32_t MOST_PARTS = 8;
constexpr int GATES = 3;

/* Lanes that share a number of the state, and the parts of the inputs that one of them adds up. */
constexpr int LANES = 4;
constexpr int PARTS_OF_LANE = MOST_PARTS / LANES;
constexpr int WEIGHTS_OF_LANE = MOST_IN_REGISTERS / LANES;
/* Steps whose inputs are in shared memory: the present one and those that are under way. */
constexpr int STEPS_AHEAD = 8;
/* Threads that copy them: a warp for each scheduler. */
constexpr int COPYING_THREADS = 128;

struct Steps {
    std::int64_t frames;
    std::int32_t hidden;
    std::int32_t parts;
    Span<const float> inputs; /* [B, T, parts, 3 H] */
    Span<const float> weight; /* [3 H, MOST_IN_REGISTERS], filled up with zeros; or, for a greater H, [H, 3 H] */
    Span<const float> bias;   /* [3 H] */
    Span<float> out;          /* [B, T, H] */
};

__device__ __forceinline__ float hyperbolic_tangent(float x) {
    return fmaf(-2.0F, fast_reciprocal(1.0F + fast_exp2(2.0F * LOG2_E * x)), 1.0F);
}

/* From part to part in shared memory: the four lanes' parts then lie in different banks. */
__host__ __device__ constexpr int part_stride(int hidden) {
    return (GATES * hidden + 31) / 32 * 32 + 8;
}

__host__ __device__ constexpr int slot_words(int hidden) {
    return MOST_PARTS * part_stride(hidden);
}

/* The inputs of STEPS_AHEAD steps in shared memory, behind the states. For the threads that copy but for of(). */
class Inputs {
  public:
    __device__ __forceinline__ Inputs(const Steps &s, std::int64_t first)
        : ring_(2 * MOST_IN_REGISTERS * static_cast<int>(sizeof(float)), STEPS_AHEAD * slot_words(s.hidden)),
          first_(first), thread_(static_cast<int>(threadIdx.x + COPYING_THREADS - blockDim.x)) {
        const int rows = GATES * s.hidden;
#pragma unroll
        for (int j = 0; j < QUADS; ++j) {
            place_[j] = quad(j) * 4 / rows * part_stride(s.hidden) + quad(j) * 4 % rows;
        }
    }

    /* Zeros where there is no part, so that whoever adds them up need not ask. */
    __device__ __forceinline__ void clear(const Steps &s) const {
        for (int slot = 0; slot < STEPS_AHEAD; ++slot) {
            for (int i = s.parts * part_stride(s.hidden) + thread_; i < slot_words(s.hidden); i += COPYING_THREADS) {
                ring_[slot * slot_words(s.hidden) + i] = 0;
            }
        }
    }

    /* Begins to copy those of a step, if there is one; a group of copies in any case. */
    __device__ __forceinline__ void fetch(const Steps &s, std::int64_t step) const {
        if (step < s.frames) {
            const Span<const std::uint32_t> words = as_words(s.inputs);
            const int rows = GATES * s.hidden;
            const int all = s.parts * rows;
            const std::int64_t from = (first_ + step) * all;
            const int slot = static_cast<int>(step) % STEPS_AHEAD * slot_words(s.hidden);
            if (rows % 4 == 0) {
#pragma unroll
                for (int j = 0; j < QUADS; ++j) {
                    if (quad(j) * 4 < all) {
                        copy_async(ring_, slot + place_[j], words, from + quad(j) * 4);
                    }
                }
            } else {
                for (int i = thread_; i < all; i += COPYING_THREADS) {
                    copy_or_zero<1>(ring_, slot + i / rows * part_stride(s.hidden) + i % rows, words, from + i, true);
                }
            }
        }
        commit_copies();
    }

    /* A lane's share of a gate's input in the step whose slot begins at `slot`. */
    __device__ __forceinline__ float of(const Steps &s, int slot, int gate, int unit, int lane) const {
        const int stride = part_stride(s.hidden);
        const int at = slot + lane * stride + gate * s.hidden + unit;
        float sum = float_of(ring_[at]);
#pragma unroll
        for (int i = 1; i < PARTS_OF_LANE; ++i) {
            sum += float_of(ring_[at + i * LANES * stride]);
        }
        return sum;
    }

  private:
    /* Fours of a step's inputs that a thread copies, and where each goes to: found once, as a step has no time for it. */
    static constexpr int QUADS = MOST_PARTS * GATES * MOST_IN_REGISTERS / 4 / COPYING_THREADS;
    __device__ __forceinline__ int quad(int j) const {
        return thread_ + j * COPYING_THREADS;
    }

    Shared<std::uint32_t> ring_;
    std::int64_t first_;
    int thread_; /* of those that copy */
    int place_[QUADS];
};

/* The sum over the lanes that share a number, in all of them. */
__device__ __forceinline__ float sum_of_lanes(float v) {
#pragma unroll
    for (int mask = 1; mask < LANES; mask *= 2) {
        v += __shfl_xor_sync(0xFFFFFFFFU, v, mask);
    }
    return v;
}

/* H is at most MOST_IN_REGISTERS; LANES threads for each number of the state, whole warps, and those that copy. */
__global__ void __launch_bounds__(LANES *MOST_IN_REGISTERS + COPYING_THREADS, 2) gru_in_registers_kernel(Steps s) {
    begin_kernel();
    const Shared<float> states(0, 2 * MOST_IN_REGISTERS);
    const int lane = static_cast<int>(threadIdx.x) % LANES;
    const int unit = static_cast<int>(threadIdx.x) / LANES;
    const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * s.frames;
    const bool mine = unit < s.hidden;
    const Inputs inputs(s, first);
    if (threadIdx.x + COPYING_THREADS >= blockDim.x) {
        for (int i = static_cast<int>(threadIdx.x) % 32; i < 2 * MOST_IN_REGISTERS; i += 32) {
            states[i] = 0.0F;
        }
        inputs.clear(s);
        for (int step = 0; step + 1 < STEPS_AHEAD; ++step) {
            inputs.fetch(s, step);
        }
        for (std::int64_t t = 0; t < s.frames; ++t) {
            wait_for_groups<STEPS_AHEAD - 2>();
            /* Behind it the step's inputs are there, and those of the step before have been read. */
            meet();
            inputs.fetch(s, t + STEPS_AHEAD - 1);
        }
        return;
    }
    float weight[GATES][WEIGHTS_OF_LANE] = {};
    float bias[GATES] = {};
    if (mine) {
#pragma unroll
        for (int gate = 0; gate < GATES; ++gate) {
            const int row = gate * s.hidden + unit;
#pragma unroll
            for (int j = 0; j < WEIGHTS_OF_LANE; j += 4) {
                const Float4 w = s.weight.load4(row * MOST_IN_REGISTERS + j * LANES + 4 * lane);
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    weight[gate][j + i] = w.v[i];
                }
            }
            bias[gate] = lane == 0 ? s.bias[row] : 0.0F;
        }
    }
    const int row = mine ? unit : 0;
    const int slots = STEPS_AHEAD * slot_words(s.hidden);
    float h = 0.0F;
    int state = 0;
    int slot = 0;
    std::int64_t out = first * s.hidden + unit;
    for (std::int64_t t = 0; t < s.frames; ++t) {
        meet();
        float sums[GATES] = {bias[0], bias[1], bias[2]};
        const float input[GATES] = {inputs.of(s, slot, 0, row, lane), inputs.of(s, slot, 1, row, lane),
                                    inputs.of(s, slot, 2, row, lane)};
#pragma unroll
        for (int j = 0; j < WEIGHTS_OF_LANE; j += 4) {
            const Float4 old = states.load4(state + j * LANES + 4 * lane);
#pragma unroll
            for (int i = 0; i < 4; ++i) {
#pragma unroll
                for (int gate = 0; gate < GATES; ++gate) {
                    sums[gate] = fmaf(weight[gate][j + i], old.v[i], sums[gate]);
                }
            }
        }
        const float reset = sigmoid(sum_of_lanes(sums[0] + input[0]));
        const float keep = sigmoid(sum_of_lanes(sums[1] + input[1]));
        const float fresh_input = sum_of_lanes(input[2]);
        const float fresh = hyperbolic_tangent(fmaf(reset, sum_of_lanes(sums[2]), fresh_input));
        h = fmaf(keep, h - fresh, fresh);
        if (mine && lane == 0) {
            states[MOST_IN_REGISTERS - state + unit] = h;
            s.out[out] = h;
        }
        out += s.hidden;
        state = MOST_IN_REGISTERS - state;
        slot += slot_words(s.hidden);
        slot = slot == slots ? 0 : slot;
    }
}

__host__ __device__ constexpr int up_to_four(int n) {
    return (n + 3) / 4 * 4;
}

/* In shared memory: the state; then r and z, and of n the share of the state and that of the input. */
__global__ void __launch_bounds__(MOST_THREADS) gru_kernel(Steps s) {
    begin_kernel();
    const int hidden = s.hidden;
    const int rows = GATES * hidden;
    const int padded = up_to_four(hidden);
    const Shared<float> state(0, padded);
    const Shared<float> gates(padded * static_cast<int>(sizeof(float)), 4 * hidden);
    const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * s.frames;
    const int threads = static_cast<int>(blockDim.x);
    const int thread = static_cast<int>(threadIdx.x);
    for (int i = thread; i < hidden; i += threads) {
        state[i] = 0.0F;
    }
    __syncthreads();
    for (std::int64_t t = 0; t < s.frames; ++t) {
        for (int row = thread; row < rows; row += threads) {
            float input = 0.0F;
            for (int part = 0; part < s.parts; ++part) {
                input += s.inputs[((first + t) * s.parts + part) * rows + row];
            }
            float sum = s.bias[row];
            for (int k = 0; k < hidden; ++k) {
                sum = fmaf(s.weight[static_cast<std::int64_t>(k) * rows + row], state[k], sum);
            }
            if (row < 2 * hidden) {
                gates[row] = sigmoid(input + sum);
            } else {
                gates[row] = sum;
                gates[row + hidden] = input;
            }
        }
        __syncthreads();
        for (int i = thread; i < hidden; i += threads) {
            const float keep = gates[hidden + i];
            const float fresh = hyperbolic_tangent(fmaf(gates[i], gates[2 * hidden + i], gates[3 * hidden + i]));
            const float h = fmaf(keep, state[i] - fresh, fresh);
            state[i] = h;
            s.out[(first + t) * hidden + i] = h;
        }
        __syncthreads();
    }
}

/* Into how many parts the sum over an input is cut: as many as the product and the steps can take. */
std::int32_t parts_of(std::int32_t inputs) {
    for (std::int32_t parts = MOST_PARTS; parts > 1; --parts) {
        if (inputs % (4 * parts) == 0 && inputs / parts >= PIECE) {
            return parts;
        }
    }
    return 1;
}

class Gru final : public CarvedOperation<Gru> {
    friend CarvedOperation<Gru>;

  public:
    explicit Gru(const GruLayer &layer)
        : inputs_(layer.inputs), hidden_(layer.hidden), parts_(parts_of(layer.inputs)),
          arithmetic_(arithmetic_for(EARSHOT_PRECISION_FLOAT32)) {
        shared_bytes_ = (in_registers() ? 2 * MOST_IN_REGISTERS + STEPS_AHEAD * slot_words(hidden_)
                                        : size_product({4, hidden_}) + up_to_four(hidden_)) *
                        static_cast<Index>(sizeof(float));
        if (shared_bytes_ > static_cast<Index>(device().shared_bytes)) {
            throw Failure{STATUS_UNSUPPORTED, "hidden: " + std::to_string(hidden_) +
                                                  "; more than a block's shared memory has room for on this device"};
        }
        const Index rows = GATES * Index{hidden_};
        const std::int32_t width = inputs_ / parts_;
        std::vector<std::vector<HostMatrix>> pieces;
        for (std::int32_t part = 0; part < parts_; ++part) {
            HostMatrix piece = {static_cast<std::int32_t>(rows), width, {}};
            for (Index row = 0; row < rows; ++row) {
                const float *begin = layer.input_weight + row * inputs_ + Index{part} * width;
                piece.values.insert(piece.values.end(), begin, begin + width);
            }
            pieces.push_back({std::move(piece)});
        }
        input_weight_ = DeviceArray<std::uint32_t>(pack_product(pieces, arithmetic_));
        /* The first part brings the bias. */
        std::vector<float> biases(static_cast<std::size_t>(rows * parts_), 0.0F);
        std::copy(layer.input_bias, layer.input_bias + rows, biases.begin());
        input_bias_ = DeviceArray<float>(biases);
        state_weight_ = DeviceArray<float>(in_registers() ? padded(layer.state_weight) : turned(layer.state_weight));
        state_bias_ = to_device(layer.state_bias, rows);
        const auto kernel = in_registers() ? gru_in_registers_kernel : gru_kernel;
        earshot::check(allow_shared(kernel, static_cast<std::size_t>(shared_bytes_)),
                       "asking for the shared memory of a GRU");
    }

    void check(const Extents &e) const override {
        if (inputs_ % e.bands != 0) {
            fail("shape: " + std::to_string(e.bands) + " bands; expected a divisor of " + std::to_string(inputs_));
        }
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, inputs_}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, e.frames, hidden_}); }

    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        const std::int32_t rows = GATES * hidden_;
        const Span<float> parts = scratch(a);
        Product p = {};
        p.rows = size_product({e.batch, e.frames});
        p.columns = rows;
        p.groups = parts_;
        p.source[0] = {a.input0, inputs_, inputs_ / parts_};
        p.source_step = inputs_ / parts_;
        p.weights = input_weight_.span();
        p.bias = input_bias_.span();
        p.out = parts;
        p.out_stride = Index{parts_} * rows;
        p.out_step = rows;
        earshot::check(earshot::enqueue(p, arithmetic_, a.stream), "product of a GRU's inputs");
        const std::int64_t threads = in_registers() ? round_up(LANES * Index{hidden_}, 32) + COPYING_THREADS
                                                    : std::min<Index>(round_up(rows, 32), MOST_THREADS);
        earshot::check(
            launch("GRU", in_registers() ? gru_in_registers_kernel : gru_kernel, dim3(static_cast<unsigned>(e.batch)),
                   dim3(static_cast<unsigned>(threads)), static_cast<std::size_t>(shared_bytes_), a.stream,
                   Steps{e.frames, hidden_, parts_, parts, state_weight_.span(), state_bias_.span(), a.output}),
            "steps of a GRU");
    }

  private:
    bool in_registers() const { return hidden_ <= MOST_IN_REGISTERS; }

    /* [3 H, H] with zeros behind each row. */
    std::vector<float> padded(const float *weight) const {
        std::vector<float> rows(static_cast<std::size_t>(GATES * hidden_ * MOST_IN_REGISTERS), 0.0F);
        for (std::int32_t row = 0; row < GATES * hidden_; ++row) {
            std::copy(weight + row * hidden_, weight + (row + 1) * hidden_, rows.begin() + row * MOST_IN_REGISTERS);
        }
        return rows;
    }
    /* [3 H, H] to [H, 3 H]. */
    std::vector<float> turned(const float *weight) const {
        std::vector<float> columns;
        for (Index k = 0; k < hidden_; ++k) {
            for (Index row = 0; row < GATES * Index{hidden_}; ++row) {
                columns.push_back(weight[row * hidden_ + k]);
            }
        }
        return columns;
    }

    Span<float> carve(Carver &carver, const Extents &e) const {
        return carver.take(size_product({e.batch, e.frames, parts_, GATES, hidden_}));
    }

    std::int32_t inputs_;
    std::int32_t hidden_;
    std::int32_t parts_;
    Arithmetic arithmetic_;
    Index shared_bytes_;
    DeviceArray<std::uint32_t> input_weight_;
    DeviceArray<float> input_bias_;
    DeviceArray<float> state_weight_;
    DeviceArray<float> state_bias_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_gru(const CudaPacking &packing) {
    return std::make_unique<Gru>(GruLayer(packing));
}

} // namespace earshot
