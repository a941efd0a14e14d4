/*
 * What lies between kernels: starting them from a recording, with and without starting each while the one in front of
 * it runs; and getting a clip to the device.
 */
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "earshot_cuda.h"
#include "kernel_bench.h"

namespace bench {
namespace {

using earshot::Span;

constexpr int THREADS = 128;
constexpr int CHAIN = 64;

/* Next to nothing, but for what it costs to be a kernel of a chain. */
__global__ void __launch_bounds__(THREADS) link(const Span<float> values) {
    earshot::begin_kernel();
    values[static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x] += 1.0F;
}

/* A stream of the library's. */
class Stream {
  public:
    Stream() { ok(earshot_cuda_stream_create(0, &stream_)); }
    ~Stream() { earshot_cuda_stream_destroy(stream_); }
    Stream(const Stream &) = delete;
    Stream &operator=(const Stream &) = delete;

    static void ok(earshot_cuda_status status) {
        if (status != EARSHOT_CUDA_OK) {
            std::fprintf(stderr, "%s\n", earshot_cuda_last_error());
            std::exit(1);
        }
    }
    earshot_cuda_stream *get() const { return stream_; }

  private:
    earshot_cuda_stream *stream_ = nullptr;
};

/* A recording of the chain, run `runs` times back to back by Bench::time. */
void chain(Bench &bench, unsigned blocks, bool overlapping) {
    earshot::allow_overlapping_launches(overlapping);
    Buffer values;
    if (!values.allocate(std::int64_t{blocks} * THREADS)) {
        require(cudaErrorMemoryAllocation, "allocating for the chain");
    }
    values.fill(0, 1, 1);
    cudaStream_t stream = nullptr;
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t recorded = nullptr;
    require(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
    require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "beginning a recording");
    for (int i = 0; i < CHAIN; ++i) {
        require(earshot::launch("link", link, dim3(blocks), dim3(THREADS), 0, stream, values.span()), "recording");
    }
    require(cudaStreamEndCapture(stream, &graph), "ending a recording");
    require(cudaGraphInstantiate(&recorded, graph, 0), "preparing a recording");
    bench.report({"chain of " + std::to_string(CHAIN),
                  std::to_string(blocks) + " blocks",
                  overlapping ? "overlapping" : "one by one",
                  1,
                  {}},
                 [&](cudaStream_t on) { return cudaGraphLaunch(recorded, on); });
    require(cudaGraphExecDestroy(recorded), "destroying a recording");
    require(cudaGraphDestroy(graph), "destroying a recording");
    require(cudaStreamDestroy(stream), "destroying a stream");
    earshot::allow_overlapping_launches(true);
}

/* Microseconds of the host's clock, the median of several runs. */
template <class Run>
double host_time(bool tiny, const Run &run) {
    std::vector<double> samples;
    for (int i = 0; i < (tiny ? 1 : 200); ++i) {
        const auto start = std::chrono::steady_clock::now();
        run();
        samples.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    std::sort(samples.begin(), samples.end());
    return samples[samples.size() / 2];
}

/*
 * Ten seconds of samples from ordinary memory: copied into staging memory piece by piece, each piece on its way while
 * the next is copied, by threads of which the others spin until there is something to do. Then waited for.
 */
void upload(const Bench &bench, std::int64_t piece, int threads) {
    const Stream stream;
    constexpr std::int64_t SAMPLES = 441000;
    const std::int64_t samples = bench.tiny() ? 1000 : SAMPLES;
    const std::vector<float> clip(static_cast<std::size_t>(samples), 0.25F);
    earshot_cuda_memory *memory = nullptr;
    Stream::ok(earshot_cuda_memory_create(stream.get(), samples, &memory));
    float *staging = earshot_cuda_staging(stream.get());
    const auto part = [&](int thread) {
        const std::int64_t first = samples * thread / threads;
        const std::int64_t end = samples * (thread + 1) / threads;
        for (std::int64_t from = first; from < end; from += piece) {
            const std::int64_t count = std::min(piece, end - from);
            std::memcpy(staging + from, clip.data() + from, static_cast<std::size_t>(count) * sizeof(float));
            Stream::ok(earshot_cuda_upload(stream.get(), from, count, memory, from));
        }
    };
    std::atomic<int> round{0};
    std::atomic<int> busy{0};
    std::vector<std::thread> others;
    for (int thread = 1; thread < threads; ++thread) {
        others.emplace_back([&, thread] {
            for (int seen = 0; seen >= 0;) {
                const int now = round.load(std::memory_order_acquire);
                if (now > seen) {
                    part(thread);
                    busy.fetch_sub(1, std::memory_order_release);
                }
                seen = now;
            }
        });
    }
    const auto all = [&] {
        busy = threads - 1;
        round.fetch_add(1, std::memory_order_release);
        part(0);
        while (busy.load(std::memory_order_acquire) > 0) {
        }
    };
    const double copying = host_time(
        bench.tiny(), [&] { std::memcpy(staging, clip.data(), static_cast<std::size_t>(samples) * sizeof(float)); });
    const double total = host_time(bench.tiny(), [&] {
        all();
        Stream::ok(earshot_cuda_wait(stream.get()));
    });
    std::printf("%-20s %-14s %5d %-22s %10.2f  (one copy by the host alone: %.2f)\n", "upload",
                (std::to_string(samples) + " floats").c_str(), 1,
                (std::to_string(threads) + " threads, " + std::to_string(piece >> 10) + " Ki").c_str(), total, copying);
    std::fflush(stdout);
    round = -1;
    for (std::thread &other : others) {
        other.join();
    }
    earshot_cuda_memory_destroy(memory);
}

} // namespace

void launches(Bench &bench) {
    std::printf("\n");
    for (const unsigned blocks : {1U, 132U, 1000U}) {
        for (const bool overlapping : {false, true}) {
            chain(bench, bench.tiny() ? std::min(blocks, 2U) : blocks, overlapping);
        }
    }
    for (const std::int64_t piece : {1 << 15, 1 << 16, 1 << 17, 1 << 18, 1 << 20}) {
        upload(bench, piece, 1);
    }
    for (const int threads : {2, 4}) {
        upload(bench, 1 << 17, threads);
    }
    std::printf("\n");
}

} // namespace bench
