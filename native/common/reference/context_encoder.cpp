#include <algorithm>

#include "reference_math.h"

namespace test {

std::vector<std::int32_t> ContextShape::numbers() const {
    return {rows, location_width, time_inputs, time_width, outputs};
}

std::int64_t ContextShape::weight_count() const {
    return rows * location_width + time_width * (time_inputs + 1) + outputs * (location_width + time_width + 1);
}

Doubles context_encoder(const ContextShape &s, const std::vector<float> &weights, const std::vector<float> &location,
                        const std::vector<float> &time) {
    Reader reader(weights);
    const Doubles embedding = reader.take(size(s.rows) * size(s.location_width));
    const Map mapping(reader, size(s.time_width), size(s.time_inputs));
    const Map projection(reader, size(s.outputs), size(s.location_width) + size(s.time_width));
    Doubles both(size(s.location_width) + size(s.time_width));
    Doubles all;
    for (Size b = 0; b < location.size(); ++b) {
        for (Size i = 0; i < size(s.location_width); ++i) {
            both[i] = embedding[size(static_cast<std::int64_t>(location[b])) * size(s.location_width) + i];
        }
        const Doubles mapped = mapping(row(time, b, size(s.time_inputs)));
        for (Size i = 0; i < mapped.size(); ++i) {
            both[size(s.location_width) + i] = std::max(mapped[i], 0.0);
        }
        const Doubles y = s.outputs == 0 ? both : projection(both);
        all.insert(all.end(), y.begin(), y.end());
    }
    return all;
}

} // namespace test
