/*
 * Products on Hopper's tensor cores (wgmma, compute capability 9.0a): the projection of a Mamba path, 15,500 rows by
 * 576 of depth by 64 columns, and the like.
 *
 * Idea: a block of two warpgroups makes a tile of 128 rows by 64 columns. Rows never see shared memory: the
 * instruction takes them from registers, and as the order of a sum is free, a lane's share of 16 numbers of a row is
 * chosen to be four in a row, 16 bytes from global memory, and the weights are packed to match. What a step of 64
 * numbers needs is under way while the step before is multiplied. Weights travel to shared memory by cp.async, three
 * steps ahead, with one barrier a step. SPLIT splits rows in registers, between instructions that run by themselves.
 *
 * Bytes (paper size, one clip, the projection of a path): 36 MB read once, 4 MB of x read, 4 MB written, 0.3 MB of
 * weights (SPLIT) a block from L2: 10 us on an H200. Flops: 1.14 G; with SPLIT three times that at some 400 TFLOP/s:
 * 9 us. Measured in the network (H200, revision 52c69ac): 24 us, with TF32 17, with BF16 and y in pairs 13.5.
 */
#include <algorithm>

#include "product.h"
#include "runtime.h"
#include "tensor_core.h"
#include "vectors.h"
#include "warpgroup.h"

namespace earshot {

namespace {

constexpr int THREADS = 2 * WARPGROUP_THREADS;
constexpr int WARP_ROWS = 16;
constexpr int BLOCK_ROWS = THREADS / 32 * WARP_ROWS;
constexpr int COLUMNS = 64;
[[maybe_unused]] constexpr int TILES = COLUMNS / 8;
constexpr int STEP = 64;         /* numbers of a row that are multiplied between two barriers */
constexpr int QUADS = STEP / 16; /* a lane has four of 16 numbers */
constexpr int STAGES = 4;

/* Instructions for 16 numbers of a row, and the words of weights of one: two slabs of 4 words for each column. */
__host__ __device__ constexpr int parts(Arithmetic a) {
    return step_numbers(a) == 8 ? 2 : 1;
}
constexpr int WORD_BYTES = 4;
constexpr int UNIT_WORDS = FACTOR_UNIT / WORD_BYTES;
constexpr int SLAB_WORDS = COLUMNS * UNIT_WORDS;
constexpr int PART_WORDS = 2 * SLAB_WORDS;
__host__ __device__ constexpr int part_words(Arithmetic a) {
    return (splits(a) ? 2 : 1) * PART_WORDS;
}
__host__ __device__ constexpr int stage_words(Arithmetic a) {
    return QUADS * parts(a) * part_words(a);
}

/*
 * A lane's numbers of the rows lane / 4 and 8 behind it of its warp's 16, step after step through both sources. WHOLE:
 * memory can be read in fours, and both widths are whole steps; rows behind the last are then the last once more. PAIRS:
 * the first source's are words of two, which are left as they are: two floats' bits of each four.
 */
template <bool WHOLE, bool PAIRS>
class RowReader {
  public:
    __device__ __forceinline__ RowReader(const Product &p, const ProductAccess &access, int group, std::int64_t row0,
                                         int steps0)
        : p_(p), access_(access), row0_(row0), offset_(static_cast<std::int64_t>(group) * p.source_step),
          steps0_(steps0) {
        turn_to(0);
    }

    /* The next step's numbers; nothing is read behind the last step. */
    __device__ __forceinline__ void read(Float4 (&to)[QUADS][2], int step, int steps) {
        if (step >= steps) {
            return;
        }
        if (step == steps0_) {
            turn_to(1);
        }
#pragma unroll
        for (int q = 0; q < QUADS; ++q) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                if (PAIRS && step < steps0_) {
                    const Vector<std::uint32_t, 2> words = p_.pairs.template load<2>((at_[half] + q * 16) / 2);
                    to[q][half].v[0] = float_of(words.v[0]);
                    to[q][half].v[1] = float_of(words.v[1]);
                } else if constexpr (WHOLE) {
                    to[q][half] = values_.load4(at_[half] + q * 16);
                } else {
                    const int present = row0_ + half * 8 < p_.rows ? left_ - q * 16 : 0;
                    to[q][half] = read_four(values_, at_[half] + q * 16, present, fours_);
                }
            }
        }
        at_[0] += STEP;
        at_[1] += STEP;
        left_ -= STEP;
    }

