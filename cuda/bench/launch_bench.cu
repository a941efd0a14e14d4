/*
 * What lies between kernels: starting them from a recording, with and without starting each while the one in front of
 * it runs; and getting a clip to the device.
 */
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

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
 * Ten seconds of samples from ordinary memory: staged piece by piece, each piece on its way while the next is staged,
 * then waited for. Samples of 16 bits travel as such.
 */
void upload(const Bench &bench, std::int64_t piece, bool pcm16) {
    const Stream stream;
    constexpr std::int64_t SAMPLES = 441000;
    const std::int64_t samples = bench.tiny() ? 1000 : SAMPLES;
    const std::vector<float> clip(static_cast<std::size_t>(samples), pcm16 ? 0.25F : 0.1F);
    earshot_cuda_memory *memory = nullptr;
    Stream::ok(earshot_cuda_memory_create(stream.get(), samples, &memory));
    const double staging =
        host_time(bench.tiny(), [&] { Stream::ok(earshot_cuda_stage(stream.get(), 0, clip.data(), 0, samples)); });
    const double total = host_time(bench.tiny(), [&] {
        for (std::int64_t from = 0; from < samples; from += piece) {
            const std::int64_t count = std::min(piece, samples - from);
            Stream::ok(earshot_cuda_stage(stream.get(), from, clip.data(), from, count));
            Stream::ok(earshot_cuda_upload(stream.get(), from, count, memory, from));
        }
        Stream::ok(earshot_cuda_wait(stream.get()));
    });
    std::printf("%-20s %-14s %5d %-22s %10.2f  (staged by the host alone: %.2f)\n", "upload",
                (std::to_string(samples) + (pcm16 ? " samples" : " floats")).c_str(), 1,
                ("pieces of " + std::to_string(piece >> 10) + " Ki").c_str(), total, staging);
    std::fflush(stdout);
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
    for (const bool pcm16 : {false, true}) {
        for (const std::int64_t piece : {1 << 15, 1 << 16, 1 << 17, 1 << 18, 1 << 20}) {
            upload(bench, piece, pcm16);
        }
    }
    std::printf("\n");
}

} // namespace bench
