/*
 * The selective scan, plainly: the first step of the ladder, and what runs where the fast kernel has no template (more
 * than 64 states) or too little shared memory (a very wide rank).
 *
 * Idea: a thread a channel of a sequence and direction. Its states lie in local memory, everything else is read from
 * global memory when it is needed.
 *
 * Bytes a token, direction and channel: 12 (u, z, y); flops: 5 N + 2 R + 20; exp2: N + 2. Expected limit: latency. The
 * states go through the L1 cache (8 N bytes a token) and nothing is fetched ahead.
 */
#include "intrinsics.h"
#include "scan_variants.h"

namespace earshot {
namespace {

constexpr int THREADS = 128;

__global__ void __launch_bounds__(THREADS) scan_plain(const SelectiveScan p, const std::uint32_t tiles) {
    begin_kernel();
    const std::int64_t inner = p.inner;
    const std::int64_t channel = static_cast<std::int64_t>(blockIdx.x % tiles) * THREADS + threadIdx.x;
    const std::int64_t direction = blockIdx.x / tiles % 2;
    const std::int64_t first = p.sequences.first(blockIdx.x / tiles / 2);
    if (channel >= inner) {
        return;
    }
    const std::int64_t row_width = p.dt_width + 2 * p.state_width;
    const float dt_bias = p.dt_bias[direction * inner + channel];
    const float d = p.d[direction * inner + channel];
    float h[MOST_STATES];
    for (int n = 0; n < p.states; ++n) {
        h[n] = 0.0F;
    }
    for (int i = 0; i < p.sequences.length; ++i) {
        const int t = direction == 0 ? i : p.sequences.length - 1 - i;
        const std::int64_t token = first + t * p.sequences.step;
        const std::int64_t row = (token * 2 + direction) * row_width;
        const std::int64_t b = row + p.dt_width;
        const std::int64_t c = b + p.state_width;
        float delta = dt_bias;
        for (int r = 0; r < p.rank; ++r) {
            delta = fmaf(p.dt_weight[(direction * p.rank + r) * inner + channel], p.x_projection[row + r], delta);
        }
        delta = softplus(delta);
        const float u = p.u[(token * 2 + direction) * inner + channel];
        const float z = p.z[(token * 2 + direction) * p.z_step * inner + channel];
        float y = d * u;
        for (int n = 0; n < p.states; ++n) {
            const float decay = fast_exp2(delta * p.a[(direction * p.states + n) * inner + channel]);
            h[n] = fmaf(decay, h[n], delta * u * p.x_projection[b + n]);
            y = fmaf(p.x_projection[c + n], h[n], y);
        }
        p.y[(token * 2 + direction) * inner + channel] = y * (p.gated ? z : silu(z));
    }
}

} // namespace

cudaError_t enqueue_plain(const SelectiveScan &scan, cudaStream_t stream) {
    const std::int64_t tiles = divide_up(scan.inner, THREADS);
    if (tiles * 2 * scan.sequences.count > INT32_MAX) {
        return cudaErrorInvalidValue;
    }
    return launch("scan_plain", scan_plain, dim3(static_cast<unsigned>(tiles * 2 * scan.sequences.count)),
                  dim3(THREADS), 0, stream, scan, static_cast<std::uint32_t>(tiles));
}

} // namespace earshot
