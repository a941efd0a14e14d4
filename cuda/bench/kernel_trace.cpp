/*
 * Writes when each kernel of a process began and ended, in its network and not alone as ncu sees it: a library that the
 * driver loads into the process (CUDA_INJECTION64_PATH) and that asks CUPTI. TRACE_OUTPUT names the file; a line is
 * "begin end blocks name", in nanoseconds. tools/gpu-steps.sh compiles and uses it, gpu/timeline.py reads what it writes.
 */
#include <cupti.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr std::size_t BUFFER_BYTES = 8 << 20;
constexpr std::size_t ALIGNMENT = 64;

FILE *output;

void CUPTIAPI give_buffer(std::uint8_t **buffer, std::size_t *bytes, std::size_t *most_records) {
    *buffer = static_cast<std::uint8_t *>(std::aligned_alloc(ALIGNMENT, BUFFER_BYTES));
    *bytes = *buffer == nullptr ? 0 : BUFFER_BYTES;
    *most_records = 0;
}

void CUPTIAPI take_buffer(CUcontext, std::uint32_t, std::uint8_t *buffer, std::size_t, std::size_t valid) {
    CUpti_Activity *record = nullptr;
    while (cuptiActivityGetNextRecord(buffer, valid, &record) == CUPTI_SUCCESS) {
        if (record->kind == CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) {
            const auto *kernel = reinterpret_cast<const CUpti_ActivityKernel9 *>(record);
            std::fprintf(output, "%llu %llu %lld %s\n", static_cast<unsigned long long>(kernel->start),
                         static_cast<unsigned long long>(kernel->end),
                         static_cast<long long>(kernel->gridX) * kernel->gridY * kernel->gridZ, kernel->name);
        }
    }
    std::free(buffer);
}

void finish() {
    cuptiActivityFlushAll(1);
    std::fclose(output);
}

} // namespace

/* What the driver calls in a library of CUDA_INJECTION64_PATH. */
extern "C" int InitializeInjection() {
    const char *path = std::getenv("TRACE_OUTPUT");
    output = path == nullptr ? nullptr : std::fopen(path, "w");
    if (output == nullptr || cuptiActivityRegisterCallbacks(give_buffer, take_buffer) != CUPTI_SUCCESS ||
        cuptiActivityEnable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) != CUPTI_SUCCESS) {
        return 0;
    }
    return std::atexit(finish) == 0 ? 1 : 0;
}
