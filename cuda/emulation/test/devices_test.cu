/* Several devices, and devices of little memory: what only the emulated ones let be tested. */
#include <cstring>
#include <thread>

#include "cuda_calls.h"
#include "device.h"
#include "emulated_device.h"

using namespace earshot::emulation;
using namespace earshot::emulation::testing;

namespace {

const std::vector<std::int32_t> NUMBERS = {3, 2, 0};
const std::vector<float> WEIGHTS = {1, 2, 3, 4, 5, 6, 0.5F, -0.5F};

__global__ void double_first(earshot::Span<float> values) {
    earshot::begin_kernel();
    values[0] *= 2.0F;
}

bool says(earshot_cuda_status status, earshot_cuda_status expected, const std::vector<std::string> &parts) {
    const std::string text = earshot_cuda_last_error();
    bool all = status == expected;
    for (const std::string &part : parts) {
        all = all && text.find(part) != std::string::npos;
    }
    CHECK_THAT(all, "status " + std::to_string(status) + ": " + text);
    return all;
}

earshot_cuda_status run(const test::Operation &operation, const test::Device &device, earshot_cuda_memory *memory) {
    return earshot_cuda_op_run(operation.op, device.stream, memory, 0, nullptr, 0, memory, 8, nullptr, 0, 1, 1, 1);
}

} // namespace

TEST(emulation_finds_what_is_of_another_device) {
    reset_device();
    int count = 0;
    CHECK(cudaGetDeviceCount(&count) == cudaSuccess && count == 2);
    CHECK(cudaSetDevice(2) == cudaErrorInvalidDevice && cudaSetDevice(1) == cudaSuccess);
    float *const memory = device_array<float>(4);
    cudaMemset(memory, 0, 4 * sizeof(float));
    cudaStream_t stream = nullptr;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    const auto enqueue = [&](cudaStream_t on) {
        return earshot::launch("double", double_first, 1, 1, 0, on, earshot::Span<float>(memory, 4));
    };
    CHECK(enqueue(stream) == cudaSuccess);
    CHECK(cudaSetDevice(0) == cudaSuccess);
    CHECK(enqueue(stream) == cudaErrorInvalidResourceHandle);
    CHECK(enqueue(nullptr) == cudaErrorIllegalAddress);
    CHECK_THAT(last_fault().find("memory that is not of device 0") != std::string::npos, last_fault());
    /* One is broken, the other goes on. */
    CHECK(cudaSetDevice(1) == cudaSuccess && enqueue(stream) == cudaSuccess);
    reset_device();
}

TEST(emulation_work_stays_on_its_device) {
    reset_device();
    for (const std::int32_t number : {0, 1}) {
        const test::Operation linear(EARSHOT_LAYER_LINEAR, NUMBERS, WEIGHTS, EARSHOT_PRECISION_FLOAT32, number);
        test::Device device(number);
        earshot_cuda_memory *memory = device.put(std::vector<float>(16, 1.0F));
        CHECK(run(linear, device, memory) == EARSHOT_CUDA_OK);
        CHECK(device.get(memory, 16)[8] == 6.5F);
        earshot_cuda_graph *graph = nullptr;
        CHECK(earshot_cuda_record_begin(device.stream) == EARSHOT_CUDA_OK);
        CHECK(run(linear, device, memory) == EARSHOT_CUDA_OK);
        CHECK(earshot_cuda_record_end(device.stream, &graph) == EARSHOT_CUDA_OK);
        device.write(std::vector<float>(16, 2.0F), memory);
        CHECK(earshot_cuda_replay(device.stream, graph) == EARSHOT_CUDA_OK);
        CHECK(device.get(memory, 16)[8] == 12.5F);

        const std::string text = "the stream is of device " + std::to_string(1 - number);
        test::Device other(1 - number);
        earshot_cuda_memory *elsewhere = other.put(std::vector<float>(16, 1.0F));
        CHECK(says(run(linear, other, elsewhere), EARSHOT_CUDA_INVALID_ARGUMENT, {"operation", text}));
        CHECK(
            says(earshot_cuda_upload(other.stream, 0, 1, memory, 0), EARSHOT_CUDA_INVALID_ARGUMENT, {"memory", text}));
        CHECK(says(earshot_cuda_download(other.stream, memory, 0, 1, 0), EARSHOT_CUDA_INVALID_ARGUMENT, {text}));
        CHECK(says(earshot_cuda_replay(other.stream, graph), EARSHOT_CUDA_INVALID_ARGUMENT, {"graph", text}));
        CHECK(says(run(linear, device, elsewhere), EARSHOT_CUDA_INVALID_ARGUMENT, {"input 0: of device"}));
        earshot_cuda_graph_destroy(graph);
        /* Whatever the calls were for, the caller's own choice of a device is left as it was. */
        int current = -1;
        CHECK(cudaGetDevice(&current) == cudaSuccess && current == 0);
    }
    CHECK(allocated_bytes() == 0 && pinned_bytes() == 0 && open_handles() == 0);
}

