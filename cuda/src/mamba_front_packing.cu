/* The weights of the front of a Mamba path, on the host, in the order in which a warp's lanes want them. */
#include <algorithm>

#include "mamba_front_tile.h"

namespace earshot {

using mamba_front_details::quad_channel;
using mamba_front_details::TAPS;

void pack_mamba_front(const std::vector<float> &in_projection, std::int32_t channels, const float *convolution,
                      std::int32_t taps, const float *bias, const std::vector<float> &x_projection,
                      std::int32_t columns, const std::vector<float> &most, Arithmetic arithmetic, bool pairs,
                      MambaFrontWeights &weights) {
    const auto inner = static_cast<std::int32_t>(most.size());
    constexpr std::int32_t GROUP = 32;
    const auto padded = static_cast<std::int32_t>(divide_up(inner, GROUP)) * GROUP;
    const auto at = [](std::int64_t index) { return static_cast<std::size_t>(index); };
    /* Column `column` of in_proj in its packing's order is this channel; beyond E there is none. */
    const auto channel_of = [&](std::int32_t column) {
        const std::int32_t in_group = column % GROUP;
        return column - in_group + quad_channel(pairs, in_group / 16, in_group % 16 / 4) + in_group % 4;
    };
    /* x and then z; the scales come in the order of columns. */
    std::vector<float> scales[2];
    for (std::int32_t half = 0; half < 2; ++half) {
        std::vector<float> matrix(at(std::int64_t{padded} * channels));
        for (std::int32_t column = 0; column < padded; ++column) {
            if (channel_of(column) < inner) {
                const auto from = in_projection.begin() + (std::int64_t{half} * inner + channel_of(column)) * channels;
                std::copy(from, from + channels, matrix.begin() + std::int64_t{column} * channels);
            }
        }
        const std::vector<std::uint32_t> packed =
            pack_in_projection(matrix, padded, channels, arithmetic, scales[half]);
        weights.in_projection.insert(weights.in_projection.end(), packed.begin(), packed.end());
    }

    /* Number k of a step of x_proj is this column of in_proj. */
    constexpr std::int32_t STEP = 16;
    const auto column_of = [](std::int32_t k) { return k / STEP * STEP + interleaved_column(k % STEP / 8, k % 8); };
    std::vector<float> matrix(at(std::int64_t{columns} * padded));
    std::vector<float> bounds(at(padded));
    for (std::int32_t k = 0; k < padded; ++k) {
        const std::int32_t channel = channel_of(column_of(k));
        if (channel < inner) {
            bounds[at(k)] = most[at(channel)];
            for (std::int64_t column = 0; column < columns; ++column) {
                matrix[at(column * padded + k)] = x_projection[at(column * inner + channel)];
            }
        }
    }
    std::vector<float> ranges;
    pack_x_projection(matrix, columns, padded, bounds, arithmetic, weights.x_projection, ranges, weights.scale);

    std::vector<float> x_scale(at(inner));
    std::vector<float> gate_scale(at(inner));
    std::vector<float> range(at(inner));
    for (std::int32_t k = 0; k < padded; ++k) {
        const std::int32_t column = column_of(k);
        if (channel_of(column) < inner) {
            x_scale[at(channel_of(column))] = scales[0][at(column)];
            gate_scale[at(channel_of(column))] = scales[1][at(column)];
            range[at(channel_of(column))] = ranges[at(k)];
        }
    }
    for (std::int32_t k = taps - TAPS; k < taps; ++k) {
        for (std::int32_t i = 0; i < inner; ++i) {
            weights.convolution.push_back(k < 0 ? 0.0F : convolution[i * taps + k] * x_scale[at(i)]);
        }
    }
    weights.bias.insert(weights.bias.end(), bias, bias + inner);
    weights.gate_scale.insert(weights.gate_scale.end(), gate_scale.begin(), gate_scale.end());
    weights.range.insert(weights.range.end(), range.begin(), range.end());
}

} // namespace earshot
