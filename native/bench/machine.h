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

inline double seconds_of(clockid_t clock) {
    timespec now = {};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/* Processor time of the threads that there are: on a busy machine what one thread needed is seen here. Each is asked, as
 * the clock of the whole process counts those that run elsewhere only up to the kernel's last tick. */
class ProcessorClock {
  public:
    ProcessorClock();
    double seconds() const;

  private:
    std::vector<clockid_t> threads_;
};

struct Times {
    double least, median, processor;
};

/* Times body(0) to body(count - 1) in turns. */
template <class Body>
void measure(int runs, int count, Body body, Times *times) {
    const ProcessorClock processor;
    std::vector<double> all[2];
    for (int i = 0; i < count; ++i) {
        body(i);
        times[i].processor = INFINITY;
    }
    for (int run = 0; run < runs; ++run) {
        for (int i = 0; i < count; ++i) {
            const double used = processor.seconds();
            const Clock::time_point start = Clock::now();
            body(i);
            all[i].push_back(seconds_since(start));
            times[i].processor = std::min(times[i].processor, processor.seconds() - used);
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
