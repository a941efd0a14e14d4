/*
 * A tile of the front of a Mamba path (mamba_front.cu): its rows and channels among warps and lanes, in which order its
 * weights are packed, and what lies where in a block's shared memory.
 */
#pragma once

#include "in_projection.h"
#include "mamba_front.h"
#include "tensor_tile.h"
#include "x_projection.h"

namespace earshot {

namespace mamba_front_details {

/* The block's two teams share its weights; each has tiles, and barriers, of its own. */
constexpr int TEAMS = 2;
constexpr int THREADS = TENSOR_THREADS; /* of a team */
constexpr int WARPS = THREADS / 32;
constexpr int TILE_ROWS = 32;
constexpr int ROWS = TILE_ROWS / 16; /* tiles of 16 rows: all of them are a warp's */
constexpr int LANE_ROWS = 2 * ROWS;  /* a lane's tokens, one behind the other */
constexpr int TAPS = X_PROJECTION_TAPS;
constexpr int HALO = TAPS - 1;
constexpr int TILES = X_PROJECTION_FEW_TILES;
constexpr int FEW_COLUMNS = 36; /* the papers' */
constexpr int SUM_PARTS = WARPS / 2;
constexpr std::int32_t FRONT_CHANNELS = 64; /* at most: more would hardly find room */

/* From row to row of x_proj's sums in shared memory. */
__host__ __device__ constexpr int sum_words(std::int32_t columns) {
    return columns <= FEW_COLUMNS ? FEW_COLUMNS : TILES * 8;
}

/* Row s of a tile's words in shared memory is the token at this place of the tile: a lane has rows lane / 4 + 8 i. */
__host__ __device__ constexpr int place_of(int row) {
    return row % 8 * LANE_ROWS + row / 8;
}

/*
 * Where in a group of 32 channels the four begin that a lane (lane % 4) has of a pair of column tiles: for floats, so
 * that four lanes write 64 bytes in a row; for pairs, so that a lane's eight numbers lie one behind the other.
 */
__host__ __device__ constexpr int quad_channel(bool pairs, int pair, int lane) {
    return pairs ? lane % 4 * 8 + pair * 4 : pair * 16 + lane % 4 * 4;
}

/*
 * Whether a team keeps x of a tile's last tokens for the next one, which begins behind them: then no token is done
 * twice. With split factors a block has no room for it beside its weights.
 */
__host__ __device__ constexpr bool keeps_tokens(Arithmetic a) {
    return !splits(a);
}
__host__ __device__ constexpr int kept_words(Arithmetic a, std::int32_t inner) {
    return keeps_tokens(a) ? (inner + 31) / 32 * 32 * HALO : 0;
}

/* Where things lie in a block's shared memory, in words. */
struct Layout {
    int in_words; /* of in_proj for x, and again for z */
    int x_words;
    int filters; /* the convolution's */
    int scales;  /* of x_proj's columns */
    int teams;   /* where the first team's part begins; in it: */
    int sums;
    int tokens;
    int parameters;
    int kept;
    int team_words;

    __host__ __device__ Layout(Arithmetic a, std::int32_t channels, std::int32_t inner, std::int32_t columns)
        : in_words(in_projection_words(a, inner, channels)),
          x_words(chunks_of(a, inner) * chunk_steps(a) * step_words(a, TILES)), filters(2 * in_words + x_words),
          scales(filters + TAPS * inner), teams(scales + sum_words(columns)),
          sums(TILE_ROWS * row_words(chunks_of(a, channels))),
          tokens(sums + SUM_PARTS * TILE_ROWS * sum_words(columns)), parameters(tokens + 2 * TILE_ROWS),
          kept(parameters + 2 * channels), team_words(kept + kept_words(a, inner)) {}

    __host__ __device__ int all() const { return teams + TEAMS * team_words; }
};

/*
 * Where nothing is kept: whole sequences, if they are so short that one fits, as there is nothing then to be done again.
 * `halo` tokens of a tile are those before its first.
 */
__host__ __device__ constexpr int tile_tokens(std::int32_t length) {
    return length <= TILE_ROWS ? TILE_ROWS / length * length : TILE_ROWS - HALO;
}
__host__ __device__ constexpr int tile_halo(std::int32_t length) {
    return length <= TILE_ROWS ? 0 : HALO;
}

} // namespace mamba_front_details

} // namespace earshot
