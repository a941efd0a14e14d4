/* Resampling, which belongs to no layer: kernels/resampling.h behind the boundary. */
#include <string>

#include "boundary.h"
#include "earshot_cpu.h"
#include "instruction_sets.h"

using earshot::fail;
using earshot::Index;
using earshot::require;

namespace {

/* Rates are below 2^21, and so are a ratio's terms. */
constexpr Index MOST_TERM = Index{1} << 21;
/* With a ratio's term and a period's inputs these stay below 2^63. */
constexpr Index MOST_OUTPUTS = Index{1} << 40;

void require_floats(const char *name, const float *values, int64_t count, Index needed) {
    if (values == nullptr || count < needed) {
        fail(std::string(name) + ": " + (values == nullptr ? "null" : std::to_string(count) + " floats") +
             "; expected at least " + std::to_string(needed));
    }
}

} // namespace

extern "C" {

earshot_cpu_status earshot_cpu_resample(int32_t isa, const float *coefficients, int64_t coefficient_count, int64_t up,
                                        int64_t down, const float *window, int64_t window_count, int64_t first_output,
                                        float *output, int64_t output_count, float *scratch, int64_t scratch_count) {
    return earshot::guarded([&] {
        require(up >= 1 && up <= MOST_TERM && down >= 1 && down <= MOST_TERM, "up, down: expected 1 to 2^21 each");
        require(first_output >= 0 && first_output <= MOST_OUTPUTS && output_count >= 1 && output_count <= MOST_OUTPUTS,
                "first output, output: expected some of 2^40 samples");
        require(coefficient_count >= 4 && coefficient_count <= MOST_TERM && coefficient_count % (4 * up) == 0,
                "coefficients: expected a multiple of 4 for each phase, at most 2^21");
        const earshot::Polyphase p = {coefficients, up,           down,   coefficient_count / up,
                                      window,       first_output, output, output_count};
        require_floats("coefficients", coefficients, coefficient_count, coefficient_count);
        require_floats("output", output, output_count, output_count);
        require_floats("window", window, window_count, p.window_length());
        require_floats("scratch", scratch, scratch_count,
                       p.rows() * earshot::RESAMPLED_TOGETHER + earshot::RESAMPLED_LINE);
        earshot::kernels_for(isa, EARSHOT_PRECISION_FLOAT32).resample(p, scratch);
    });
}
}
