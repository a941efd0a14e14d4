/* What this machine does: clocks, and the rates that kernels are set against. */
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/* Processor time of the whole process: on a busy machine what one thread needed is seen here. */
inline double processor_seconds() {
    timespec now = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Times {
    double least, median, processor;
};

/* Times body(0) to body(count - 1) in turns. */
template <class Body>
void measure(int runs, int count, Body body, Times *times) {
    std::vector<double> all[2];
    for (int i = 0; i < count; ++i) {
        body(i);
        times[i].processor = INFINITY;
    }
    for (int run = 0; run < runs; ++run) {
        for (int i = 0; i < count; ++i) {
            const double used = processor_seconds();
            const Clock::time_point start = Clock::now();
            body(i);
            all[i].push_back(seconds_since(start));
            times[i].processor = std::min(times[i].processor, processor_seconds() - used);
        }
    }
    for (int i = 0; i < count; ++i) {
        std::sort(all[i].begin(), all[i].end());
        times[i].least = all[i].front();
        times[i].median = all[i][all[i].size() / 2];
    }
}

/* Floating-point operations a second of multiply-adds from registers alone, on that many threads. */
double peak_flops(std::int32_t isa, int threads);

/* State updates a second of the selective scan alone, on tiles in L1 and L2 as in a Mamba path. */
double scan_rate(std::int32_t isa, int runs);

} // namespace bench
