/*
 * Frame of the kernel benchmark: what the device can do, measured in the same run, how a kernel is timed, and the
 * report.
 */
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "device.h"

namespace bench {

/* Says on the standard error what failed, and ends the program. */
void require(cudaError_t error, const char *what);

/* What a device reached at its best: of bytes (read and written), multiply-adds counted as two flops, products of the
   tensor cores, and special functions (exp2), all a second. */
struct Limits {
    double bytes, flops, tf32_flops, bf16_flops, specials;
};

/* What one run of a kernel needs at least. */
struct Work {
    double bytes = 0, flops = 0, tf32_flops = 0, bf16_flops = 0, specials = 0;
};

/* Seconds of one run, from events about several runs back to back: nothing is flushed in between. */
struct Time {
    double median, least;
};

struct Case {
    std::string kernel, shape, variant;
    int batch;
    Work work;
};

class Bench {
  public:
    /* `tiny` sizes and a few runs only show that everything runs. */
    explicit Bench(bool tiny);

    bool tiny() const { return tiny_; }
    int multiprocessors() const { return multiprocessors_; }
    const Limits &limits() const { return limits_; }

    Time time(const std::function<cudaError_t(cudaStream_t)> &run) const;
    /* Times a case and prints its line of the table. */
    void report(const Case &what, const std::function<cudaError_t(cudaStream_t)> &run);
    /* Prints a line of the table for a case without a time. */
    void skip(const Case &what, const std::string &why);
    /* After the tables: every case as a line of JSON. */
    void print_json() const;

  private:
    void measure_limits();

    bool tiny_;
    int multiprocessors_ = 0;
    Limits limits_ = {};
    std::vector<std::string> json_;
};

/* Memory of the device for a benchmark; false where there is not enough. */
class Buffer {
  public:
    Buffer() = default;
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer();

    [[nodiscard]] bool allocate(std::int64_t count);
    /* Numbers between low and high, the same in every run. */
    void fill(float low, float high, std::uint32_t seed) const;
    earshot::Span<float> span() const { return {data_, count_}; }
    std::vector<float> values() const;

  private:
    float *data_ = nullptr;
    std::int64_t count_ = 0;
};

/* The greatest difference over the root mean square of `expected`; infinite where a value is not finite. */
double worst_share(const std::vector<float> &actual, const std::vector<float> &expected);

/* The parts of the benchmark: what lies between kernels, then one for each family of them. */
void launches(Bench &bench);
void scan(Bench &bench);

} // namespace bench