  private:
    __device__ __forceinline__ void turn_to(int which) {
        const Rows &source = which == 0 ? p_.source[0] : p_.source[1];
        const int first = static_cast<int>(threadIdx.x) % 4 * 4;
        values_ = source.values;
        fours_ = which == 0 ? access_.source[0] : access_.source[1];
        left_ = source.width - first;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const std::int64_t row = row0_ + half * 8;
            at_[half] = offset_ + (WHOLE && row >= p_.rows ? p_.rows - 1 : row) * source.stride + first;
        }
    }

    const Product &p_;
    const ProductAccess &access_;
    std::int64_t row0_;
    std::int64_t offset_;
    int steps0_;
    Span<const float> values_;
    bool fours_ = false;
    int left_ = 0; /* numbers of the lane's rows from its next on */
    std::int64_t at_[2];
};

template <Arithmetic A, bool WHOLE, bool PAIRS>
__device__ __forceinline__ void multiply_tile(const Product &p, const ProductAccess &access) {
    constexpr int STAGE_WORDS = stage_words(A);
    const Shared<std::uint32_t> stages(0, STAGES * STAGE_WORDS);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int group = static_cast<int>(blockIdx.z);
    const int steps0 = (p.source[0].width + STEP - 1) / STEP;
    const int steps = steps0 + (p.source[1].width + STEP - 1) / STEP;
    const std::int64_t weights0 = (static_cast<std::int64_t>(group) * gridDim.y + blockIdx.y) * steps * STAGE_WORDS;
    const auto fetch_weights = [&](int step) {
        if (step < steps) {
            const int first = static_cast<int>(threadIdx.x) * 4;
            const std::int64_t from = weights0 + static_cast<std::int64_t>(step) * STAGE_WORDS + first;
            const int to = step % STAGES * STAGE_WORDS + first;
#pragma unroll
            for (int i = 0; i < STAGE_WORDS; i += THREADS * 4) {
                copy_async(stages, to + i, p.weights, from + i);
            }
        }
        commit_copies();
    };
    for (int step = 0; step < STAGES - 1; ++step) {
        fetch_weights(step);
    }
    begin_kernel();

    const std::int64_t row0 = static_cast<std::int64_t>(blockIdx.x) * BLOCK_ROWS + warp * WARP_ROWS + lane / 4;
    RowReader<WHOLE, PAIRS> reader(p, access, group, row0, steps0);
    Float4 next[QUADS][2] = {};
    reader.read(next, 0, steps);
    /* What is added at the end: all of it before anything waits for it, and ahead of the steps where registers allow. */
    Float4 residual[TILES / 2][2] = {};
    const auto column_of = [&](int pair) { return static_cast<int>(blockIdx.y) * COLUMNS + pair * 16 + lane % 4 * 4; };
    const auto read_residual = [&] {
        if (!p.residual.values.empty()) {
#pragma unroll
            for (int pair = 0; pair < TILES / 2; ++pair) {
#pragma unroll
                for (int half = 0; half < 2; ++half) {
                    const std::int64_t row = row0 + half * 8;
                    const int present = row < p.rows ? p.columns - column_of(pair) : 0;
                    residual[pair][half] = read_four(
                        p.residual.values,
                        row * p.residual.stride + static_cast<std::int64_t>(group) * p.residual_step + column_of(pair),
                        present, WHOLE || access.out);
                }
            }
        }
    };
    if constexpr (!splits(A)) {
        read_residual();
    }

    WarpgroupSums sums;
    for (int step = 0; step < steps; ++step) {
        Float4 now[QUADS][2];
#pragma unroll
        for (int q = 0; q < QUADS; ++q) {
            now[q][0] = next[q][0];
            now[q][1] = next[q][1];
        }
        reader.read(next, step + 1, steps);
        wait_for_groups<STAGES - 2>();
        show_to_copies();
        /* Behind it all warps see the step's weights, and none reads those of the step before any more. */
        __syncthreads();
        fetch_weights(step + STAGES - 1);
        const WarpgroupFactor first =
            warpgroup_factor(step % STAGES * STAGE_WORDS * WORD_BYTES, SLAB_WORDS * WORD_BYTES, 8 * FACTOR_UNIT);
#pragma unroll
        for (int q = 0; q < QUADS; ++q) {
            FragmentA high[parts(A)];
            [[maybe_unused]] FragmentA low[parts(A)];
            if constexpr (A == Arithmetic::BF16) {
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const Float4 &x = now[q][i % 2];
                    high[0].word[i] =
                        PAIRS && step < steps0 ? bits_of(x.v[i / 2]) : pack_bf16(x.v[i / 2 * 2], x.v[i / 2 * 2 + 1]);
                }
            } else {
#pragma unroll
                for (int j = 0; j < 2; ++j) {
#pragma unroll
                    for (int i = 0; i < 4; ++i) {
                        const float x = now[q][i % 2].v[j * 2 + i / 2];
                        if constexpr (splits(A)) {
                            split(bits_of(x), high[j].word[i], low[j].word[i]);
                        } else {
                            high[j].word[i] = to_tf32(x);
                        }
                    }
                }
            }
            const auto weights = [&](int j, int which) {
                return first.behind(((q * parts(A) + j) * part_words(A) + which * PART_WORDS) / UNIT_WORDS);
            };
            if constexpr (splits(A)) {
                /* From zero, and added outside, rounded; the small products first. */
                WarpgroupSums products;
                hold(products);
                begin_products();
                warpgroup_multiply<word_of<A>(), true>(products, low[0], weights(0, 0));
                warpgroup_multiply<word_of<A>(), false>(products, low[1], weights(1, 0));
#pragma unroll
                for (int which = 1; which >= 0; --which) {
#pragma unroll
                    for (int j = 0; j < 2; ++j) {
                        warpgroup_multiply<word_of<A>(), false>(products, high[j], weights(j, which));
                    }
                }
                commit_products();
                wait_for_products<0>();
                hold(products);
#pragma unroll
                for (int i = 0; i < 32; ++i) {
                    sums.v[i] += products.v[i];
                }
            } else {
                hold(sums);
                begin_products();
#pragma unroll
                for (int j = 0; j < parts(A); ++j) {
                    warpgroup_multiply<word_of<A>(), false>(sums, high[j], weights(j, 0));
                }
                commit_products();
            }
        }
        if constexpr (!splits(A)) {
            wait_for_products<0>();
            hold(sums);
        }
    }

    if constexpr (splits(A)) {
        read_residual();
    }
