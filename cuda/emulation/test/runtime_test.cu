/* The host's side of the emulated device: memory, limits, streams, captures, ordered failures, threads. */
#include <cuda_runtime.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "harness.h"

using namespace earshot::emulation;

namespace {

__global__ void scale(float *values, float factor, int count) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < count) {
        values[i] *= factor;
    }
}

__global__ void add_neighbour(float *values, int count) {
    float *const copy = reinterpret_cast<float *>(shared().data);
    const int i = static_cast<int>(threadIdx.x);
    copy[i] = values[i];
    __syncthreads();
    values[i] = copy[i] + copy[(i + 1) % count];
}

__global__ void do_nothing() {}

cudaStream_t new_stream() {
    cudaStream_t stream = nullptr;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    return stream;
}

cudaEvent_t new_event() {
    cudaEvent_t event = nullptr;
    CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming) == cudaSuccess);
    return event;
}

float *new_array(std::size_t count) {
    float *pointer = nullptr;
    CHECK(cudaMalloc(&pointer, count * sizeof(float)) == cudaSuccess);
    return pointer;
}

} // namespace

TEST(emulation_memory_has_an_end) {
    reset_device();
    void *pointer = &pointer;
    CHECK(cudaMalloc(&pointer, std::size_t{3} << 30U) == cudaErrorMemoryAllocation);
    CHECK(pointer == nullptr && cudaGetLastError() == cudaErrorMemoryAllocation && cudaGetLastError() == cudaSuccess);
    CHECK(cudaMalloc(&pointer, ~std::size_t{0}) == cudaErrorMemoryAllocation);
    void *small = nullptr;
    CHECK(cudaMalloc(&small, 1000) == cudaSuccess && allocated_bytes() == 1000);
    CHECK(reinterpret_cast<std::uintptr_t>(small) % 256 == 0);
    CHECK(cudaMalloc(&pointer, (std::size_t{2} << 30U) - 999) == cudaErrorMemoryAllocation);
    std::size_t free_bytes = 0, total = 0;
    CHECK(cudaMemGetInfo(&free_bytes, &total) == cudaSuccess);
    CHECK(total == std::size_t{2} << 30U && free_bytes == total - 1000);
    CHECK(cudaFree(static_cast<char *>(small) + 4) == cudaErrorInvalidValue);
    CHECK(cudaFree(small) == cudaSuccess && cudaFree(small) == cudaErrorInvalidValue);
    CHECK(cudaFree(nullptr) == cudaSuccess && allocated_bytes() == 0);
    float *pinned = nullptr;
    CHECK(cudaHostAlloc(&pinned, 64, cudaHostAllocDefault) == cudaSuccess && pinned_bytes() == 64);
    CHECK(cudaFreeHost(pinned) == cudaSuccess && pinned_bytes() == 0);
    reset_device();
}

TEST(emulation_copies_stay_within_allocations) {
    std::vector<float> host(100);
    for (const int offset : {-1, 0, 1, 90}) {
        reset_device();
        float *const array = new_array(100);
        CHECK(cudaMemcpy(array, host.data(), 400, cudaMemcpyHostToDevice) == cudaSuccess);
        const std::size_t bytes = offset < 0 || offset == 1 ? 400 : 40;
        const bool fits = offset == 0 || offset == 90;
        const cudaError_t error = cudaMemcpy(host.data(), array + offset, bytes, cudaMemcpyDeviceToHost);
        CHECK(error == (fits ? cudaSuccess : cudaErrorIllegalAddress));
        CHECK(fits == last_fault().empty());
    }
    reset_device();
    CHECK(cudaMemcpy(host.data(), host.data(), 4, cudaMemcpyDeviceToHost) == cudaErrorIllegalAddress);
    reset_device();
    float *const freed = new_array(10);
    CHECK(cudaFree(freed) == cudaSuccess && cudaMemset(freed, 0, 4) == cudaErrorIllegalAddress);
    reset_device();
    float *const array = new_array(10);
    CHECK(cudaMemcpy(array, host.data(), 8, cudaMemcpyHostToHost) == cudaErrorIllegalAddress);
    CHECK(last_fault().find("said to be the host's") != std::string::npos);
    reset_device();
}

