/*
 * The dense encoder's convolutions by products of warpgroups (warpgroup.h), on compute capability 9.0: 3x3, 64 to 256
 * channels to 64, dilated in time, 500 x 64 positions; and the last one, 1x3 of every other band, 500 x 31.
 *
 * Idea: an implicit product that is transposed, so that the weights are the factor in registers: out [64 channels, 64
 * bands of a frame] += weights [64, 16] x [16 channels, 64 bands]. A block, one warpgroup, has 2 frames one dilation
 * apart; planes lie in slabs of 8 channels (convolution.h), 16 bytes a position, so that a row of a tile is one run that
 * the copy engine brings, and a tap is the same rows from another column on. The rows of a step (16 channels) go into a
 * ring of stages, where zeros around the planes lie from the beginning. Weights come from L2, or L1 where the blocks of
 * a multiprocessor keep step, in the order of the registers, some taps ahead. Where float32 is asked for, a tap's three
 * products begin at zero and are added outside, rounded, while the next tap's are multiplied. Two or three blocks
 * share a multiprocessor, so that one begins or ends while another multiplies.
 *
 * Bytes (paper size, layer i = 0 to 3, one clip): (i + 1) * 8.2 MB read twice (halo; from L2), 8.2 MB written, (i + 1) *
 * 0.15 MB of weights a block, with HALF_SPLIT twice that. Shared memory: 64 bytes a cycle, of 128. Flops: (i + 1) * 2.36
 * G, with HALF_SPLIT three times that. Limit on an H200 (989 TFLOP/s): (i + 1) * 7.2 us, in half precision (i + 1) * 2.4
 * us; cuBLAS reaches 700 there. 250 to 256 blocks on 132 multiprocessors. Measured there (revision 52c69ac, within a
 * run): 19, 30, 44 and 57 us, so 13 us a plane (550 TFLOP/s) and 6; in half precision 12, 15, 20 and 25, 4 us a plane
 * and 7, in batches of 32 clips (revision 91047b3) 3 to 4 a plane; the last one 10 and 7. In float32 a second tap under
 * way changed nothing: what binds may be the weights, which 250 blocks read from L2 at 5.8 TB/s where they do not find
 * them in L1.
 */
#include <algorithm>

#include "convolution.h"
#include "runtime.h"
#include "vectors.h"
#include "warpgroup.h"

namespace earshot {

namespace {

constexpr int CHANNELS = WARPGROUP_ROWS;
constexpr int TILE_FRAMES = 2;
constexpr int TILE_BANDS = WARPGROUP_COLUMNS;
/* Channels of a step: two slabs. */
constexpr int STEP_CHANNELS = 16;
constexpr int PLANE_STEPS = CHANNELS / STEP_CHANNELS;
[[maybe_unused]] constexpr int PLANE_SLABS = CHANNELS / 8;

constexpr int UNIT_WORDS = FACTOR_UNIT / 4;

constexpr int THREADS = WARPGROUP_THREADS;
constexpr int WARPS = THREADS / 32;

/* The block's convolutions, 3x3 with zeros around, and the last one: 1x3 of every other band, whose rows come as even
   bands and then odd ones. */
struct Block {
    static constexpr int TAPS_TIME = 3;
    static constexpr int RUNS = 1;
    static constexpr int COLUMNS = TILE_BANDS + 2;
};
struct Last {
    static constexpr int TAPS_TIME = 1;
    static constexpr int RUNS = 2;
    static constexpr int EVEN_COLUMNS = TILE_BANDS + 1;
    static constexpr int COLUMNS = EVEN_COLUMNS + TILE_BANDS;
};
constexpr int TAPS_FREQUENCY = 3;
static_assert(Block::RUNS == 1 && Last::RUNS == 2, "a row is a run, or two by parity");

template <class Shape>
struct Sizes {
    static constexpr int TAPS = Shape::TAPS_TIME * TAPS_FREQUENCY;
    static constexpr int ROWS = TILE_FRAMES + Shape::TAPS_TIME - 1;
    static constexpr int SLAB_UNITS = ROWS * Shape::COLUMNS;

