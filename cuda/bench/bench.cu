#include "kernel_bench.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace bench {
namespace {

constexpr int THREADS = 256;

/* A number from its place: the finalizer of MurmurHash3. */
__global__ void fill_kernel(const earshot::Span<float> values, const std::int64_t count, const float low,
                            const float high, const std::uint32_t seed) {
    earshot::begin_kernel();
    const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * THREADS;
    for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x; i < count; i += stride) {
        std::uint32_t x = static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(i >> 32) * 0x9E3779B9U + seed;
        x = (x ^ (x >> 16U)) * 0x85EBCA6BU;
        x = (x ^ (x >> 13U)) * 0xC2B2AE35U;
        x ^= x >> 16U;
        values[i] = low + (high - low) * static_cast<float>(x >> 8U) * 0x1p-24F;
    }
}

double seconds_between(cudaEvent_t start, cudaEvent_t end) {
    float milliseconds = 0;
    require(cudaEventElapsedTime(&milliseconds, start, end), "reading the time");
    return static_cast<double>(milliseconds) * 1e-3;
}

} // namespace

void require(cudaError_t error, const char *what) {
    if (error != cudaSuccess) {
        std::fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(error));
        std::exit(1);
    }
}

Bench::Bench(bool tiny) : tiny_(tiny) {
    int device = 0;
    cudaDeviceProp properties = {};
    require(cudaGetDevice(&device), "looking for a device");
    require(cudaGetDeviceProperties(&properties, device), "asking for the device's properties");
    multiprocessors_ = properties.multiProcessorCount;
    std::printf("%s, compute capability %d.%d, %d multiprocessors%s\n", properties.name, properties.major,
                properties.minor, multiprocessors_, tiny ? " (tiny sizes: the times mean nothing)" : "");
    measure_limits();
    std::printf("%-20s %-14s %5s %-22s %10s %10s %8s %8s %8s %6s\n", "kernel", "shape", "batch", "variant", "us median",
                "us least", "GB/s", "TFLOP/s", "Gspec/s", "share");
}

Time Bench::time(const std::function<cudaError_t(cudaStream_t)> &run) const {
    cudaStream_t stream = nullptr;
    cudaEvent_t start = nullptr;
    cudaEvent_t end = nullptr;
    require(cudaStreamCreate(&stream), "creating a stream");
    require(cudaEventCreate(&start), "creating an event");
    require(cudaEventCreate(&end), "creating an event");
    const auto several = [&](int runs) {
        require(cudaEventRecord(start, stream), "recording an event");
        for (int i = 0; i < runs; ++i) {
            require(run(stream), "enqueueing a kernel");
        }
        require(cudaEventRecord(end, stream), "recording an event");
        require(cudaEventSynchronize(end), "running a kernel");
        return seconds_between(start, end) / runs;
    };
    /* Some 2 ms a sample hide the launches; the first run only warms up. */
    const double first = (several(1), several(1));
    const int runs = tiny_ ? 1 : static_cast<int>(std::clamp(2e-3 / std::max(first, 1e-7), 1.0, 200.0));
    std::vector<double> samples;
    for (int i = 0; i < (tiny_ ? 1 : 25); ++i) {
        samples.push_back(several(runs));
    }
    std::sort(samples.begin(), samples.end());
    require(cudaEventDestroy(start), "destroying an event");
    require(cudaEventDestroy(end), "destroying an event");
    require(cudaStreamDestroy(stream), "destroying a stream");
    return {samples[samples.size() / 2], samples.front()};
}

