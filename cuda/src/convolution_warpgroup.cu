/*
 * The dense encoder's 3x3 convolutions by products of warpgroups (warpgroup.h), on compute capability 9.0: 64 to 256
 * channels to 64, dilated in time, 500 x 64 positions.
 *
 * Idea: an implicit product that is transposed, so that the weights are the factor in registers: out [64 channels, 64
 * bands of a frame] += weights [64, 16] x [16 channels, 64 bands]. A block has 4 frames one dilation apart, of which
 * either warpgroup multiplies two; planes lie in slabs of 8 channels (convolution.h), 16 bytes a position, so that a
 * row of a tile is one run that the copy engine brings, and a tap is the same rows from another column on. A warp of
 * its own starts the copies of a step's (16 channels') rows into a ring of stages; zeros around the planes lie there
 * from the beginning. Weights come from L2, for the other warpgroup from L1, in the order of the registers, some taps
 * ahead. Where float32 is asked for, a tap's three products begin at zero and are added outside, rounded, while the
 * other frame's are multiplied.
 *
 * Bytes (paper size, layer i = 0 to 3, one clip): (i + 1) * 8.2 MB read 1.5 times (halo; from L2), 8.2 MB written, (i +
 * 1) * 0.15 MB of weights a block from L2, and as much from L1. Shared memory: 64 bytes a cycle, of 128. Flops: (i + 1)
 * * 2.36 G, with HALF_SPLIT three times that. Limit on an H200 (989 TFLOP/s): (i + 1) * 7.2 us, in half precision (i +
 * 1) * 2.4 us; 125 to 128 blocks on 132 multiprocessors, and about 4 us until the first product and behind the last.
 * Expected: 12, 19, 27 and 34 us; 7, 9, 12 and 14 in half precision. Not measured yet.
 */
#include <algorithm>

#include "convolution.h"
#include "vectors.h"
#include "warpgroup.h"

namespace earshot {

namespace {

constexpr int CHANNELS = WARPGROUP_ROWS;
constexpr int TILE_FRAMES = 4;
constexpr int TILE_BANDS = WARPGROUP_COLUMNS;
constexpr int TAPS_TIME = 3;
constexpr int TAPS_FREQUENCY = 3;
constexpr int TAPS = TAPS_TIME * TAPS_FREQUENCY;
constexpr int ROWS = TILE_FRAMES + TAPS_TIME - 1;
constexpr int COLUMNS = TILE_BANDS + TAPS_FREQUENCY - 1;
/* Numbers of a position in a slab, and channels of a step: two slabs. */
[[maybe_unused]] constexpr int SLAB_CHANNELS = 8;
constexpr int STEP_CHANNELS = 16;
[[maybe_unused]] constexpr int PLANE_STEPS = CHANNELS / STEP_CHANNELS;

constexpr int UNIT_WORDS = FACTOR_UNIT / 4;
constexpr int SLAB_UNITS = ROWS * COLUMNS;

constexpr int WARPGROUPS = 2;
constexpr int GROUP_FRAMES = TILE_FRAMES / WARPGROUPS;
constexpr int CONSUMERS = WARPGROUPS * WARPGROUP_THREADS;
constexpr int THREADS = CONSUMERS + 32;
static_assert(GROUP_FRAMES == STATISTICS_FRAMES, "a warpgroup's statistics are those of its frames");

/* Slabs of a step: high parts, and low ones behind them. */
__host__ __device__ constexpr int step_slabs(Arithmetic a) {
    return splits(a) ? 4 : 2;
}
__host__ __device__ constexpr int stage_units(Arithmetic a) {
    return step_slabs(a) * SLAB_UNITS;
}
/* As many as leave half of the shared memory to another block. */
__host__ __device__ constexpr int stages(Arithmetic a) {
    return splits(a) ? 4 : 8;
}
__host__ __device__ constexpr int shared_bytes(Arithmetic a) {
    return stages(a) * stage_units(a) * FACTOR_UNIT + 2 * stages(a) * static_cast<int>(sizeof(std::uint64_t));
}

/* Words of weights of one tap of one step: 4 a thread of high parts, then as many of low ones. */
__host__ __device__ constexpr int tap_words(Arithmetic a) {
    return (splits(a) ? 2 : 1) * WARPGROUP_THREADS * 4;
}
/* Taps whose weights a thread holds: that of now, and what is under way. A step's taps are a multiple of them, so that
   each has its registers. */
__host__ __device__ constexpr int taps_held(Arithmetic a) {
    return splits(a) ? 3 : 9;
}

/* Columns of a tile's halo that are bands of the plane: from `first` to before `end`. */
struct Inside {
    int first;
    int end;

