#include "stream.h"

#include <algorithm>

#include "pcm16.h"

using earshot::check;
using earshot::fail;
using earshot::require;

namespace {

std::size_t bytes_of(std::int64_t floats) {
    return static_cast<std::size_t>(floats) * sizeof(float);
}

/* Where the codes of values that were staged at a place begin: at the next line of the cache. */
std::int64_t place_of_codes(std::int64_t place) {
    constexpr std::int64_t FLOATS = 64 / sizeof(float);
    return earshot::divide_up(place, FLOATS) * FLOATS;
}

} // namespace

earshot_cuda_stream::earshot_cuda_stream(int on_device) : device(on_device) {
    check(
        cudaHostAlloc(reinterpret_cast<void **>(&staging), bytes_of(EARSHOT_CUDA_STAGING_FLOATS), cudaHostAllocDefault),
        "reserving staging memory");
    const cudaError_t created = cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking);
    if (created != cudaSuccess) {
        static_cast<void>(cudaFreeHost(staging));
        check(created, "creating a stream");
    }
}

earshot_cuda_stream::~earshot_cuda_stream() {
    /* Nobody is left to be told of failures here; a lost device has lost the stream as well. */
    static_cast<void>(cudaStreamSynchronize(handle));
    static_cast<void>(cudaFreeHost(staging));
    static_cast<void>(cudaStreamDestroy(handle));
}

void earshot_cuda_stream::require_not_recording() const {
    require(!recording_, "stream: recording; only operations may be enqueued");
}

void earshot_cuda_stream::require_copy(std::int64_t place, std::int64_t count) const {
    require_not_recording();
    if (place < 0 || count > EARSHOT_CUDA_STAGING_FLOATS - place) {
        fail("staging memory: " + std::to_string(count) + " floats from " + std::to_string(place) + " on; it has " +
             std::to_string(EARSHOT_CUDA_STAGING_FLOATS));
    }
}

void earshot_cuda_stream::forget_narrowed(std::int64_t place, std::int64_t count) {
    narrowed_.erase(
        std::remove_if(narrowed_.begin(), narrowed_.end(),
                       [&](const Narrowed &one) { return one.place < place + count && place < one.place + one.count; }),
        narrowed_.end());
}

void earshot_cuda_stream::stage(std::int64_t place, const float *values, std::int64_t count) {
    require_copy(place, count);
    forget_narrowed(place, count);
    if (count >= earshot::LEAST_PCM16 && earshot::narrow_to_pcm16(values, count, staging + place_of_codes(place))) {
        narrowed_.push_back({place, count});
        return;
    }
    earshot::copy_past_caches(staging + place, values, count);
}

void earshot_cuda_stream::upload(std::int64_t place, std::int64_t count, float *target) {
    require_copy(place, count);
    const std::int64_t end = place + count;
    for (std::int64_t at = place; at < end;) {
        /* What begins here, or as far as the next that does not. */
        std::int64_t next = end;
        const Narrowed *here = nullptr;
        for (const Narrowed &one : narrowed_) {
            if (one.place == at) {
                here = &one;
            } else if (one.place > at) {
                next = std::min(next, one.place);
            } else if (at < one.place + one.count) {
                fail("staging memory: from " + std::to_string(at) + " on, within " + std::to_string(one.count) +
                     " floats that were staged at " + std::to_string(one.place) + "; expected their beginning");
            }
        }
        if (here != nullptr) {
            next = std::min(end, here->place + here->count);
            check(earshot::enqueue_widening(staging + place_of_codes(at), next - at,
                                            earshot::Span<float>(target + (at - place), next - at), handle),
                  "samples to the device");
        } else {
            check(cudaMemcpyAsync(target + (at - place), staging + at, bytes_of(next - at), cudaMemcpyHostToDevice,
                                  handle),
                  "copying to the device");
        }
        at = next;
    }
}

void earshot_cuda_stream::download(const float *source, std::int64_t count, std::int64_t place) {
    require_copy(place, count);
    forget_narrowed(place, count);
    check(cudaMemcpyAsync(staging + place, source, bytes_of(count), cudaMemcpyDeviceToHost, handle),
          "copying from the device");
}

void earshot_cuda_stream::wait() {
    require_not_recording();
    check(cudaStreamSynchronize(handle), "running on the device");
    narrowed_.clear();
}

void earshot_cuda_stream::record_begin() {
    require_not_recording();
    check(cudaStreamBeginCapture(handle, cudaStreamCaptureModeThreadLocal), "beginning a recording");
    recording_ = true;
}

cudaGraphExec_t earshot_cuda_stream::record_end() {
    require(recording_, "stream: not recording");
    recording_ = false;
    cudaGraph_t graph = nullptr;
    check(cudaStreamEndCapture(handle, &graph), "ending a recording");
    cudaGraphExec_t prepared = nullptr;
    const cudaError_t instantiated = cudaGraphInstantiate(&prepared, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    check(instantiated, "preparing a recording");
    return prepared;
}

earshot_cuda_memory::earshot_cuda_memory(std::int64_t count, const earshot_cuda_stream &stream)
    : device(stream.device), floats(count) {
    if (count == 0) {
        return;
    }
    data = static_cast<float *>(earshot::reserve(bytes_of(count), (std::to_string(count) + " floats").c_str()));
    const cudaError_t zeroed = cudaMemsetAsync(data, 0, bytes_of(count), stream.handle);
    if (zeroed != cudaSuccess) {
        static_cast<void>(cudaFree(data));
        check(zeroed, "zeroing the device's memory");
    }
}

/* Nobody is left to be told of failures in what follows; a lost device has lost all this as well. */

earshot_cuda_memory::~earshot_cuda_memory() {
    static_cast<void>(cudaFree(data));
}

earshot_cuda_graph::~earshot_cuda_graph() {
    static_cast<void>(cudaGraphExecDestroy(handle));
}