TEST(emulation_checks_launch_limits) {
    reset_device();
    const auto run = [](dim3 grid, dim3 block, std::size_t shared_bytes) {
        return launch("nothing", do_nothing, grid, block, shared_bytes, nullptr);
    };
    CHECK(run(1, 1024, 48 << 10) == cudaSuccess);
    CHECK(run(1, 1025, 0) == cudaErrorInvalidValue && run(1, dim3(32, 33), 0) == cudaErrorInvalidValue);
    CHECK(run(1, dim3(1, 1, 65), 0) == cudaErrorInvalidValue && run(1, 0, 0) == cudaErrorInvalidValue);
    CHECK(run(0, 1, 0) == cudaErrorInvalidValue && run(dim3(1, 65536), 1, 0) == cudaErrorInvalidValue);
    CHECK(run(1, 1, (48 << 10) + 1) == cudaErrorInvalidValue);
    CHECK(cudaFuncSetAttribute(do_nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, (227 << 10) + 1) ==
          cudaErrorInvalidValue);
    CHECK(cudaFuncSetAttribute(do_nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, 227 << 10) == cudaSuccess);
    CHECK(run(1, 1, 227 << 10) == cudaSuccess);
    int blocks = -1;
    CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, do_nothing, 256, 0) == cudaSuccess && blocks == 8);
    CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, do_nothing, 256, 227 << 10) == cudaSuccess);
    CHECK(blocks == 1);
    cudaFuncAttributes attributes{};
    CHECK(cudaFuncGetAttributes(&attributes, do_nothing) == cudaSuccess && attributes.maxThreadsPerBlock == 1024);
    cudaDeviceProp properties{};
    CHECK(cudaGetDeviceProperties(&properties, 0) == cudaSuccess && properties.major == 9);
    CHECK(cudaGetDeviceProperties(&properties, 2) == cudaErrorInvalidDevice);
    CHECK(std::string(properties.name) == "CPU execution of the CUDA kernels");
    int value = 0;
    CHECK(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0) == cudaSuccess);
    CHECK(value == 227 << 10 && static_cast<std::size_t>(value) == properties.sharedMemPerBlockOptin);
    reset_device();
}

TEST(emulation_order_comes_from_the_environment) {
    const char *const before = std::getenv("EARSHOT_EMULATION_ORDER");
    const std::string restored = before == nullptr ? "" : before;
    for (const char *order : {"forward", "reverse", "shuffle", "shuffle:42"}) {
        reset_device();
        setenv("EARSHOT_EMULATION_ORDER", order, 1);
        CHECK(launch("nothing", do_nothing, 1, 1, 0, nullptr) == cudaSuccess);
    }
    for (const char *order : {"", "backward", "shuffle:", "shuffle:x"}) {
        reset_device();
        setenv("EARSHOT_EMULATION_ORDER", order, 1);
        CHECK(launch("nothing", do_nothing, 1, 1, 0, nullptr) == cudaErrorIllegalAddress);
        CHECK(last_fault().find("EARSHOT_EMULATION_ORDER is '" + std::string(order) + "'") == 0);
    }
    if (before == nullptr) {
        unsetenv("EARSHOT_EMULATION_ORDER");
    } else {
        setenv("EARSHOT_EMULATION_ORDER", restored.c_str(), 1);
    }
    reset_device();
}

// Capture

namespace {

constexpr int COUNT = 50;

/* Up, three kernels, down. */
void enqueue_all(cudaStream_t stream, const float *from, float *device, float *to) {
    CHECK(cudaMemcpyAsync(device, from, COUNT * sizeof(float), cudaMemcpyHostToDevice, stream) == cudaSuccess);
    CHECK(launch("scale", scale, 2, 32, 0, stream, device, 3.0F, COUNT) == cudaSuccess);
    CHECK(launch("add", add_neighbour, 1, COUNT, COUNT * 4, stream, device, COUNT) == cudaSuccess);
    CHECK(launch("scale", scale, 2, 32, 0, stream, device, 0.5F, COUNT) == cudaSuccess);
    CHECK(cudaMemcpyAsync(to, device, COUNT * sizeof(float), cudaMemcpyDeviceToHost, stream) == cudaSuccess);
}

/* The result by its formula; small whole numbers, so that all is exact. */
void check_results(const std::vector<float> &from, const std::vector<float> &to) {
    for (std::size_t i = 0; i < COUNT; ++i) {
        CHECK(to[i] == (from[i] + from[(i + 1) % COUNT]) * 1.5F);
    }
}

} // namespace