    __device__ __forceinline__ Inside(const Convolution &c, int band)
        : first(max(0, 1 - band)), end(min(COLUMNS, c.bands + 1 - band)) {}
};

/* The frame of a halo's row. */
__device__ __forceinline__ int frame_of(const Convolution &c, const ConvolutionTile &tile, int row) {
    return tile.frame + (row - 1) * c.geometry.dilation_time;
}

template <Arithmetic A>
struct TapWeights {
    FragmentA high;
    FragmentA low;

    __device__ __forceinline__ void load(const Convolution &c, std::int64_t at) {
        const Vector<std::uint32_t, 4> first = load_ahead(c.weights, at);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            high.word[i] = first.v[i];
        }
        if constexpr (splits(A)) {
            const Vector<std::uint32_t, 4> second = load_ahead(c.weights, at + WARPGROUP_THREADS * 4);
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                low.word[i] = second.v[i];
            }
        }
    }
};

/* Copies the rows of all steps into the stages, as they become free. For one warp. */
template <Arithmetic A>
__device__ __forceinline__ void copy_planes(const Convolution &c, const ConvolutionTile &tile, std::int64_t clip,
                                            const Shared<std::uint32_t> &ring, const Shared<std::uint64_t> &full,
                                            const Shared<std::uint64_t> &empty) {
    constexpr int SLABS = step_slabs(A);
    static_assert(SLABS * ROWS <= 32, "a lane a row");
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int slab = lane / ROWS;
    const int row = lane % ROWS;
    const int frame = frame_of(c, tile, row);
    const bool copies = slab < SLABS && frame >= 0 && frame < c.frames;
    const Inside inside(c, tile.band);
    const int words = (inside.end - inside.first) * UNIT_WORDS;
    const int bytes = __popc(__ballot_sync(0xFFFFFFFFU, copies)) * words * 4;
    const std::int64_t slab_words = static_cast<std::int64_t>(c.frames) * c.bands * UNIT_WORDS;
    constexpr int PLANE_SLABS = SLABS * PLANE_STEPS;
    /* Of the lane's row in the step's first slab: of the high parts, or of the low ones. */
    const std::int64_t lane_words =
        (clip * PLANE_SLABS + slab / 2 * (CHANNELS / SLAB_CHANNELS) + slab % 2) * slab_words +
        (static_cast<std::int64_t>(frame) * c.bands + tile.band - 1 + inside.first) * UNIT_WORDS;
    const int lane_place = (lane * COLUMNS + inside.first) * UNIT_WORDS;
    const int all = (c.first + 1) * PLANE_STEPS;
    for (int step = 0; step < all; ++step) {
        const int stage = step % stages(A);
        if (step >= stages(A)) {
            wait_for_phase(empty, stage, (step / stages(A) - 1) % 2);
        }
        if (lane == 0) {
            arrive_expecting(full, stage, bytes);
        }
        __syncwarp();
        if (copies) {
            const std::int64_t from =
                (c.first - step / PLANE_STEPS) * c.input.plane_step + lane_words + step % PLANE_STEPS * 2 * slab_words;
            copy_run(ring, stage * stage_units(A) * UNIT_WORDS + lane_place, c.input.words, from, words, full, stage);
        }
    }
}

[[maybe_unused]] __device__ __forceinline__ void add(WarpgroupSums &sums, WarpgroupSums &products) {
    hold(products);
#pragma unroll
    for (int i = 0; i < 32; ++i) {
        sums.v[i] += products.v[i];
    }
}