#pragma unroll
    for (int pair = 0; pair < TILES / 2; ++pair) {
        const int column = column_of(pair);
        const int present = p.columns - column;
        Float4 bias = {};
        if (!p.bias.empty() && present > 0) {
            bias =
                read_four(p.bias, static_cast<std::int64_t>(group) * p.columns + column, present, WHOLE || access.out);
        }
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const std::int64_t row = row0 + half * 8;
            if (row >= p.rows || present <= 0) {
                continue;
            }
            const float scale = p.scale.empty()
                                    ? 1.0F
                                    : p.scale[row * p.scale_stride + static_cast<std::int64_t>(group) * p.scale_step];
            Float4 y;
#pragma unroll
            for (int k = 0; k < 4; ++k) {
                y.v[k] = fmaf(sums.v[(pair * 2 + k / 2) * 4 + half * 2 + k % 2], scale, bias.v[k]) +
                         residual[pair][half].v[k];
            }
            const std::int64_t out = row * p.out_stride + static_cast<std::int64_t>(group) * p.out_step + column;
            if (WHOLE || access.out) {
                p.out.store4(out, y);
            } else {
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    if (k < present) {
                        p.out[out + k] = y.v[k];
                    }
                }
            }
        }
    }
}

template <Arithmetic A, bool WHOLE, bool PAIRS>
__global__ void __launch_bounds__(THREADS, 1) warpgroup_product_kernel(Product p, ProductAccess access) {
    if constexpr (WARPGROUPS_COMPILED) {
        multiply_tile<A, WHOLE, PAIRS>(p, access);
    } else {
        begin_kernel();
    }
}