TEST(emulation_replays_a_captured_stream) {
    reset_device();
    const cudaStream_t stream = new_stream();
    std::vector<float> from(COUNT), to(COUNT, -1.0F);
    for (std::size_t i = 0; i < COUNT; ++i) {
        from[i] = static_cast<float>(i * i % 17);
    }
    float *const device = new_array(COUNT);
    enqueue_all(stream, from.data(), device, to.data());
    CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
    check_results(from, to);

    to.assign(COUNT, -1.0F);
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    cudaStreamCaptureStatus status{};
    CHECK(cudaStreamIsCapturing(stream, &status) == cudaSuccess && status == cudaStreamCaptureStatusActive);
    enqueue_all(stream, from.data(), device, to.data());
    cudaGraph_t graph = nullptr;
    CHECK(cudaStreamEndCapture(stream, &graph) == cudaSuccess && graph != nullptr);
    CHECK(to == std::vector<float>(COUNT, -1.0F)); // recorded, not run
    std::size_t nodes = 0;
    CHECK(cudaGraphGetNodes(graph, nullptr, &nodes) == cudaSuccess && nodes == 5);
    std::vector<cudaGraphNode_t> list(nodes);
    CHECK(cudaGraphGetNodes(graph, list.data(), &nodes) == cudaSuccess);
    cudaGraphNodeType type{};
    CHECK(cudaGraphNodeGetType(list[0], &type) == cudaSuccess && type == cudaGraphNodeTypeMemcpy);
    CHECK(cudaGraphNodeGetType(list[1], &type) == cudaSuccess && type == cudaGraphNodeTypeKernel);

    cudaGraphExec_t executable = nullptr;
    CHECK(cudaGraphInstantiate(&executable, graph) == cudaSuccess && cudaGraphDestroy(graph) == cudaSuccess);
    for (int run = 0; run < 3; ++run) {
        from[7] = static_cast<float>(run);
        CHECK(cudaGraphLaunch(executable, stream) == cudaSuccess && cudaStreamSynchronize(stream) == cudaSuccess);
        check_results(from, to);
    }
    CHECK(cudaGraphExecDestroy(executable) == cudaSuccess && cudaGraphLaunch(executable, stream) != cudaSuccess);
    CHECK(cudaStreamDestroy(stream) == cudaSuccess && cudaStreamDestroy(stream) != cudaSuccess);
    CHECK(cudaFree(device) == cudaSuccess && open_handles() == 0 && allocated_bytes() == 0);
    reset_device();
}

TEST(emulation_refuses_what_a_capture_forbids) {
    const auto begin = [](cudaStreamCaptureMode mode) {
        reset_device();
        const cudaStream_t stream = new_stream();
        CHECK(cudaStreamBeginCapture(stream, mode) == cudaSuccess);
        return stream;
    };
    const auto end = [](cudaStream_t stream, cudaError_t expected) {
        cudaGraph_t graph = nullptr;
        const cudaError_t error = cudaStreamEndCapture(stream, &graph);
        CHECK_THAT(error == expected, cudaGetErrorName(error));
        CHECK((graph != nullptr) == (expected == cudaSuccess));
    };
    void *pointer = nullptr;
    for (const cudaStreamCaptureMode mode : {cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal}) {
        const cudaStream_t stream = begin(mode);
        CHECK(cudaMalloc(&pointer, 16) == cudaErrorStreamCaptureUnsupported && pointer == nullptr);
        CHECK(launch("nothing", do_nothing, 1, 1, 0, stream) == cudaErrorStreamCaptureInvalidated);
        end(stream, cudaErrorStreamCaptureInvalidated);
        CHECK(launch("nothing", do_nothing, 1, 1, 0, stream) == cudaSuccess); // no longer capturing
    }
    cudaStream_t stream = begin(cudaStreamCaptureModeRelaxed);
    CHECK(cudaMalloc(&pointer, 16) == cudaSuccess && cudaFree(pointer) == cudaSuccess);
    end(stream, cudaSuccess);

    // Another thread may allocate unless the capture forbids it to all.
    for (const cudaStreamCaptureMode mode : {cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal}) {
        stream = begin(mode);
        cudaError_t error = cudaSuccess;
        std::thread([&] { error = cudaMalloc(&pointer, 16); }).join();
        const bool global = mode == cudaStreamCaptureModeGlobal;
        CHECK(error == (global ? cudaErrorStreamCaptureUnsupported : cudaSuccess));
        end(stream, global ? cudaErrorStreamCaptureInvalidated : cudaSuccess);
    }
    stream = begin(cudaStreamCaptureModeRelaxed);
    CHECK(cudaStreamSynchronize(stream) == cudaErrorStreamCaptureUnsupported);
    end(stream, cudaErrorStreamCaptureInvalidated);
    stream = begin(cudaStreamCaptureModeRelaxed);
    CHECK(cudaDeviceSynchronize() == cudaErrorStreamCaptureUnsupported);
    end(stream, cudaErrorStreamCaptureInvalidated);
    stream = begin(cudaStreamCaptureModeRelaxed);
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed) == cudaErrorIllegalState);
    CHECK(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeRelaxed) == cudaErrorStreamCaptureUnsupported);
    const cudaEvent_t event = new_event();
    CHECK(cudaEventRecord(event, stream) == cudaSuccess && cudaEventSynchronize(event) == cudaErrorCapturedEvent);
    end(stream, cudaErrorStreamCaptureInvalidated);
    stream = begin(cudaStreamCaptureModeThreadLocal);
    cudaError_t error = cudaSuccess;
    cudaGraph_t graph = nullptr;
    std::thread([&] { error = cudaStreamEndCapture(stream, &graph); }).join();
    CHECK(error == cudaErrorStreamCaptureWrongThread);
    end(stream, cudaSuccess);
    end(stream, cudaErrorIllegalState);
    reset_device();
}