/* sums[f] of the warpgroup's frame f: all steps' products. */
template <Arithmetic A>
__device__ __forceinline__ void multiply_planes(WarpgroupSums (&sums)[GROUP_FRAMES], const Convolution &c,
                                                int warpgroup, const Shared<std::uint64_t> &full,
                                                const Shared<std::uint64_t> &empty) {
    constexpr Word W = word_of<A>();
    constexpr int HELD = taps_held(A);
    static_assert(TAPS % HELD == 0, "a tap's weights always have the same registers");
    static_assert(GROUP_FRAMES == 2, "one frame's products are added while the other's are made");
    const WarpgroupFactor ring = warpgroup_factor(0, SLAB_UNITS * FACTOR_UNIT, 8 * FACTOR_UNIT);
    TapWeights<A> weights[HELD];
    std::int64_t at = static_cast<std::int64_t>(threadIdx.x) % WARPGROUP_THREADS * 4;
#pragma unroll
    for (int i = 0; i < HELD - 1; ++i) {
        weights[i].load(c, at);
        at += tap_words(A);
    }
    [[maybe_unused]] WarpgroupSums products[splits(A) ? GROUP_FRAMES : 1];
    const int all = (c.first + 1) * PLANE_STEPS;
    for (int step = 0; step < all; ++step) {
        const int stage = step % stages(A);
        wait_for_phase(full, stage, step / stages(A) % 2);
        const WarpgroupFactor rows = ring.behind(stage * stage_units(A) + warpgroup * GROUP_FRAMES * COLUMNS);
#pragma unroll
        for (int tap = 0; tap < TAPS; ++tap) {
            const TapWeights<A> &w = weights[tap % HELD];
            const int units = tap / TAPS_FREQUENCY * COLUMNS + tap % TAPS_FREQUENCY;
            if constexpr (splits(A)) {
#pragma unroll
                for (int f = 0; f < GROUP_FRAMES; ++f) {
                    const WarpgroupFactor high = rows.behind(units + f * COLUMNS);
                    /* The small products first: they would vanish beside the sum. */
                    hold(products[f]);
                    begin_products();
                    warpgroup_multiply<W, true>(products[f], w.low, high);
                    warpgroup_multiply<W, false>(products[f], w.high, high.behind(2 * SLAB_UNITS));
                    warpgroup_multiply<W, false>(products[f], w.high, high);
                    commit_products();
                    if (tap > 0 || f > 0) {
                        wait_for_products<1>();
                        add(sums[1 - f], products[1 - f]);
                    }
                    if (f == 0) {
                        /* Whoever read the weights before these has done so. */
                        weights[(tap + HELD - 1) % HELD].load(c, at);
                        at += tap_words(A);
                    }
                }
            } else {
                begin_products();
#pragma unroll
                for (int f = 0; f < GROUP_FRAMES; ++f) {
                    warpgroup_multiply<W, false>(sums[f], w.high, rows.behind(units + f * COLUMNS));
                }
                commit_products();
                wait_for_products<1>();
                weights[(tap + HELD - 1) % HELD].load(c, at);
                at += tap_words(A);
            }
        }
        /* Nothing is under way from one step to the next: the compiler would not follow it round the loop. The other
           warpgroup keeps the tensor cores busy. */
        wait_for_products<0>();
        if constexpr (splits(A)) {
            add(sums[GROUP_FRAMES - 1], products[GROUP_FRAMES - 1]);
        } else {
            hold(sums[0]);
            hold(sums[1]);
        }
        if (threadIdx.x % 32 == 0) {
            arrive(empty, stage);
        }
    }
}