template <Arithmetic A>
cudaError_t enqueue_as(const Product &p, const ProductAccess &access, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(divide_up(p.rows, BLOCK_ROWS)),
                    static_cast<unsigned>(divide_up(p.columns, COLUMNS)), static_cast<unsigned>(p.groups));
    constexpr std::size_t BYTES = STAGES * stage_words(A) * sizeof(std::uint32_t);
    const bool whole = access.source[0] && access.source[1] && access.out && p.source[0].width % STEP == 0 &&
                       p.source[1].width % STEP == 0;
    auto kernel = whole ? warpgroup_product_kernel<A, true, false> : warpgroup_product_kernel<A, false, false>;
    if (!p.pairs.empty()) {
        if constexpr (A == Arithmetic::BF16) {
            kernel = warpgroup_product_kernel<A, true, true>;
        }
        if (A != Arithmetic::BF16 || !whole) {
            return cudaErrorInvalidValue;
        }
    }
    const cudaError_t allowed = allow_shared(kernel, BYTES);
    return allowed != cudaSuccess ? allowed : launch("product", kernel, grid, dim3(THREADS), BYTES, stream, p, access);
}

} // namespace

cudaError_t enqueue_warpgroup(const Product &p, Arithmetic arithmetic, cudaStream_t stream) {
    const ProductAccess access = access_of(p);
    switch (arithmetic) {
    case Arithmetic::SPLIT:
        return enqueue_as<Arithmetic::SPLIT>(p, access, stream);
    case Arithmetic::TF32:
        return enqueue_as<Arithmetic::TF32>(p, access, stream);
    case Arithmetic::BF16:
        return enqueue_as<Arithmetic::BF16>(p, access, stream);
    default:
        return cudaErrorInvalidValue;
    }
}

bool product_takes_pairs(Arithmetic arithmetic, std::int32_t first_width, std::int32_t second_width) {
    return uses_warpgroups() && arithmetic == Arithmetic::BF16 && first_width % STEP == 0 && second_width % STEP == 0;
}

std::vector<std::uint32_t> pack_warpgroup_product(const std::vector<std::vector<HostMatrix>> &groups,
                                                  Arithmetic arithmetic) {
    std::vector<std::uint32_t> packed;
    const int each = step_numbers(arithmetic) / 8;
    for (const std::vector<HostMatrix> &sources : groups) {
        for (std::int32_t column0 = 0; column0 < sources[0].columns; column0 += COLUMNS) {
            for (const HostMatrix &matrix : sources) {
                for (std::int32_t k0 = 0; k0 < (matrix.width + STEP - 1) / STEP * STEP; k0 += 8 * each) {
                    const std::size_t base = packed.size();
                    packed.resize(base + static_cast<std::size_t>(part_words(arithmetic)));
                    for (int n = 0; n < COLUMNS; ++n) {
                        for (int word = 0; word < 8; ++word) {
                            /* Lane l has the numbers 4 l to 4 l + 3 of 16, and gives them to the places of the words l
                               and l + 4: of TF32 two of the four in each of two instructions. */
                            const std::int64_t quad = k0 / 16 * 16 + word % 4 * 4;
                            const std::int64_t k = quad + (each == 2 ? word / 4 * 2 : k0 / 8 % 2 * 2 + word / 4);
                            const std::int64_t column = column0 + interleaved_column(n / 8, n % 8);
                            const WeightWord w = weight_word(arithmetic, matrix.at(column, k),
                                                             each == 2 ? matrix.at(column, k + 1) : 0.0F);
                            const auto at = base + static_cast<std::size_t>(word / 4 * SLAB_WORDS + n * 4 + word % 4);
                            packed[at] = w.high;
                            if (splits(arithmetic)) {
                                packed[at + PART_WORDS] = w.low;
                            }
                        }
                    }
                }
            }
        }
    }
    return packed;
}

} // namespace earshot