TEST(emulation_a_lost_device_leaves_the_others) {
    reset_device();
    {
        const test::Operation on_first(EARSHOT_LAYER_LINEAR, NUMBERS, WEIGHTS, EARSHOT_PRECISION_FLOAT32, 0);
        const test::Operation on_second(EARSHOT_LAYER_LINEAR, NUMBERS, WEIGHTS, EARSHOT_PRECISION_FLOAT32, 1);
        test::Device first(0);
        test::Device second(1);
        earshot_cuda_memory *of_first = first.put(std::vector<float>(16, 1.0F));
        earshot_cuda_memory *of_second = second.put(std::vector<float>(16, 1.0F));
        fail_next("cudaLaunchKernel", cudaErrorIllegalAddress, 0);
        CHECK(run(on_second, second, of_second) == EARSHOT_CUDA_DEVICE_LOST);
        CHECK(earshot_cuda_wait(second.stream) == EARSHOT_CUDA_DEVICE_LOST);
        CHECK(run(on_first, first, of_first) == EARSHOT_CUDA_OK && first.get(of_first, 16)[8] == 6.5F);
    }
    reset_device();
}

TEST(emulation_a_full_device_says_what_was_needed) {
    reset_device();
    set_memory(std::size_t{3} << 29U);
    {
        test::Device device;
        earshot_cuda_memory *memory = nullptr;
        CHECK(says(earshot_cuda_memory_create(device.stream, std::int64_t{1} << 29U, &memory),
                   EARSHOT_CUDA_OUT_OF_MEMORY,
                   {"2.00 GiB needed for 536870912 floats", "1.50 GiB free of the device's 1.50 GiB"}));
        CHECK(memory == nullptr);
        set_memory(16);
        earshot_cuda_op *op = nullptr;
        CHECK(says(earshot_cuda_op_create(EARSHOT_LAYER_LINEAR, NUMBERS.data(), 3, WEIGHTS.data(), 8,
                                          EARSHOT_PRECISION_FLOAT32, 0, &op),
                   EARSHOT_CUDA_OUT_OF_MEMORY, {"needed for weights", "free of the device's"}));
        CHECK(op == nullptr);
        set_memory(std::size_t{1} << 20U);
        CHECK(device.get(device.put({7}), 1)[0] == 7);
    }
    reset_device();
}

/* Callers with streams of their own, on both devices, at the same time. */
TEST(emulation_callers_on_several_devices_at_once) {
    reset_device();
    {
        const test::Operation first(EARSHOT_LAYER_LINEAR, NUMBERS, WEIGHTS, EARSHOT_PRECISION_FLOAT32, 0);
        const test::Operation second(EARSHOT_LAYER_LINEAR, NUMBERS, WEIGHTS, EARSHOT_PRECISION_FLOAT32, 1);
        std::vector<std::thread> callers;
        for (int caller = 0; caller < 4; ++caller) {
            callers.emplace_back([&, caller] {
                test::Device device(caller % 2);
                const auto value = static_cast<float>(caller);
                earshot_cuda_memory *memory = device.put(std::vector<float>(16, value));
                for (int i = 0; i < 20; ++i) {
                    CHECK(run(caller % 2 == 0 ? first : second, device, memory) == EARSHOT_CUDA_OK);
                    CHECK(device.get(memory, 16)[8] == 6 * value + 0.5F);
                }
            });
        }
        for (std::thread &caller : callers) {
            caller.join();
        }
    }
    CHECK(allocated_bytes() == 0 && pinned_bytes() == 0 && open_handles() == 0);
}