/* Scales, stores, and takes the statistics of a warpgroup's frames. */
__device__ __forceinline__ void finish(WarpgroupSums (&sums)[GROUP_FRAMES], const Convolution &c,
                                       const ConvolutionTile &tile, std::int64_t clip, int tile_index, int warpgroup) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int first_channel = static_cast<int>(threadIdx.x) % WARPGROUP_THREADS / 32 * 16 + lane / 4;
    const int bands = min(TILE_BANDS, c.bands - tile.band);
    const int column = lane % 4 * 2;
    const std::int64_t positions = static_cast<std::int64_t>(c.frames) * c.bands;
    const std::int64_t row_floats = raw_row(positions);
    const int frames_here = min(GROUP_FRAMES, tile.count(c.tiles) / bands - warpgroup * GROUP_FRAMES);
    const int frames = max(0, frames_here);
    const auto inside = [&](int f, int j, int i) { return f < frames && 8 * j + column + i < bands; };
    const bool whole = frames == GROUP_FRAMES && bands == TILE_BANDS;
    const bool pairs = c.bands % 2 == 0;
    const int count = frames * bands;
    const float share = count > 0 ? 1.0F / static_cast<float>(count) : 0.0F;
    const int entries = c.tiles.count() * WARPGROUPS;
    const int entry = tile_index * WARPGROUPS + warpgroup;
    if (threadIdx.x % WARPGROUP_THREADS == 0 && clip == 0) {
        c.counts[entry] = static_cast<float>(count);
    }
#pragma unroll
    for (int h = 0; h < 2; ++h) {
        const int channel = first_channel + h * 8;
        const float scale = c.scale[channel] * c.common_scale;
        const std::int64_t row = (clip * CHANNELS + channel) * row_floats + tile.band + column;
        float total = 0.0F;
#pragma unroll
        for (int f = 0; f < GROUP_FRAMES; ++f) {
            const std::int64_t at =
                row + static_cast<std::int64_t>(tile.frame + (warpgroup * GROUP_FRAMES + f) * tile.step) * c.bands;
#pragma unroll
            for (int j = 0; j < 8; ++j) {
                Float2 y;
#pragma unroll
                for (int i = 0; i < 2; ++i) {
                    float &sum = sums[f].v[j * 4 + h * 2 + i];
                    sum *= scale;
                    y.v[i] = sum;
                    total += whole || inside(f, j, i) ? sum : 0.0F;
                }
                if (pairs) {
                    if (whole || inside(f, j, 1)) {
                        c.out.store<2>(at + 8 * j, y);
                    }
                } else {
#pragma unroll
                    for (int i = 0; i < 2; ++i) {
                        if (inside(f, j, i)) {
                            c.out[at + 8 * j + i] = y.v[i];
                        }
                    }
                }
            }
        }
        /* First the mean, then squared deviations from it, so that nothing cancels. */
        const auto four_lanes = [](float v) {
            v += __shfl_xor_sync(0xFFFFFFFFU, v, 1);
            return v + __shfl_xor_sync(0xFFFFFFFFU, v, 2);
        };
        const float mean = four_lanes(total) * share;
        float squares = 0.0F;
#pragma unroll
        for (int f = 0; f < GROUP_FRAMES; ++f) {
#pragma unroll
            for (int j = 0; j < 8; ++j) {
#pragma unroll
                for (int i = 0; i < 2; ++i) {
                    const float deviation = sums[f].v[j * 4 + h * 2 + i] - mean;
                    squares += whole || inside(f, j, i) ? deviation * deviation : 0.0F;
                }
            }
        }
        squares = four_lanes(squares);
        if (lane % 4 == 0) {
            c.statistics.store<2>(((clip * CHANNELS + channel) * entries + entry) * 2, {{mean, squares}});
        }
    }
}