    /* Slabs of a step: high parts, and low ones behind them. */
    __host__ __device__ static constexpr int step_slabs(Arithmetic a) { return splits(a) ? 4 : 2; }
    __host__ __device__ static constexpr int stage_units(Arithmetic a) { return step_slabs(a) * SLAB_UNITS; }
    /* Blocks that a multiprocessor can have, as far as registers go. */
    __host__ __device__ static constexpr int blocks(Arithmetic a) { return splits(a) ? 2 : 3; }
    /* As many as so many blocks have room for; or all steps there are. */
    __host__ __device__ static constexpr int stages(Arithmetic a) {
        return Shape::TAPS_TIME == 3 && !splits(a) ? 8 : 4;
    }
    __host__ __device__ static constexpr int shared_bytes(Arithmetic a) {
        return stages(a) * (stage_units(a) * FACTOR_UNIT + 2 * static_cast<int>(sizeof(std::uint64_t)));
    }
    /* Steps of one turn of the loop: more where they are short. */
    __host__ __device__ static constexpr int together(Arithmetic a) {
        return splits(a) ? 1 : Shape::TAPS_TIME == 1 ? PLANE_STEPS : 2;
    }
    /* Taps whose weights a thread holds: that of now, and what is under way. The loop's taps are a multiple of them, so
       that each has its registers. */
    __host__ __device__ static constexpr int taps_held(Arithmetic a) {
        return splits(a) ? 3 : Shape::TAPS_TIME == 3 ? TAPS : TAPS * PLANE_STEPS;
    }

    /* From where a row begins to its tap. */
    __device__ static constexpr int tap_units(int tap) {
        const int column = tap % TAPS_FREQUENCY;
        if constexpr (Shape::RUNS == 2) {
            return column % 2 * Shape::EVEN_COLUMNS + column / 2;
        } else {
            return tap / TAPS_FREQUENCY * Shape::COLUMNS + column;
        }
    }
};

/* Words of weights of one tap of one step: 4 a thread of high parts, then as many of low ones. */
__host__ __device__ constexpr int tap_words(Arithmetic a) {
    return (splits(a) ? 2 : 1) * WARPGROUP_THREADS * 4;
}

/* Where a run of a tile's row begins in the ring's row and in the plane's, and its positions. */
template <class Shape>
struct Run {
    int column;
    int position;
    int count;

