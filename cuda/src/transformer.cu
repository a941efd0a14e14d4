/*
 * EARSHOT_LAYER_TRANSFORMER: a whole encoder layer of one clip by one block.
 *
 * Idea: 16 tokens of 128 channels are 1.2 M multiply-adds, too little for seven launches. A block keeps all that a clip
 * needs in shared memory (54 KB) and reads the weights from L2, once for eight tokens. Linear maps: a thread has one
 * output of eight tokens; weights are turned, so that a warp reads 128 bytes in a row; tokens are read four numbers at
 * a time, the same for all threads of a warp. Attention: a warp a head and query, its scores in shared memory; rows of
 * queries, keys and values are an odd number of floats apart, so that keys lie in different banks. Where a clip does
 * not fit into shared memory the same kernel runs on scratch memory, slower.
 *
 * Bytes (one clip): 0.3 MB of weights, twice. Flops: 2.5 M. Limit on an H200: one multiprocessor's L2 reads, 64 bytes a
 * cycle, 5 us; up to 132 clips take no longer.
 */
#include <type_traits>

#include "intrinsics.h"
#include "operation.h"

namespace earshot {

namespace {

constexpr int THREADS = 512;
constexpr int WARPS = THREADS / 32;
/* Tokens for which a thread uses a weight. */
constexpr int TOKENS = 8;
constexpr float EPSILON = 1e-5F;

/* y = W x + b, turned and filled up with zeros: weight [inputs, outputs], both multiples of 4. */
struct TurnedMap {
    std::int32_t inputs;
    std::int32_t outputs;
    Span<const float> weight;
    Span<const float> bias;
};

struct NormWeights {
    Span<const float> scale;
    Span<const float> shift;
};

/* Where in a clip's memory the parts lie, in floats; rows of all but the first are multiples of 4 apart. */
struct Layout {
    std::int64_t projected; /* queries, keys and values, [tokens, projected_stride] */
    std::int64_t scores;    /* [WARPS, tokens] */
    std::int64_t x;         /* [tokens, width_stride] */
    std::int64_t attended;  /* [tokens, width_stride] */
    std::int64_t added;     /* [tokens, width_stride]: what is added to x in front of a norm */
    std::int64_t inner;     /* [tokens, inner_stride] */
    std::int64_t floats;
    std::int32_t projected_stride;
    std::int32_t width_stride;
    std::int32_t inner_stride;

    Layout(std::int64_t tokens, std::int64_t width, std::int64_t hidden) {
        const auto fours = [](std::int64_t n) { return (n + 3) / 4 * 4; };
        projected_stride = static_cast<std::int32_t>(fours(3 * width) + 1);
        width_stride = static_cast<std::int32_t>(fours(width));
        inner_stride = static_cast<std::int32_t>(fours(hidden));
        projected = 0;
        scores = projected + fours(tokens * projected_stride);
        x = scores + fours(WARPS * tokens);
        attended = x + tokens * width_stride;
        added = attended + tokens * width_stride;
        inner = added + tokens * width_stride;
        floats = inner + tokens * inner_stride;
    }
};

struct Encoder {
    std::int32_t tokens;
    std::int32_t width;
    std::int32_t heads;
    Layout layout;
    TurnedMap in;
    TurnedMap out;
    TurnedMap widen;
    TurnedMap narrow;
    NormWeights norms[2];
    Span<const float> input;
    Span<float> output;
    Span<float> scratch; /* [B, layout.floats], or empty where shared memory suffices */
};

template <bool SHARED> using Numbers = std::conditional_t<SHARED, Shared<float>, Span<float>>;

template <bool SHARED>
__device__ __forceinline__ Numbers<SHARED> part(const Encoder &e, std::int64_t offset, std::int64_t count) {
    if constexpr (SHARED) {
        return Shared<float>(static_cast<int>(offset * static_cast<std::int64_t>(sizeof(float))),
                             static_cast<int>(count));
    } else {
        return e.scratch.part(blockIdx.x * e.layout.floats + offset, count);
    }
}

/* y = W x + b for all tokens, then max(y, 0) if `rectify`. */
template <class N>
__device__ __forceinline__ void apply(const TurnedMap &m, int tokens, const N &x, int x_stride, const N &y,
                                      int y_stride, bool rectify) {
    const int items = (tokens + TOKENS - 1) / TOKENS * m.outputs;
    for (int item = static_cast<int>(threadIdx.x); item < items; item += THREADS) {
        const int column = item % m.outputs;
        const int first = item / m.outputs * TOKENS;
        float sums[TOKENS];
        int rows[TOKENS];
#pragma unroll
        for (int k = 0; k < TOKENS; ++k) {
            sums[k] = m.bias[column];
            rows[k] = (first + k < tokens ? first + k : tokens - 1) * x_stride;
        }
#pragma unroll 4
        for (int i = 0; i < m.inputs; i += 4) {
            float weight[4];
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                weight[j] = m.weight[static_cast<std::int64_t>(i + j) * m.outputs + column];
            }
#pragma unroll
            for (int k = 0; k < TOKENS; ++k) {
                const Float4 v = x.load4(rows[k] + i);
#pragma unroll
                for (int j = 0; j < 4; ++j) {
                    sums[k] = fmaf(weight[j], v.v[j], sums[k]);
                }
            }
        }
#pragma unroll
        for (int k = 0; k < TOKENS; ++k) {
            if (first + k < tokens) {
                y[(first + k) * y_stride + column] = rectify ? relu(sums[k]) : sums[k];
            }
        }
    }
}

__device__ __forceinline__ float warp_maximum(float v) {
    for (int mask = 16; mask > 0; mask /= 2) {
        v = fmaxf(v, __shfl_xor_sync(0xFFFFFFFFU, v, mask));
    }
    return v;
}

/* softmax(q k^T / sqrt(depth)) v, a warp a head and query. Less the greatest score, or powers would overflow. */
template <class N>
__device__ __forceinline__ void attend(const Encoder &e, const N &projected, const N &scores, const N &attended) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int depth = e.width / e.heads;
    const int stride = e.layout.projected_stride;
    const int mine = warp * e.tokens;
    const float factor = LOG2_E / sqrtf(static_cast<float>(depth));
    for (int task = warp; task < e.heads * e.tokens; task += WARPS) {
        const int head = task % e.heads * depth;
        const int query = task / e.heads;
        float greatest = -INFINITY;
        for (int j = lane; j < e.tokens; j += 32) {
            float score = 0.0F;
            for (int d = 0; d < depth; ++d) {
                const float key = projected[j * stride + e.width + head + d];
                score = fmaf(projected[query * stride + head + d], key, score);
            }
            scores[mine + j] = score;
            greatest = fmaxf(greatest, score);
        }
        greatest = warp_maximum(greatest);
        float whole = 0.0F;
        for (int j = lane; j < e.tokens; j += 32) {
            const float power = fast_exp2((scores[mine + j] - greatest) * factor);
            scores[mine + j] = power;
            whole += power;
        }
        whole = warp_sum(whole);
        __syncwarp();
        for (int d = lane; d < depth; d += 32) {
            float sum = 0.0F;
            for (int j = 0; j < e.tokens; ++j) {
                sum = fmaf(scores[mine + j], projected[j * stride + 2 * e.width + head + d], sum);
            }
            attended[query * e.layout.width_stride + head + d] = sum / whole;
        }
        /* Before the next task's scores take the place of these. */
        __syncwarp();
    }
}

