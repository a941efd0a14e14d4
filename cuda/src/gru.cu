/*
 * EARSHOT_LAYER_GRU: a product for all inputs at once, then the steps.
 *
 * Product: W_ih x + b_ih for all clips and steps. One clip has few rows (62) and each is long (1024), so the sum is cut
 * into groups of 128 numbers that run side by side; the steps add up their parts.
 * Steps: a block a clip, a thread a row of W_hh, which it keeps in registers (up to 64 numbers of state; more are read
 * from L2 each step). The state is read from shared memory, where all threads of a warp want the same number. A step
 * has two barriers: behind the gates, behind the new state. The next step's inputs are read before the present one is
 * done.
 *
 * Bytes (62 steps, 1024 to 64, one clip): 0.25 MB of inputs, 0.8 MB of weights, 0.4 MB of parts, written and read.
 * Flops: 24 M and 1.5 M. Limit: not those but one step after the other, 62 times some 300 cycles, 10 us on an H200.
 */
#include <algorithm>

#include "intrinsics.h"
#include "operation.h"
#include "product.h"

namespace earshot {

namespace {

/* Rows of W_hh that are kept in registers have as many numbers at most. */
constexpr int MOST_IN_REGISTERS = 64;
constexpr int MOST_THREADS = 1024;
/* Numbers of an input that one group of the product adds up. */
constexpr std::int32_t PIECE = 128;

struct Steps {
    std::int64_t frames;
    std::int32_t hidden;
    std::int32_t parts;
    Span<const float> inputs; /* [B, T, parts, 3 H] */
    Span<const float> weight; /* [H, 3 H] */
    Span<const float> bias;   /* [3 H] */
    Span<float> out;          /* [B, T, H] */
};

/* The state, a multiple of 4 numbers; then r and z, and of n the share of the state and that of the input. */
__host__ __device__ constexpr int state_floats(int hidden) { return (hidden + 3) / 4 * 4; }

/* The parts of row `row`'s input of one step, added up. */
__device__ __forceinline__ float input_of(const Steps &s, std::int64_t step, int row) {
    const int rows = 3 * s.hidden;
    float sum = 0.0F;
    for (int part = 0; part < s.parts; ++part) {
        sum += s.inputs[(step * s.parts + part) * rows + row];
    }
    return sum;
}

/* Row `row`'s share of the gates: r and z done, of n both terms. */
__device__ __forceinline__ void put_gate(const Shared<float> &gates, int hidden, int row, float input, float state) {
    if (row < 2 * hidden) {
        gates[row] = sigmoid(input + state);
    } else {
        gates[row] = state;
        gates[row + hidden] = input;
    }
}

/* REGISTERS: H is at most MOST_IN_REGISTERS, and each of the rows has a thread. */
template <bool REGISTERS> __global__ void __launch_bounds__(REGISTERS ? 3 * MOST_IN_REGISTERS : MOST_THREADS)
    gru_kernel(Steps s) {
    begin_kernel();
    const int hidden = s.hidden;
    const int rows = 3 * hidden;
    const int padded = REGISTERS ? MOST_IN_REGISTERS : state_floats(hidden);
    const Shared<float> state(0, padded);
    const Shared<float> gates(padded * static_cast<int>(sizeof(float)), 4 * hidden);
    const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * s.frames;
    const int threads = static_cast<int>(blockDim.x);
    const int thread = static_cast<int>(threadIdx.x);
    for (int i = thread; i < padded; i += threads) {
        state[i] = 0.0F;
    }
    [[maybe_unused]] float weight[REGISTERS ? MOST_IN_REGISTERS : 1];
    [[maybe_unused]] float input = 0.0F;
    [[maybe_unused]] float bias = 0.0F;
    if constexpr (REGISTERS) {
#pragma unroll
        for (int k = 0; k < MOST_IN_REGISTERS; ++k) {
            weight[k] = thread < rows && k < hidden ? s.weight[k * rows + thread] : 0.0F;
        }
        if (thread < rows) {
            input = input_of(s, first, thread);
            bias = s.bias[thread];
        }
    }
    __syncthreads();
    for (std::int64_t t = 0; t < s.frames; ++t) {
        if constexpr (REGISTERS) {
            if (thread < rows) {
                const float next = t + 1 < s.frames ? input_of(s, first + t + 1, thread) : 0.0F;
                /* Four sums: one would wait for itself 64 times. */
                Float4 sums = {{bias, 0.0F, 0.0F, 0.0F}};
#pragma unroll
                for (int k = 0; k < MOST_IN_REGISTERS; k += 4) {
                    const Float4 h = state.load4(k);
#pragma unroll
                    for (int i = 0; i < 4; ++i) {
                        sums.v[i] = fmaf(weight[k + i], h.v[i], sums.v[i]);
                    }
                }
                put_gate(gates, hidden, thread, input, (sums.v[0] + sums.v[1]) + (sums.v[2] + sums.v[3]));
                input = next;
            }
        } else {
            for (int row = thread; row < rows; row += threads) {
                float sum = s.bias[row];
                for (int k = 0; k < hidden; ++k) {
                    sum = fmaf(s.weight[static_cast<std::int64_t>(k) * rows + row], state[k], sum);
                }
                put_gate(gates, hidden, row, input_of(s, first + t, row), sum);
            }
        }
        __syncthreads();
        for (int i = thread; i < hidden; i += threads) {
            const float keep = gates[hidden + i];
            const float fresh = tanhf(fmaf(gates[i], gates[2 * hidden + i], gates[3 * hidden + i]));
            const float h = fmaf(keep, state[i] - fresh, fresh);
            state[i] = h;
            s.out[(first + t) * hidden + i] = h;
        }
        __syncthreads();
    }
}

class Gru final : public CarvedOperation<Gru> {
    friend CarvedOperation<Gru>;