template <Arithmetic A>
__global__ void __launch_bounds__(THREADS, 1) warpgroup_convolution_kernel(Convolution c) {
    if constexpr (WARPGROUPS_COMPILED) {
        constexpr int STAGES = stages(A);
        constexpr int RING_WORDS = STAGES * stage_units(A) * UNIT_WORDS;
        const Shared<std::uint32_t> ring(0, RING_WORDS);
        /* A step's rows have come; all warps have read them. */
        const Shared<std::uint64_t> full(RING_WORDS * 4, STAGES);
        const Shared<std::uint64_t> empty(RING_WORDS * 4 + STAGES * 8, STAGES);
        const int warp = static_cast<int>(threadIdx.x) / 32;
        const int lane = static_cast<int>(threadIdx.x) % 32;
        const int tile_index = static_cast<int>(blockIdx.x % static_cast<unsigned>(c.tiles.count()));
        const std::int64_t clip = blockIdx.x / static_cast<unsigned>(c.tiles.count());
        const ConvolutionTile tile(c.tiles, tile_index);
        const Inside inside(c, tile.band);
        /* While the kernel in front still runs: what no copy will write. */
        for (int row = warp; row < STAGES * step_slabs(A) * ROWS; row += THREADS / 32) {
            const int frame = frame_of(c, tile, row % ROWS);
            const bool outside = frame < 0 || frame >= c.frames;
            for (int column = lane; column < COLUMNS; column += 32) {
                if (outside || column < inside.first || column >= inside.end) {
                    ring.store4((row * COLUMNS + column) * UNIT_WORDS, {});
                }
            }
        }
        if (threadIdx.x == 0) {
            for (int i = 0; i < STAGES; ++i) {
                make_barrier(full, i, 1);
                make_barrier(empty, i, CONSUMERS / 32);
            }
        }
        show_to_copies();
        __syncthreads();
        begin_kernel();
        if (warp == CONSUMERS / 32) {
            copy_planes<A>(c, tile, clip, ring, full, empty);
            return;
        }
        const int warpgroup = own_warpgroup();
        WarpgroupSums sums[GROUP_FRAMES];
        multiply_planes<A>(sums, c, warpgroup, full, empty);
        finish(sums, c, tile, clip, tile_index, warpgroup);
    }
}

} // namespace

bool fits_warpgroups(const ConvolutionGeometry &g, std::int32_t channels) {
    return channels == CHANNELS && g.kernel_time == TAPS_TIME && g.kernel_frequency == TAPS_FREQUENCY &&
           g.padding_time == g.dilation_time && g.padding_frequency == 1 && g.stride_frequency == 1;
}

ConvolutionTiles plan_warpgroups(const Convolution &c) {
    return convolution_tiles(c.geometry, c.frames, c.bands, TILE_FRAMES, TILE_BANDS);
}

std::int64_t statistics_entries(const ConvolutionTiles &tiles) {
    return std::int64_t{tiles.count()} * WARPGROUPS;
}

std::vector<std::uint32_t> pack_warpgroups(const float *weights, std::int32_t planes, Arithmetic arithmetic) {
    std::vector<std::uint32_t> packed;
    const std::int64_t inputs = std::int64_t{planes} * CHANNELS;
    const auto word = [&](int out, std::int64_t in, int tap) {
        const auto weight = [&](std::int64_t at) { return weights[(out * inputs + at) * TAPS + tap]; };
        return weight_word(arithmetic, weight(in), weight(in + 1));
    };
    for (std::int64_t in0 = 0; in0 < inputs; in0 += STEP_CHANNELS) {
        for (int tap = 0; tap < TAPS; ++tap) {
            for (int part = 0; part < (splits(arithmetic) ? 2 : 1); ++part) {
                for (int thread = 0; thread < WARPGROUP_THREADS; ++thread) {
                    for (int i = 0; i < 4; ++i) {
                        const WeightWord w =
                            word(thread / 32 * 16 + thread % 32 / 4 + i % 2 * 8, in0 + thread % 4 * 2 + i / 2 * 8, tap);
                        packed.push_back(part == 0 ? w.high : w.low);
                    }
                }
            }
        }
    }
    /* The last taps look as far ahead as the others. */
    packed.resize(packed.size() + static_cast<std::size_t>((taps_held(arithmetic) - 1) * tap_words(arithmetic)));
    return packed;
}

cudaError_t enqueue_warpgroups(const Convolution &c, Arithmetic arithmetic, cudaStream_t stream) {
    return with_pairs(arithmetic, [&](auto a) {
        constexpr Arithmetic A = decltype(a)::value;
        const auto kernel = warpgroup_convolution_kernel<A>;
        constexpr std::size_t BYTES = shared_bytes(A);
        const cudaError_t allowed = allow_shared(kernel, BYTES);
        return allowed != cudaSuccess
                   ? allowed
                   : launch("warpgroup convolution", kernel, dim3(static_cast<unsigned>(c.tiles.count() * c.batch)),
                            dim3(THREADS), BYTES, stream, c);
    });
}

} // namespace earshot