TEST(emulation_capture_follows_events_across_streams) {
    for (const bool joined : {true, false}) {
        reset_device();
        const cudaStream_t main = new_stream(), side = new_stream();
        const cudaEvent_t fork = new_event(), join = new_event();
        float *const a = new_array(1), *const b = new_array(1);
        const float one = 1.0F;
        cudaMemcpy(a, &one, sizeof one, cudaMemcpyHostToDevice);
        cudaMemcpy(b, &one, sizeof one, cudaMemcpyHostToDevice);
        CHECK(cudaStreamBeginCapture(main, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
        CHECK(cudaEventRecord(fork, main) == cudaSuccess && cudaStreamWaitEvent(side, fork) == cudaSuccess);
        CHECK(launch("scale", scale, 1, 1, 0, main, a, 2.0F, 1) == cudaSuccess);
        CHECK(launch("scale", scale, 1, 1, 0, side, b, 3.0F, 1) == cudaSuccess);
        if (joined) {
            CHECK(cudaEventRecord(join, side) == cudaSuccess && cudaStreamWaitEvent(main, join) == cudaSuccess);
        }
        cudaGraph_t graph = nullptr;
        CHECK(cudaStreamEndCapture(main, &graph) == (joined ? cudaSuccess : cudaErrorStreamCaptureUnjoined));
        if (joined) {
            cudaGraphExec_t executable = nullptr;
            CHECK(cudaGraphInstantiate(&executable, graph) == cudaSuccess);
            CHECK(cudaGraphLaunch(executable, main) == cudaSuccess);
            float results[2] = {};
            cudaMemcpy(&results[0], a, sizeof(float), cudaMemcpyDeviceToHost);
            cudaMemcpy(&results[1], b, sizeof(float), cudaMemcpyDeviceToHost);
            CHECK(results[0] == 2 && results[1] == 3);
        }
    }
    reset_device();
}

TEST(emulation_events_measure_time_only_when_asked) {
    reset_device();
    const cudaStream_t stream = new_stream();
    cudaEvent_t start = nullptr, stop = nullptr;
    CHECK(cudaEventCreate(&start) == cudaSuccess && cudaEventCreate(&stop) == cudaSuccess);
    CHECK(cudaEventRecord(start, stream) == cudaSuccess && cudaEventRecord(stop, stream) == cudaSuccess);
    float milliseconds = -1;
    CHECK(cudaEventElapsedTime(&milliseconds, start, stop) == cudaSuccess && milliseconds >= 0);
    CHECK(cudaEventElapsedTime(&milliseconds, start, new_event()) == cudaErrorInvalidResourceHandle);
    reset_device();
}

// Failures

TEST(emulation_fails_when_told) {
    reset_device();
    void *pointer = nullptr;
    fail_next("cudaMalloc", cudaErrorMemoryAllocation, 1);
    CHECK(cudaMalloc(&pointer, 8) == cudaSuccess && cudaMalloc(&pointer, 8) == cudaErrorMemoryAllocation);
    CHECK(cudaMalloc(&pointer, 8) == cudaSuccess && allocated_bytes() == 16);
    int count = -1;
    fail_next("cudaGetDeviceCount", cudaErrorNoDevice, 0);
    CHECK(cudaGetDeviceCount(&count) == cudaErrorNoDevice && cudaGetDeviceCount(&count) == cudaSuccess && count == 2);
    // A lost device stays lost.
    fail_next("cudaLaunchKernel", cudaErrorLaunchFailure, 0);
    CHECK(launch("nothing", do_nothing, 1, 1, 0, nullptr) == cudaErrorLaunchFailure);
    CHECK(cudaMalloc(&pointer, 8) == cudaErrorLaunchFailure && cudaPeekAtLastError() == cudaErrorLaunchFailure);
    reset_device();
    CHECK(launch("nothing", do_nothing, 1, 1, 0, nullptr) == cudaSuccess);
    reset_device();
}

// Threads

TEST(emulation_serves_several_threads) {
    reset_device();
    std::vector<std::vector<float>> from(4), to(4);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            const cudaStream_t stream = new_stream();
            float *const device = new_array(COUNT);
            from[t].assign(COUNT, static_cast<float>(t + 1));
            to[t].assign(COUNT, 0);
            for (int run = 0; run < 20; ++run) {
                enqueue_all(stream, from[t].data(), device, to[t].data());
                CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (std::size_t t = 0; t < 4; ++t) {
        check_results(from[t], to[t]);
    }
    reset_device();
}