    __device__ __forceinline__ Run(const Convolution &c, int band, int run) {
        if constexpr (Shape::RUNS == 2) {
            const int evens = (c.bands + 1) / 2;
            column = run * Shape::EVEN_COLUMNS;
            position = run * evens + band;
            count = min(Shape::EVEN_COLUMNS - run, (run == 0 ? evens : c.bands / 2) - band);
        } else {
            column = max(0, 1 - band);
            position = band - 1 + column;
            count = min(Shape::COLUMNS, c.bands + 1 - band) - column;
        }
    }
};

/* The frame of a halo's row. */
template <class Shape>
__device__ __forceinline__ int frame_of(const Convolution &c, const ConvolutionTile &tile, int row) {
    return tile.frame + (row - Shape::TAPS_TIME / 2) * c.geometry.dilation_time;
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

/* Copies the rows of steps into their stages. A warp does so, a lane a run. */
template <Arithmetic A, class Shape>
class RowCopies {
    using S = Sizes<Shape>;
    static constexpr int SLABS = S::step_slabs(A);
    static constexpr int STAGES = S::stages(A);
    static_assert(SLABS * S::ROWS * Shape::RUNS <= 32, "a lane a run");

  public:
    __device__ __forceinline__ RowCopies(const Convolution &c, const ConvolutionTile &tile, std::int64_t clip)
        : slab_words_(static_cast<std::int64_t>(c.frames) * c.bands * UNIT_WORDS) {
        /* Each step finds its own: kept through the loop, these would take registers from the products. */
        const int lane = found_here(static_cast<int>(threadIdx.x) % 32);
        const int slab = lane / Shape::RUNS / S::ROWS;
        const int row = lane / Shape::RUNS % S::ROWS;
        const int frame = frame_of<Shape>(c, tile, row);
        const Run<Shape> run(c, tile.band, lane % Shape::RUNS);
        words_ = slab < SLABS && frame >= 0 && frame < c.frames ? run.count * UNIT_WORDS : 0;
        bytes_ = words_ * 4;
        for (int mask = 1; mask < 32; mask *= 2) {
            bytes_ += __shfl_xor_sync(0xFFFFFFFFU, bytes_, mask);
        }
        /* Of the plane's first step: in a slab of the high parts, or of the low ones. */
        from_ = (clip * (PLANE_SLABS * SLABS / 2) + slab / 2 * PLANE_SLABS + slab % 2) * slab_words_ +
                (static_cast<std::int64_t>(frame) * c.bands + run.position) * UNIT_WORDS;
        to_ = ((slab * S::ROWS + row) * Shape::COLUMNS + run.column) * UNIT_WORDS;
    }

    __device__ __forceinline__ void begin(const Convolution &c, int step, const Shared<std::uint32_t> &ring,
                                          const Shared<std::uint64_t> &full) const {
        const int stage = step % STAGES;
        if (threadIdx.x % 32 == 0) {
            arrive_expecting(full, stage, bytes_);
        }
        __syncwarp();
        if (words_ > 0) {
            const std::int64_t from =
                (c.first - step / PLANE_STEPS) * c.input.plane_step + from_ + step % PLANE_STEPS * 2 * slab_words_;
            copy_run(ring, stage * S::stage_units(A) * UNIT_WORDS + to_, c.input.words, from, words_, full, stage);
        }
    }

  private:
    std::int64_t slab_words_;
    std::int64_t from_; /* of the lane's run */
    int to_;
    int words_;
    int bytes_; /* of all lanes */
};

[[maybe_unused]] __device__ __forceinline__ void add(WarpgroupSums &sums, WarpgroupSums &products) {
    hold(products);
#pragma unroll
    for (int i = 0; i < 32; ++i) {
        sums.v[i] += products.v[i];
    }
}

template <class Body>
__device__ __forceinline__ void each_frame(const Body &body) {
#pragma unroll
    for (int f = 0; f < TILE_FRAMES; ++f) {
        body(f);
    }
}

/* sums[f] of the warpgroup's frame f: all steps' products. */
template <Arithmetic A, class Shape>
__device__ __forceinline__ void multiply_planes(WarpgroupSums (&sums)[TILE_FRAMES], const Convolution &c,
                                                const ConvolutionTile &tile, std::int64_t clip,
                                                const Shared<std::uint32_t> &stages, const Shared<std::uint64_t> &full,
                                                const Shared<std::uint64_t> &empty) {
    using S = Sizes<Shape>;
    constexpr Word W = word_of<A>();
    constexpr int STAGES = S::stages(A);
    constexpr int HELD = S::taps_held(A);
    constexpr int TOGETHER = S::together(A);
    static_assert(S::TAPS * TOGETHER % HELD == 0, "a tap's weights always have the same registers");
    const bool copier = threadIdx.x < 32;
    const WarpgroupFactor ring = warpgroup_factor(0, S::SLAB_UNITS * FACTOR_UNIT, 8 * FACTOR_UNIT);
    TapWeights<A> weights[HELD];
    std::int64_t at = static_cast<std::int64_t>(threadIdx.x) * 4;
#pragma unroll
    for (int i = 0; i < HELD - 1; ++i) {
        weights[i].load(c, at);
        at += tap_words(A);
    }
    /* Of a tap and of the one before it. */
    [[maybe_unused]] WarpgroupSums products[splits(A) ? 2 : 1][splits(A) ? TILE_FRAMES : 1];
    const int all = (c.first + 1) * PLANE_STEPS;
    for (int first = 0; first < all; first += TOGETHER) {
#pragma unroll
        for (int i = 0; i < TOGETHER; ++i) {
            const int step = first + i;
            const int stage = step % STAGES;
            wait_for_phase(full, stage, step / STAGES % 2);
            const WarpgroupFactor rows = ring.behind(stage * S::stage_units(A));
#pragma unroll
            for (int tap = 0; tap < S::TAPS; ++tap) {
                const int number = i * S::TAPS + tap;
                const TapWeights<A> &w = weights[number % HELD];
                const WarpgroupFactor here = rows.behind(S::tap_units(tap));
                begin_products();
                if constexpr (splits(A)) {
                    /* The small products first: they would vanish beside the sum. The frames take turns, so that what
                       is added to does not have to be ready at once. */
                    WarpgroupSums(&now)[TILE_FRAMES] = products[tap % 2];
                    each_frame(
                        [&](int f) { warpgroup_multiply<W, true>(now[f], w.low, here.behind(f * Shape::COLUMNS)); });
                    each_frame([&](int f) {
                        warpgroup_multiply<W, false>(now[f], w.high,
                                                     here.behind(f * Shape::COLUMNS + 2 * S::SLAB_UNITS));
                    });
                    each_frame(
                        [&](int f) { warpgroup_multiply<W, false>(now[f], w.high, here.behind(f * Shape::COLUMNS)); });
                } else {
                    each_frame(
                        [&](int f) { warpgroup_multiply<W, false>(sums[f], w.high, here.behind(f * Shape::COLUMNS)); });
                }
                commit_products();
                wait_for_products<1>();
                /* Whoever read these weights before has done so. */
                weights[(number + HELD - 1) % HELD].load(c, at);
                at += tap_words(A);
                if constexpr (splits(A)) {
                    if (tap > 0) {
                        each_frame([&](int f) { add(sums[f], products[(tap - 1) % 2][f]); });
                    }
                }
            }
            /* Nothing is under way from one step to the next: the compiler would not follow it round the loop. Other
               blocks keep the tensor cores busy. */
            wait_for_products<0>();
            if constexpr (splits(A)) {
                each_frame([&](int f) { add(sums[f], products[(S::TAPS - 1) % 2][f]); });
            } else {
                hold(sums[0]);
                hold(sums[1]);
            }
            if (threadIdx.x % 32 == 0) {
                arrive(empty, stage);
            }
            /* Into the stage of the step before, which the other warps have had time to read. */
            if (copier && step > 0 && step - 1 + STAGES < all) {
                wait_for_phase(empty, (step - 1) % STAGES, (step - 1) / STAGES % 2);
                RowCopies<A, Shape>(c, tile, clip).begin(c, step - 1 + STAGES, stages, full);
            }
        }
    }
}

/* Scales and stores the sums, and takes their statistics. WHOLE: all of them count. What lies between the bands and the
   pitch is written too. */
template <bool WHOLE>
__device__ __forceinline__ void finish(WarpgroupSums (&sums)[TILE_FRAMES], const Convolution &c,
                                       const ConvolutionTile &tile, std::int64_t clip, int tile_index) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int bands = min(TILE_BANDS, c.tiles.bands_out - tile.band);
    const int column = lane % 4 * 2;
    const int pitch = raw_pitch(c.tiles.bands_out);
    const int groups = WHOLE ? TILE_BANDS / 8 : min(TILE_BANDS, pitch - tile.band) / 8;
    const int count = tile.count(c.tiles);
    const int frames = WHOLE ? TILE_FRAMES : count / bands;
    const auto inside = [&](int f, int j, int i) { return WHOLE || (f < frames && 8 * j + column + i < bands); };
    const float share = count > 0 ? 1.0F / static_cast<float>(count) : 0.0F;
    if (threadIdx.x == 0 && clip == 0) {
        c.counts[tile_index] = static_cast<float>(count);
    }
#pragma unroll
    for (int h = 0; h < 2; ++h) {
        const int channel = static_cast<int>(threadIdx.x) / 32 * 16 + lane / 4 + h * 8;
        const float scale = c.scale[channel] * c.common_scale;
        const std::int64_t row = (clip * CHANNELS + channel) * c.tiles.frames_out;
        float total = 0.0F;
#pragma unroll
        for (int f = 0; f < TILE_FRAMES; ++f) {
            const std::int64_t at = (row + tile.frame + f * tile.step) * pitch + tile.band + column;
#pragma unroll
            for (int j = 0; j < 8; ++j) {
                Float2 y;
#pragma unroll
                for (int i = 0; i < 2; ++i) {
                    float &sum = sums[f].v[j * 4 + h * 2 + i];
                    sum *= scale;
                    y.v[i] = sum;
                    total += inside(f, j, i) ? sum : 0.0F;
                }
                if (f < frames && j < groups) {
                    c.out.store<2>(at + 8 * j, y);
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
        for (int f = 0; f < TILE_FRAMES; ++f) {
#pragma unroll
            for (int j = 0; j < 8; ++j) {
#pragma unroll
                for (int i = 0; i < 2; ++i) {
                    const float deviation = sums[f].v[j * 4 + h * 2 + i] - mean;
                    squares += inside(f, j, i) ? deviation * deviation : 0.0F;
                }
            }
        }
        squares = four_lanes(squares);
        if (lane % 4 == 0) {
            c.statistics.store<2>(((clip * CHANNELS + channel) * c.tiles.count() + tile_index) * 2, {{mean, squares}});
        }
    }
}

template <Arithmetic A, class Shape>
__global__ void __launch_bounds__(THREADS, 2) warpgroup_convolution_kernel(Convolution c) {
    if constexpr (WARPGROUPS_COMPILED) {
        using S = Sizes<Shape>;
        constexpr int STAGES = S::stages(A);
        constexpr int RING_WORDS = STAGES * S::stage_units(A) * UNIT_WORDS;
        const Shared<std::uint32_t> ring(0, RING_WORDS);
        /* A step's rows have come; all warps have read them. */
        const Shared<std::uint64_t> full(RING_WORDS * 4, STAGES);
        const Shared<std::uint64_t> empty(RING_WORDS * 4 + STAGES * 8, STAGES);
        const int warp = static_cast<int>(threadIdx.x) / 32;
        const int tile_index = static_cast<int>(blockIdx.x % static_cast<unsigned>(c.tiles.count()));
        const std::int64_t clip = blockIdx.x / static_cast<unsigned>(c.tiles.count());
        const ConvolutionTile tile(c.tiles, tile_index);
        if constexpr (Shape::TAPS_TIME > 1) {
            /* While the kernel in front still runs: the zeros around the planes, where no copy will write. */
            const Run<Shape> run(c, tile.band, 0);
            for (int row = warp; row < STAGES * S::step_slabs(A) * S::ROWS; row += WARPS) {
                const int frame = frame_of<Shape>(c, tile, row % S::ROWS);
                const bool outside = frame < 0 || frame >= c.frames;
                for (int column = static_cast<int>(threadIdx.x) % 32; column < Shape::COLUMNS; column += 32) {
                    if (outside || column < run.column || column >= run.column + run.count) {
                        ring.store4((row * Shape::COLUMNS + column) * UNIT_WORDS, {});
                    }
                }
            }
        }
        if (threadIdx.x == 0) {
            for (int i = 0; i < STAGES; ++i) {
                make_barrier(full, i, 1);
                make_barrier(empty, i, WARPS);
            }
        }
        show_to_copies();
        __syncthreads();
        begin_kernel();
        if (warp == 0) {
            const RowCopies<A, Shape> copies(c, tile, clip);
            for (int step = 0; step < min(STAGES, (c.first + 1) * PLANE_STEPS); ++step) {
                copies.begin(c, step, ring, full);
            }
        }
        WarpgroupSums sums[TILE_FRAMES];
        multiply_planes<A, Shape>(sums, c, tile, clip, ring, full, empty);
        if (tile.count(c.tiles) == TILE_FRAMES * TILE_BANDS) {
            finish<true>(sums, c, tile, clip, tile_index);
        } else {
            finish<false>(sums, c, tile, clip, tile_index);
        }
    }
}

bool is_last(const ConvolutionGeometry &g) {
    return g.kernel_time == 1;
}

/* Shared memory for so many blocks a multiprocessor, and no more, which together have all of it. */
constexpr std::int64_t shared_of(std::int64_t blocks) {
    constexpr std::int64_t ALL = 228 * 1024;
    constexpr std::int64_t RESERVED = 1024;
    constexpr std::int64_t MORE = 128;
    return ALL / (blocks + 1) - RESERVED + MORE;
}

template <Arithmetic A, class Shape>
cudaError_t enqueue_as(const Convolution &c, cudaStream_t stream) {
    using S = Sizes<Shape>;
    const auto kernel = warpgroup_convolution_kernel<A, Shape>;
    const std::int64_t blocks = c.tiles.count() * c.batch;
    /* Where the last blocks of the kernel in front leave room, these would come and keep to themselves: each
       multiprocessor takes its share of a small grid, not more. */
    const std::int64_t share = std::min<std::int64_t>(divide_up(blocks, device().multiprocessors), S::blocks(A));
    const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(S::shared_bytes(A), shared_of(share)));
    const cudaError_t allowed = allow_shared(kernel, bytes);
    return allowed != cudaSuccess ? allowed
                                  : launch("warpgroup convolution", kernel, dim3(static_cast<unsigned>(blocks)),
                                           dim3(THREADS), bytes, stream, c);
}

} // namespace

bool fits_warpgroups(const ConvolutionGeometry &g, std::int32_t channels) {
    const bool block =
        g.kernel_time == 3 && g.padding_time == g.dilation_time && g.padding_frequency == 1 && g.stride_frequency == 1;
    const bool last = is_last(g) && g.padding_time == 0 && g.dilation_time == 1 && g.padding_frequency == 0 &&
                      g.stride_frequency == 2;
    return channels == CHANNELS && g.kernel_frequency == TAPS_FREQUENCY && (block || last);
}

PlaneOrder plane_order(const ConvolutionGeometry &g) {
    return is_last(g) ? PlaneOrder::SLABS_BY_PARITY : PlaneOrder::SLABS;
}

ConvolutionTiles plan_warpgroups(const ConvolutionGeometry &g, std::int64_t frames, std::int64_t bands) {
    return convolution_tiles(g, g.frames_out(frames), g.bands_out(bands), TILE_FRAMES, TILE_BANDS);
}

std::vector<std::uint32_t> pack_warpgroups(const float *weights, std::int32_t planes, const ConvolutionGeometry &g,
                                           Arithmetic arithmetic) {
    std::vector<std::uint32_t> packed;
    const std::int64_t inputs = std::int64_t{planes} * CHANNELS;
    const std::int64_t taps = g.taps();
    const auto word = [&](int out, std::int64_t in, std::int64_t tap) {
        const auto weight = [&](std::int64_t at) { return weights[(out * inputs + at) * taps + tap]; };
        return weight_word(arithmetic, weight(in), weight(in + 1));
    };
    for (std::int64_t in0 = 0; in0 < inputs; in0 += STEP_CHANNELS) {
        for (std::int64_t tap = 0; tap < taps; ++tap) {
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
    const int held = is_last(g) ? Sizes<Last>::taps_held(arithmetic) : Sizes<Block>::taps_held(arithmetic);
    packed.resize(packed.size() + static_cast<std::size_t>((held - 1) * tap_words(arithmetic)));
    return packed;
}

cudaError_t enqueue_warpgroups(const Convolution &c, Arithmetic arithmetic, cudaStream_t stream) {
    return with_pairs(arithmetic, [&](auto a) {
        constexpr Arithmetic A = decltype(a)::value;
        return is_last(c.geometry) ? enqueue_as<A, Last>(c, stream) : enqueue_as<A, Block>(c, stream);
    });
}

} // namespace earshot
