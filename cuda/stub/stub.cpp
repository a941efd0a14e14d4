/* The boundary where there was no nvcc: everything that needs a device is refused with that reason. */
#include "earshot_cuda.h"

namespace {

constexpr const char *REASON =
    "a library built without CUDA kernels (there was no nvcc, or no device where it was built)";

/* What every refused call leaves in its out parameter. */
template <class T>
earshot_cuda_status refuse(T **handle) {
    if (handle != nullptr) {
        *handle = nullptr;
    }
    return EARSHOT_CUDA_ABSENT;
}

} // namespace

extern "C" {

int32_t earshot_cuda_abi(void) {
    return EARSHOT_CUDA_ABI;
}

int32_t earshot_cuda_build(void) {
    return EARSHOT_CUDA_BUILD_STUB;
}

const char *earshot_cuda_last_error(void) {
    return REASON;
}

earshot_cuda_status earshot_cuda_device_count(int32_t *count) {
    if (count != nullptr) {
        *count = 0;
    }
    return EARSHOT_CUDA_ABSENT;
}

earshot_cuda_status earshot_cuda_probe(int32_t) {
    return EARSHOT_CUDA_ABSENT;
}

earshot_cuda_status earshot_cuda_describe(int32_t, char *text, int64_t capacity) {
    if (text != nullptr && capacity > 0) {
        *text = '\0';
    }
    return EARSHOT_CUDA_ABSENT;
}

int32_t earshot_cuda_precision_available(int32_t, int32_t) {
    return 0;
}

earshot_cuda_status earshot_cuda_stream_create(int32_t, earshot_cuda_stream **stream) {
    return refuse(stream);
}

void earshot_cuda_stream_destroy(earshot_cuda_stream *) {}

earshot_cuda_status earshot_cuda_memory_create(earshot_cuda_stream *, int64_t, earshot_cuda_memory **memory) {
    return refuse(memory);
}

void earshot_cuda_memory_destroy(earshot_cuda_memory *) {}

float *earshot_cuda_staging(earshot_cuda_stream *) {
    return nullptr;
}

earshot_cuda_status earshot_cuda_stage(earshot_cuda_stream *, int64_t, const float *, int64_t, int64_t) {
    return EARSHOT_CUDA_ABSENT;
}

earshot_cuda_status earshot_cuda_upload(earshot_cuda_stream *, int64_t, int64_t, earshot_cuda_memory *, int64_t) {
    return EARSHOT_CUDA_ABSENT;
}

earshot_cuda_status earshot_cuda_download(earshot_cuda_stream *, earshot_cuda_memory *, int64_t, int64_t, int64_t) {
    return EARSHOT_CUDA_ABSENT;
}

earshot_cuda_status earshot_cuda_wait(earshot_cuda_stream *) {
    return EARSHOT_CUDA_ABSENT;
}

earshot_cuda_status earshot_cuda_op_create(int32_t, const int32_t *, int64_t, const float *, int64_t, int32_t, int32_t,
                                           earshot_cuda_op **op) {
    return refuse(op);
}

earshot_cuda_status earshot_cuda_op_scratch(const earshot_cuda_op *, int64_t, int64_t, int64_t, int64_t *) {
    return EARSHOT_CUDA_ABSENT;
}

earshot_cuda_status earshot_cuda_op_output(const earshot_cuda_op *, int64_t, int64_t, int64_t, int64_t *) {
    return EARSHOT_CUDA_ABSENT;
}

earshot_cuda_status earshot_cuda_op_run(const earshot_cuda_op *, earshot_cuda_stream *, earshot_cuda_memory *, int64_t,
                                        earshot_cuda_memory *, int64_t, earshot_cuda_memory *, int64_t,
                                        earshot_cuda_memory *, int64_t, int64_t, int64_t, int64_t) {
    return EARSHOT_CUDA_ABSENT;
}

void earshot_cuda_op_destroy(earshot_cuda_op *) {}

earshot_cuda_status earshot_cuda_record_begin(earshot_cuda_stream *) {
    return EARSHOT_CUDA_ABSENT;
}

earshot_cuda_status earshot_cuda_record_end(earshot_cuda_stream *, earshot_cuda_graph **graph) {
    return refuse(graph);
}

earshot_cuda_status earshot_cuda_replay(earshot_cuda_stream *, earshot_cuda_graph *) {
    return EARSHOT_CUDA_ABSENT;
}

void earshot_cuda_graph_destroy(earshot_cuda_graph *) {}
}
