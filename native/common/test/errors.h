/* How far results lie from what is expected. */
#pragma once

#include <cmath>
#include <cstring>
#include <vector>

namespace test {

/* The greatest difference over the root mean square of what is expected; infinite where a NaN or a length differs. */
inline double relative_error(const std::vector<float> &actual, const std::vector<double> &expected) {
    if (actual.size() != expected.size()) {
        return INFINITY;
    }
    double worst = 0;
    double squares = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        const double d = std::fabs(static_cast<double>(actual[i]) - expected[i]);
        worst = d <= worst ? worst : std::isnan(d) ? static_cast<double>(INFINITY) : d;
        squares += expected[i] * expected[i];
    }
    return worst / std::sqrt(squares / static_cast<double>(actual.size()) + 1e-300);
}

/* The root mean square of the difference over that of what is expected; infinite or NaN where a length or a NaN
 * differs.
 */
inline double mean_error(const std::vector<float> &actual, const std::vector<double> &expected) {
    if (actual.size() != expected.size()) {
        return INFINITY;
    }
    double differences = 0;
    double squares = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        const double d = static_cast<double>(actual[i]) - expected[i];
        differences += d * d;
        squares += expected[i] * expected[i];
    }
    return std::sqrt(differences / (squares + 1e-300));
}

inline bool same_bits(const std::vector<float> &a, const std::vector<float> &b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

} // namespace test
