#include "stream.h"

#include <algorithm>
#include <cstring>

using earshot::check;
using earshot::require;

namespace {

constexpr std::int64_t LEAST_STAGING = 1 << 16;

std::size_t bytes_of(std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); }

} // namespace

earshot_cuda_stream::earshot_cuda_stream() {
    earshot::device();
    check(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking), "creating a stream");
}

earshot_cuda_stream::~earshot_cuda_stream() {
    /* Nobody is left to be told of failures here; a lost device has lost the stream as well. */
    static_cast<void>(cudaStreamSynchronize(handle));
    static_cast<void>(cudaFreeHost(staging_));
    static_cast<void>(cudaStreamDestroy(handle));
}

void earshot_cuda_stream::require_not_recording() const {
    require(!recording_, "stream: recording; only operations may be enqueued");
}

float *earshot_cuda_stream::stage(std::int64_t count) {
    if (staged_ + count > staging_floats_) {
        wait();
        if (count > staging_floats_) {
            static_cast<void>(cudaFreeHost(staging_));
            staging_ = nullptr;
            staging_floats_ = 0;
            const std::int64_t floats = std::max(count, LEAST_STAGING);
            check(cudaHostAlloc(reinterpret_cast<void **>(&staging_), bytes_of(floats), cudaHostAllocDefault),
                  "reserving staging memory");
            staging_floats_ = floats;
        }
    }
    float *place = staging_ + staged_;
    staged_ += count;
    return place;
}

void earshot_cuda_stream::write(const float *source, std::int64_t count, float *target) {
    require_not_recording();
    if (count == 0) {
        return;
    }
    float *place = stage(count);
    std::memcpy(place, source, bytes_of(count));
    check(cudaMemcpyAsync(target, place, bytes_of(count), cudaMemcpyHostToDevice, handle), "copying to the device");
}

void earshot_cuda_stream::read(const float *source, float *target, std::int64_t count) {
    require_not_recording();
    if (count == 0) {
        wait();
        return;
    }
    float *place = stage(count);
    check(cudaMemcpyAsync(place, source, bytes_of(count), cudaMemcpyDeviceToHost, handle), "copying from the device");
    wait();
    std::memcpy(target, place, bytes_of(count));
}

void earshot_cuda_stream::wait() {
    require_not_recording();
    check(cudaStreamSynchronize(handle), "running on the device");
    staged_ = 0;
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

earshot_cuda_memory::earshot_cuda_memory(std::int64_t count, cudaStream_t stream) : floats(count) {
    if (count == 0) {
        return;
    }
    check(cudaMalloc(reinterpret_cast<void **>(&data), bytes_of(count)),
          ("reserving " + std::to_string(count) + " floats of the device's memory").c_str());
    const cudaError_t zeroed = cudaMemsetAsync(data, 0, bytes_of(count), stream);
    if (zeroed != cudaSuccess) {
        static_cast<void>(cudaFree(data));
        check(zeroed, "zeroing the device's memory");
    }
}

earshot_cuda_memory::~earshot_cuda_memory() { static_cast<void>(cudaFree(data)); }

earshot_cuda_graph::~earshot_cuda_graph() { static_cast<void>(cudaGraphExecDestroy(handle)); }
