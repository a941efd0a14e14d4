#include "stream.h"

#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

using earshot::check;
using earshot::fail;
using earshot::require;

namespace {

std::size_t bytes_of(std::int64_t floats) {
    return static_cast<std::size_t>(floats) * sizeof(float);
}

/* memcpy whose writes do not pass through the caches, which would first read what is overwritten. */
void copy_past_caches(float *to, const float *from, std::int64_t count) {
#ifdef __SSE2__
    constexpr std::int64_t VECTOR = 4;
    while (count > 0 && reinterpret_cast<std::uintptr_t>(to) % (VECTOR * sizeof(float)) != 0) {
        *to++ = *from++;
        --count;
    }
    for (; count >= VECTOR; count -= VECTOR) {
        _mm_stream_ps(to, _mm_loadu_ps(from));
        to += VECTOR;
        from += VECTOR;
    }
    /* Whoever is told afterwards to read this, the device too, finds it. */
    _mm_sfence();
#endif
    std::memcpy(to, from, bytes_of(count));
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

void earshot_cuda_stream::stage(std::int64_t place, const float *values, std::int64_t count) {
    require_copy(place, count);
    copy_past_caches(staging + place, values, count);
}

void earshot_cuda_stream::upload(std::int64_t place, std::int64_t count, float *target) {
    require_copy(place, count);
    check(cudaMemcpyAsync(target, staging + place, bytes_of(count), cudaMemcpyHostToDevice, handle),
          "copying to the device");
}

void earshot_cuda_stream::download(const float *source, std::int64_t count, std::int64_t place) {
    require_copy(place, count);
    check(cudaMemcpyAsync(staging + place, source, bytes_of(count), cudaMemcpyDeviceToHost, handle),
          "copying from the device");
}

void earshot_cuda_stream::wait() {
    require_not_recording();
    check(cudaStreamSynchronize(handle), "running on the device");
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