void Bench::report(const Case &what, const std::function<cudaError_t(cudaStream_t)> &run) {
    const Time taken = time(run);
    const Work &work = what.work;
    struct Bound {
        const char *name;
        double seconds;
    };
    const Bound bounds[] = {{"bytes", work.bytes / limits_.bytes},
                            {"flops", work.flops / limits_.flops},
                            {"tf32", work.tf32_flops / limits_.tf32_flops},
                            {"bf16", work.bf16_flops / limits_.bf16_flops},
                            {"specials", work.specials / limits_.specials}};
    const Bound &bound = *std::max_element(std::begin(bounds), std::end(bounds),
                                           [](const Bound &a, const Bound &b) { return a.seconds < b.seconds; });
    const double flops = work.flops + work.tf32_flops + work.bf16_flops;
    std::printf("%-20s %-14s %5d %-22s %10.2f %10.2f %8.1f %8.2f %8.1f %5.1f%% of %s\n", what.kernel.c_str(),
                what.shape.c_str(), what.batch, what.variant.c_str(), taken.median * 1e6, taken.least * 1e6,
                work.bytes / taken.median * 1e-9, flops / taken.median * 1e-12, work.specials / taken.median * 1e-9,
                bound.seconds / taken.median * 100, bound.name);
    std::fflush(stdout);
    char line[640];
    std::snprintf(line, sizeof line,
                  R"({"kernel":"%s","shape":"%s","batch":%d,"variant":"%s","us_median":%.3f,"us_least":%.3f,)"
                  R"("gb_per_s":%.2f,"tflop_per_s":%.3f,"gspecial_per_s":%.2f,"bound":"%s","share_of_bound":%.4f})",
                  what.kernel.c_str(), what.shape.c_str(), what.batch, what.variant.c_str(), taken.median * 1e6,
                  taken.least * 1e6, work.bytes / taken.median * 1e-9, flops / taken.median * 1e-12,
                  work.specials / taken.median * 1e-9, bound.name, bound.seconds / taken.median);
    json_.emplace_back(line);
}

void Bench::skip(const Case &what, const std::string &why) {
    std::printf("%-20s %-14s %5d %-22s %s\n", what.kernel.c_str(), what.shape.c_str(), what.batch, what.variant.c_str(),
                why.c_str());
}

void Bench::print_json() const {
    std::printf(
        R"({"tiny":%s,"multiprocessors":%d,"copy_gb_per_s":%.1f,"fma_tflop_per_s":%.2f,"tf32_tflop_per_s":%.2f,)"
        R"("bf16_tflop_per_s":%.2f,"gspecial_per_s":%.1f})"
        "\n",
        tiny_ ? "true" : "false", multiprocessors_, limits_.bytes * 1e-9, limits_.flops * 1e-12,
        limits_.tf32_flops * 1e-12, limits_.bf16_flops * 1e-12, limits_.specials * 1e-9);
    for (const std::string &line : json_) {
        std::printf("%s\n", line.c_str());
    }
}

Buffer::~Buffer() {
    cudaFree(data_);
}

bool Buffer::allocate(std::int64_t count) {
    const auto bytes = static_cast<std::size_t>(count) * sizeof(float);
    const cudaError_t error = cudaMalloc(reinterpret_cast<void **>(&data_), bytes);
    if (error == cudaErrorMemoryAllocation) {
        cudaGetLastError(); /* or the next launch would report it */
        return false;
    }
    require(error, "allocating");
    require(cudaMemset(data_, 0xFF, bytes), "filling with NaN");
    count_ = count;
    return true;
}

void Buffer::fill(float low, float high, std::uint32_t seed) const {
    const auto blocks = static_cast<unsigned>(std::min<std::int64_t>(earshot::divide_up(count_, THREADS), 4096));
    require(
        earshot::launch("fill", fill_kernel, dim3(blocks), dim3(THREADS), 0, nullptr, span(), count_, low, high, seed),
        "filling");
    require(cudaDeviceSynchronize(), "filling");
}

std::vector<float> Buffer::values() const {
    std::vector<float> values(static_cast<std::size_t>(count_));
    require(cudaDeviceSynchronize(), "running");
    require(cudaMemcpy(values.data(), data_, values.size() * sizeof(float), cudaMemcpyDeviceToHost), "copying");
    return values;
}

double worst_share(const std::vector<float> &actual, const std::vector<float> &expected) {
    double squares = 0;
    double worst = actual.size() == expected.size() ? 0 : std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < expected.size() && i < actual.size(); ++i) {
        const double difference = std::fabs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
        worst = difference <= worst      ? worst
                : std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                         : difference;
        squares += static_cast<double>(expected[i]) * static_cast<double>(expected[i]);
    }
    return worst / std::sqrt(squares / static_cast<double>(expected.size()));
}

} // namespace bench