  public:
    explicit Gru(const GruLayer &layer)
        : inputs_(layer.inputs), hidden_(layer.hidden), parts_(layer.inputs % PIECE == 0 ? layer.inputs / PIECE : 1),
          arithmetic_(arithmetic_for(EARSHOT_PRECISION_FLOAT32)) {
        shared_bytes_ = (size_product({4, hidden_}) + (in_registers() ? MOST_IN_REGISTERS : state_floats(hidden_))) *
                        static_cast<Index>(sizeof(float));
        if (shared_bytes_ > static_cast<Index>(device().shared_bytes)) {
            throw Failure{STATUS_UNSUPPORTED, "hidden: " + std::to_string(hidden_) +
                                                  "; more than a block's shared memory has room for on this device"};
        }
        const Index rows = 3 * Index{hidden_};
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
        std::vector<float> turned;
        for (Index k = 0; k < hidden_; ++k) {
            for (Index row = 0; row < rows; ++row) {
                turned.push_back(layer.state_weight[row * hidden_ + k]);
            }
        }
        state_weight_ = DeviceArray<float>(turned);
        state_bias_ = to_device(layer.state_bias, rows);
        const auto bytes = static_cast<std::size_t>(shared_bytes_);
        earshot::check(in_registers() ? allow_shared(gru_kernel<true>, bytes) : allow_shared(gru_kernel<false>, bytes),
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
        const std::int32_t rows = 3 * hidden_;
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
        const int threads = static_cast<int>(std::min<Index>(round_up(rows, 32), MOST_THREADS));
        earshot::check(launch("GRU", in_registers() ? gru_kernel<true> : gru_kernel<false>,
                              dim3(static_cast<unsigned>(e.batch)), dim3(static_cast<unsigned>(threads)),
                              static_cast<std::size_t>(shared_bytes_), a.stream,
                              Steps{e.frames, hidden_, parts_, parts, state_weight_.span(), state_bias_.span(),
                                    a.output}),
                       "steps of a GRU");
    }

  private:
    bool in_registers() const { return hidden_ <= MOST_IN_REGISTERS; }

    Span<float> carve(Carver &carver, const Extents &e) const {
        return carver.take(size_product({e.batch, e.frames, parts_, 3, hidden_}));
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

std::unique_ptr<earshot_cuda_op> make_gru(const Packing &packing) {
    return std::make_unique<Gru>(GruLayer(packing));
}

} // namespace earshot