/* put(token, channel, norm(x + added)), a warp a token. */
template <class N, class Put>
__device__ __forceinline__ void add_and_norm(const Encoder &e, const NormWeights &norm, const N &x, const N &added,
                                             const Put &put) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const float share = 1.0F / static_cast<float>(e.width);
    for (int token = static_cast<int>(threadIdx.x) / 32; token < e.tokens; token += WARPS) {
        const int row = token * e.layout.width_stride;
        float sum = 0.0F;
        for (int c = lane; c < e.width; c += 32) {
            sum += x[row + c] + added[row + c];
        }
        const float mean = warp_sum(sum) * share;
        float squares = 0.0F;
        for (int c = lane; c < e.width; c += 32) {
            const float deviation = x[row + c] + added[row + c] - mean;
            squares = fmaf(deviation, deviation, squares);
        }
        const float factor = 1.0F / sqrtf(warp_sum(squares) * share + EPSILON);
        for (int c = lane; c < e.width; c += 32) {
            put(token, c, fmaf((x[row + c] + added[row + c] - mean) * factor, norm.scale[c], norm.shift[c]));
        }
    }
}

/* A block a clip. SHARED: on shared memory, otherwise on scratch memory. */
template <bool SHARED> __global__ void __launch_bounds__(THREADS) transformer_kernel(Encoder e) {
    begin_kernel();
    const Layout &l = e.layout;
    const int stride = l.width_stride;
    const Numbers<SHARED> projected = part<SHARED>(e, l.projected, l.scores - l.projected);
    const Numbers<SHARED> scores = part<SHARED>(e, l.scores, l.x - l.scores);
    const Numbers<SHARED> x = part<SHARED>(e, l.x, l.attended - l.x);
    const Numbers<SHARED> attended = part<SHARED>(e, l.attended, l.added - l.attended);
    const Numbers<SHARED> added = part<SHARED>(e, l.added, l.inner - l.added);
    const Numbers<SHARED> inner = part<SHARED>(e, l.inner, l.floats - l.inner);
    const std::int64_t clip = static_cast<std::int64_t>(blockIdx.x) * e.tokens * e.width;
    for (int i = static_cast<int>(threadIdx.x); i < e.tokens * stride; i += THREADS) {
        const int channel = i % stride;
        x[i] = channel < e.width ? e.input[clip + i / stride * e.width + channel] : 0.0F;
        if (channel >= e.width) {
            attended[i] = 0.0F;
        }
    }
    __syncthreads();
    apply(e.in, e.tokens, x, stride, projected, l.projected_stride, false);
    __syncthreads();
    attend(e, projected, scores, attended);
    __syncthreads();
    apply(e.out, e.tokens, attended, stride, added, stride, false);
    __syncthreads();
    add_and_norm(e, e.norms[0], x, added, [&](int token, int c, float y) { x[token * stride + c] = y; });
    __syncthreads();
    apply(e.widen, e.tokens, x, stride, inner, l.inner_stride, true);
    __syncthreads();
    apply(e.narrow, e.tokens, inner, l.inner_stride, added, stride, false);
    __syncthreads();
    add_and_norm(e, e.norms[1], x, added, [&](int token, int c, float y) {
        e.output[clip + static_cast<std::int64_t>(token) * e.width + c] = y;
    });
}

