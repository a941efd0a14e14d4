/* What happens when a device fails: on the emulated one, which fails when it is told to. */
#include <cstdlib>
#include <cstring>

#include "cuda_calls.h"
#include "emulation/control.h"

namespace {

const std::vector<std::int32_t> NUMBERS = {3, 2, 0};
const std::vector<float> WEIGHTS = {1, 2, 3, 4, 5, 6, 0.5F, -0.5F};

earshot_cuda_status create(earshot_cuda_op **op) {
    return earshot_cuda_op_create(EARSHOT_LAYER_LINEAR, NUMBERS.data(), 3, WEIGHTS.data(), 8, EARSHOT_PRECISION_FLOAT32,
                                  0, op);
}

earshot_cuda_status run(const test::Operation &linear, const test::Device &device, earshot_cuda_memory *memory) {
    return earshot_cuda_op_run(linear.op, device.stream, memory, 0, nullptr, 0, memory, 8, nullptr, 0, 1, 1, 1);
}

TEST(emulation_failed_preparation_frees_what_it_had) {
    earshot::emulation::reset_device();
    for (int after = 0; after < 2; ++after) {
        earshot::emulation::fail_next("cudaMalloc", cudaErrorMemoryAllocation, after);
        earshot_cuda_op *op = nullptr;
        CHECK(create(&op) == EARSHOT_CUDA_OUT_OF_MEMORY);
        CHECK(op == nullptr && earshot::emulation::allocated_bytes() == 0);
    }
    for (const char *call : {"cudaHostAlloc", "cudaStreamCreateWithFlags"}) {
        earshot::emulation::fail_next(call, cudaErrorMemoryAllocation, 0);
        earshot_cuda_stream *stream = nullptr;
        CHECK(earshot_cuda_stream_create(0, &stream) == EARSHOT_CUDA_OUT_OF_MEMORY && stream == nullptr);
    }
    earshot_cuda_stream *stream = nullptr;
    earshot_cuda_memory *memory = nullptr;
    CHECK(earshot_cuda_stream_create(0, &stream) == EARSHOT_CUDA_OK);
    earshot::emulation::fail_next("cudaMemsetAsync", cudaErrorMemoryAllocation, 0);
    CHECK(earshot_cuda_memory_create(stream, 1, &memory) == EARSHOT_CUDA_OUT_OF_MEMORY && memory == nullptr);
    earshot_cuda_stream_destroy(stream);
    CHECK(earshot::emulation::allocated_bytes() == 0 && earshot::emulation::pinned_bytes() == 0 &&
          earshot::emulation::open_handles() == 0);
}

/* Of the errors after which a device does nothing more for a process: a kernel's fault, and three of the hardware. */
TEST(emulation_a_lost_device_is_said_and_everything_can_still_be_closed) {
    for (const cudaError_t error :
         {cudaErrorIllegalAddress, cudaErrorECCUncorrectable, cudaErrorNvlinkUncorrectable, cudaErrorContained}) {
        earshot::emulation::reset_device();
        const test::Operation linear(EARSHOT_LAYER_LINEAR, NUMBERS, WEIGHTS, EARSHOT_PRECISION_FLOAT32);
        test::Device device;
        earshot_cuda_memory *memory = device.put(std::vector<float>(16, 1.0F));
        earshot::emulation::fail_next("cudaLaunchKernel", error, 0);
        CHECK(run(linear, device, memory) == EARSHOT_CUDA_DEVICE_LOST);
        CHECK(std::strstr(earshot_cuda_last_error(), "linear layer") != nullptr);
        CHECK(earshot_cuda_wait(device.stream) == EARSHOT_CUDA_DEVICE_LOST);
        earshot_cuda_op *op = nullptr;
        CHECK(create(&op) == EARSHOT_CUDA_DEVICE_LOST && op == nullptr);
    }
    earshot::emulation::reset_device();
    earshot_cuda_op *op = nullptr;
    CHECK(create(&op) == EARSHOT_CUDA_OK);
    earshot_cuda_op_destroy(op);
}

TEST(emulation_a_failed_recording_leaves_the_stream_usable) {
    earshot::emulation::reset_device();
    test::Device device;
    earshot_cuda_graph *graph = nullptr;
    CHECK(earshot_cuda_record_begin(device.stream) == EARSHOT_CUDA_OK);
    earshot::emulation::fail_next("cudaGraphInstantiate", cudaErrorMemoryAllocation, 0);
    CHECK(earshot_cuda_record_end(device.stream, &graph) == EARSHOT_CUDA_OUT_OF_MEMORY);
    CHECK(graph == nullptr);
    CHECK(device.get(device.put({5}), 1)[0] == 5);
}

TEST(emulation_a_failure_within_a_recording_leaves_the_stream_usable) {
    earshot::emulation::reset_device();
    const test::Operation linear(EARSHOT_LAYER_LINEAR, NUMBERS, WEIGHTS, EARSHOT_PRECISION_FLOAT32);
    test::Device device;
    earshot_cuda_memory *memory = device.put(std::vector<float>(16, 1.0F));
    earshot_cuda_graph *graph = nullptr;
    CHECK(earshot_cuda_record_begin(device.stream) == EARSHOT_CUDA_OK);
    CHECK(run(linear, device, memory) == EARSHOT_CUDA_OK);
    earshot::emulation::fail_next("cudaLaunchKernel", cudaErrorMemoryAllocation, 0);
    CHECK(run(linear, device, memory) == EARSHOT_CUDA_OUT_OF_MEMORY);
    CHECK(std::strstr(earshot_cuda_last_error(), "linear layer") != nullptr);
    /* A device may have given the recording up or not; it is ended in any case. */
    static_cast<void>(earshot_cuda_record_end(device.stream, &graph));
    earshot_cuda_graph_destroy(graph);
    CHECK(earshot_cuda_record_begin(device.stream) == EARSHOT_CUDA_OK);
    CHECK(run(linear, device, memory) == EARSHOT_CUDA_OK);
    CHECK(earshot_cuda_record_end(device.stream, &graph) == EARSHOT_CUDA_OK);
    CHECK(earshot_cuda_replay(device.stream, graph) == EARSHOT_CUDA_OK);
    CHECK(device.get(memory, 16)[8] == 6.5F);
    earshot_cuda_graph_destroy(graph);
}

TEST(emulation_a_device_lost_within_a_recording_is_said) {
    earshot::emulation::reset_device();
    {
        const test::Operation linear(EARSHOT_LAYER_LINEAR, NUMBERS, WEIGHTS, EARSHOT_PRECISION_FLOAT32);
        test::Device device;
        earshot_cuda_memory *memory = device.put(std::vector<float>(16, 1.0F));
        earshot_cuda_graph *graph = nullptr;
        CHECK(earshot_cuda_record_begin(device.stream) == EARSHOT_CUDA_OK);
        earshot::emulation::fail_next("cudaLaunchKernel", cudaErrorECCUncorrectable, 0);
        CHECK(run(linear, device, memory) == EARSHOT_CUDA_DEVICE_LOST);
        CHECK(earshot_cuda_record_end(device.stream, &graph) == EARSHOT_CUDA_DEVICE_LOST && graph == nullptr);
        CHECK(earshot_cuda_wait(device.stream) == EARSHOT_CUDA_DEVICE_LOST);
    }
    earshot::emulation::reset_device();
}

TEST(emulation_a_driver_that_is_old_or_missing_is_said) {
    earshot::emulation::reset_device();
    const auto says = [](earshot_cuda_status status, earshot_cuda_status expected, const char *part) {
        CHECK_THAT(status == expected && std::strstr(earshot_cuda_last_error(), part) != nullptr,
                   "status " + std::to_string(status) + ": " + earshot_cuda_last_error());
    };
    std::int32_t count = -1;
    earshot::emulation::fail_next("cudaGetDeviceCount", cudaErrorInsufficientDriver, 0);
    says(earshot_cuda_device_count(&count), EARSHOT_CUDA_UNAVAILABLE, "an NVIDIA driver for CUDA 13");
    earshot::emulation::fail_next("cudaGetDeviceCount", cudaErrorInsufficientDriver, 0);
    /* Which is how a runtime without libcuda.so.1 answers: without a version. */
    earshot::emulation::fail_next("cudaDriverGetVersion", cudaErrorUnknown, 0);
    says(earshot_cuda_device_count(&count), EARSHOT_CUDA_ABSENT, "libcuda.so.1 is missing");
    earshot::emulation::fail_next("cudaGetDeviceCount", cudaErrorSystemDriverMismatch, 0);
    says(earshot_cuda_device_count(&count), EARSHOT_CUDA_UNAVAILABLE, "the NVIDIA driver does not start");
    CHECK(earshot_cuda_device_count(&count) == EARSHOT_CUDA_OK && count == 2);
}

TEST(emulation_no_visible_device_names_what_hides_them) {
    earshot::emulation::reset_device();
    for (const char *visible : {"-1", "", "GPU-of-elsewhere"}) {
        setenv("CUDA_VISIBLE_DEVICES", visible, 1);
        earshot::emulation::fail_next("cudaGetDeviceCount", cudaErrorNoDevice, 0);
        std::int32_t count = -1;
        CHECK(earshot_cuda_device_count(&count) == EARSHOT_CUDA_ABSENT && count == 0);
        CHECK_THAT(std::strstr(earshot_cuda_last_error(),
                               ("CUDA_VISIBLE_DEVICES is '" + std::string(visible) + "'").c_str()) != nullptr,
                   earshot_cuda_last_error());
    }
    unsetenv("CUDA_VISIBLE_DEVICES");
    earshot::emulation::fail_next("cudaGetDeviceCount", cudaErrorNoDevice, 0);
    std::int32_t count = -1;
    CHECK(earshot_cuda_device_count(&count) == EARSHOT_CUDA_ABSENT);
    CHECK(std::strstr(earshot_cuda_last_error(), "CUDA_VISIBLE_DEVICES") == nullptr);
}

} // namespace