class PreparedMap {
  public:
    PreparedMap(const float *weight, const float *bias, Index inputs, Index outputs)
        : inputs_(round_up(inputs, 4)), outputs_(round_up(outputs, 4)) {
        std::vector<float> turned(static_cast<std::size_t>(size_product({inputs_, outputs_})), 0.0F);
        for (Index o = 0; o < outputs; ++o) {
            for (Index i = 0; i < inputs; ++i) {
                turned[static_cast<std::size_t>(i * outputs_ + o)] = weight[o * inputs + i];
            }
        }
        std::vector<float> biases(bias, bias + outputs);
        biases.resize(static_cast<std::size_t>(outputs_), 0.0F);
        weight_ = DeviceArray<float>(turned);
        bias_ = DeviceArray<float>(biases);
    }

    TurnedMap view() const {
        return {static_cast<std::int32_t>(inputs_), static_cast<std::int32_t>(outputs_), weight_.span(), bias_.span()};
    }

  private:
    Index inputs_;
    Index outputs_;
    DeviceArray<float> weight_;
    DeviceArray<float> bias_;
};

class Transformer final : public CarvedOperation<Transformer> {
    friend CarvedOperation<Transformer>;

  public:
    explicit Transformer(const TransformerLayer &layer)
        : width_(layer.width), heads_(layer.heads), hidden_(layer.hidden),
          in_(layer.in, layer.in_bias, width_, 3 * Index{width_}), out_(layer.out, layer.out_bias, width_, width_),
          widen_(layer.widen, layer.widen_bias, width_, hidden_),
          narrow_(layer.narrow, layer.narrow_bias, hidden_, width_) {
        for (int norm = 0; norm < 2; ++norm) {
            scale_[norm] = to_device(layer.scale[norm], width_);
            shift_[norm] = to_device(layer.shift[norm], width_);
        }
    }

    void check(const Extents &e) const override {
        require(e.bands == 1, "shape: expected bands 1 for tokens");
        /* The kernel counts a clip's numbers in 32 bits. */
        const Index row = size_sum({size_product({6, width_}), hidden_, heads_, WARPS, 32});
        require(size_product({e.frames, row}) <= INT32_MAX, "shape: more tokens than the kernel can count");
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, width_}); }
    Index output_floats(const Extents &e) const override { return input0_floats(e); }

    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        const Span<float> scratch = this->scratch(a);
        const bool shared = fits(e);
        const std::size_t bytes = shared ? shared_bytes(e) : 0;
        const auto kernel = shared ? transformer_kernel<true> : transformer_kernel<false>;
        earshot::check(allow_shared(kernel, bytes), "asking for the shared memory of a transformer layer");
        earshot::check(launch("transformer", kernel, dim3(static_cast<unsigned>(e.batch)), dim3(THREADS), bytes,
                              a.stream,
                              Encoder{static_cast<std::int32_t>(e.frames),
                                      width_,
                                      heads_,
                                      Layout(e.frames, width_, hidden_),
                                      in_.view(),
                                      out_.view(),
                                      widen_.view(),
                                      narrow_.view(),
                                      {{scale_[0].span(), shift_[0].span()}, {scale_[1].span(), shift_[1].span()}},
                                      a.input0,
                                      a.output,
                                      scratch}),
                       "transformer layer");
    }

  private:
    std::size_t shared_bytes(const Extents &e) const {
        return static_cast<std::size_t>(Layout(e.frames, width_, hidden_).floats) * sizeof(float);
    }
    bool fits(const Extents &e) const { return shared_bytes(e) <= device().shared_bytes; }

    Span<float> carve(Carver &carver, const Extents &e) const {
        return fits(e) ? Span<float>()
                       : carver.take(size_product({e.batch, Layout(e.frames, width_, hidden_).floats}));
    }

    std::int32_t width_;
    std::int32_t heads_;
    std::int32_t hidden_;
    PreparedMap in_;
    PreparedMap out_;
    PreparedMap widen_;
    PreparedMap narrow_;
    DeviceArray<float> scale_[2];
    DeviceArray<float> shift_[2];
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_transformer(const Packing &packing) {
    return std::make_unique<Transformer>(TransformerLayer(packing));
}

} // namespace earshot
