/* The functions of the boundary. */
#include <algorithm>
#include <cstring>
#include <utility>

#include "earshot_cuda.h"
#include "operation.h"
#include "stream.h"

using earshot::Extents;
using earshot::fail;
using earshot::guarded;
using earshot::Index;
using earshot::require;
using earshot::Span;

namespace earshot {

Arithmetic arithmetic_for(std::int32_t precision) {
    switch (precision) {
    case EARSHOT_PRECISION_FLOAT32:
        return device().has_tensor_cores() ? Arithmetic::SPLIT : Arithmetic::SCALAR;
    case EARSHOT_PRECISION_TF32:
    case EARSHOT_PRECISION_BF16:
        if (!device().has_tensor_cores()) {
            throw Failure{STATUS_UNSUPPORTED, "precision: TF32 and BF16 need compute capability 8.0 or later"};
        }
        return precision == EARSHOT_PRECISION_TF32 ? Arithmetic::TF32 : Arithmetic::BF16;
    default:
        fail("precision: " + std::to_string(precision) + "; expected one of EARSHOT_PRECISION_*");
    }
}

} // namespace earshot

namespace {

/* Blocks that a grid may have in its second and third dimension: the batch is one of them in most kernels. */
constexpr std::int64_t MOST_CLIPS = 65535;
/* Far beyond any memory, and small enough that counts of bytes fit as well. */
constexpr std::int64_t MOST_FLOATS = std::int64_t{1} << 48;

std::unique_ptr<earshot_cuda_op> make(std::int32_t kind, const earshot::Packing &packing,
                                      earshot::Arithmetic arithmetic) {
    switch (kind) {
    case EARSHOT_LAYER_LINEAR:
        return earshot::make_linear(packing);
    case EARSHOT_LAYER_GLOBAL_POOL:
        return earshot::make_global_pool(packing);
    case EARSHOT_LAYER_CONTEXT:
        return earshot::make_context_encoder(packing);
    case EARSHOT_LAYER_DENSE_ENCODER:
        return earshot::make_dense_encoder(packing, arithmetic);
    case EARSHOT_LAYER_MAMBA_PATH:
        return earshot::make_mamba_path(packing, arithmetic);
    case EARSHOT_LAYER_BAND_NORM:
        return earshot::make_band_norm(packing);
    case EARSHOT_LAYER_SQUEEZE_EXCITATION:
        return earshot::make_squeeze_excitation(packing, arithmetic);
    case EARSHOT_LAYER_TOKEN_POOL:
        return earshot::make_token_pool(packing);
    case EARSHOT_LAYER_TRANSFORMER:
        return earshot::make_transformer(packing);
    case EARSHOT_LAYER_CONCATENATION:
        return earshot::make_concatenation(packing);
    case EARSHOT_LAYER_RESIDUAL_SEPARABLE:
        return earshot::make_residual_separable(packing, arithmetic);
    case EARSHOT_LAYER_GRU:
        return earshot::make_gru(packing);
    case EARSHOT_LAYER_GATED_FUSION:
        return earshot::make_gated_fusion(packing);
    case EARSHOT_LAYER_LOG_MEL:
        return earshot::make_log_mel(packing);
    default:
        fail("kind: " + std::to_string(kind) + "; expected one of EARSHOT_LAYER_*");
    }
}

Extents extents_of(const earshot_cuda_op *op, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    require(op != nullptr, "operation: null");
    earshot::require_extents(batch, frames, bands);
    if (batch > MOST_CLIPS) {
        fail("batch: " + std::to_string(batch) + "; expected at most " + std::to_string(MOST_CLIPS));
    }
    const Extents extents = {batch, frames, bands};
    op->check(extents);
    return extents;
}

/* The floats of a memory that an argument takes. */
struct Place {
    const char *name;
    const earshot_cuda_memory *memory;
    std::int64_t offset;
    Index floats;

    Span<float> span() const {
        if (floats == 0) {
            return {};
        }
        require(memory != nullptr, (std::string(name) + ": null").c_str());
        if (offset < 0 || floats > memory->floats - offset) {
            fail(std::string(name) + ": " + std::to_string(floats) + " floats from " + std::to_string(offset) +
                 " on; the memory has " + std::to_string(memory->floats));
        }
        return Span<float>(memory->data + offset, floats);
    }
};

void require_apart(const Place &a, const Place &b) {
    if (a.floats > 0 && b.floats > 0 && a.memory == b.memory && a.offset < b.offset + b.floats &&
        b.offset < a.offset + a.floats) {
        fail(std::string(a.name) + " and " + b.name + ": expected places that do not overlap");
    }
}

void require_inside(const earshot_cuda_memory *memory, std::int64_t offset, std::int64_t count, const float *host) {
    require(memory != nullptr, "memory: null");
    require(host != nullptr || count == 0, "values: null");
    if (offset < 0 || count < 0 || count > memory->floats - offset) {
        fail("memory: " + std::to_string(count) + " floats from " + std::to_string(offset) + " on; it has " +
             std::to_string(memory->floats));
    }
}

} // namespace

extern "C" {

int32_t earshot_cuda_abi(void) { return EARSHOT_CUDA_ABI; }

int32_t earshot_cuda_build(void) {
#ifdef EARSHOT_EMULATION
    return EARSHOT_CUDA_BUILD_EMULATION;
#else
    return EARSHOT_CUDA_BUILD_DEVICE;
#endif
}

const char *earshot_cuda_last_error(void) { return earshot::last_error_text(); }

earshot_cuda_status earshot_cuda_probe(void) {
    return guarded([] { earshot::device(); });
}

earshot_cuda_status earshot_cuda_describe(char *text, int64_t capacity) {
    return guarded([&] {
        require(text != nullptr && capacity >= 1, "text: expected room for at least its end");
        const std::string description = earshot::describe_device();
        const std::size_t length = std::min(description.size(), static_cast<std::size_t>(capacity - 1));
        std::memcpy(text, description.data(), length);
        text[length] = '\0';
    });
}

int32_t earshot_cuda_precision_available(int32_t precision) {
    return guarded([&] { earshot::arithmetic_for(precision); }) == EARSHOT_CUDA_OK ? 1 : 0;
}

earshot_cuda_status earshot_cuda_stream_create(earshot_cuda_stream **stream) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        *stream = nullptr;
        *stream = new earshot_cuda_stream();
    });
}

void earshot_cuda_stream_destroy(earshot_cuda_stream *stream) { delete stream; }

earshot_cuda_status earshot_cuda_memory_create(earshot_cuda_stream *stream, int64_t floats,
                                               earshot_cuda_memory **memory) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require(memory != nullptr, "memory: null");
        *memory = nullptr;
        require(floats >= 0, "floats: expected at least 0");
        if (floats > MOST_FLOATS) {
            throw earshot::Failure{EARSHOT_CUDA_OUT_OF_MEMORY, std::to_string(floats) + " floats: beyond any memory"};
        }
        *memory = new earshot_cuda_memory(floats, stream->handle);
    });
}

void earshot_cuda_memory_destroy(earshot_cuda_memory *memory) { delete memory; }

earshot_cuda_status earshot_cuda_write(earshot_cuda_stream *stream, const float *source, int64_t count,
                                       earshot_cuda_memory *memory, int64_t offset) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require_inside(memory, offset, count, source);
        stream->write(source, count, memory->data + offset);
    });
}

earshot_cuda_status earshot_cuda_read(earshot_cuda_stream *stream, earshot_cuda_memory *memory, int64_t offset,
                                      float *target, int64_t count) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require_inside(memory, offset, count, target);
        stream->read(memory->data + offset, target, count);
    });
}

earshot_cuda_status earshot_cuda_wait(earshot_cuda_stream *stream) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        stream->wait();
    });
}

earshot_cuda_status earshot_cuda_op_create(int32_t kind, const int32_t *numbers, int64_t number_count,
                                           const float *weights, int64_t weight_count, int32_t precision,
                                           earshot_cuda_op **op) {
    return guarded([&] {
        require(op != nullptr, "operation: null");
        *op = nullptr;
        *op = make(kind, {numbers, number_count, weights, weight_count}, earshot::arithmetic_for(precision)).release();
    });
}

earshot_cuda_status earshot_cuda_op_scratch(const earshot_cuda_op *op, int64_t batch, int64_t frames, int64_t bands,
                                            int64_t *floats) {
    return guarded([&] {
        require(floats != nullptr, "floats: null");
        const Extents extents = extents_of(op, batch, frames, bands);
        *floats = op->scratch_floats(extents);
    });
}

earshot_cuda_status earshot_cuda_op_output(const earshot_cuda_op *op, int64_t batch, int64_t frames, int64_t bands,
                                           int64_t *floats) {
    return guarded([&] {
        require(floats != nullptr, "floats: null");
        const Extents extents = extents_of(op, batch, frames, bands);
        *floats = op->output_floats(extents);
    });
}

earshot_cuda_status earshot_cuda_op_run(const earshot_cuda_op *op, earshot_cuda_stream *stream,
                                        earshot_cuda_memory *input0, int64_t input0_offset,
                                        earshot_cuda_memory *input1, int64_t input1_offset,
                                        earshot_cuda_memory *output, int64_t output_offset,
                                        earshot_cuda_memory *scratch, int64_t scratch_offset, int64_t batch,
                                        int64_t frames, int64_t bands) {
    return guarded([&] {
        const Extents extents = extents_of(op, batch, frames, bands);
        require(stream != nullptr, "stream: null");
        const Place inputs[] = {{"input 0", input0, input0_offset, op->input0_floats(extents)},
                                {"input 1", input1, input1_offset, op->input1_floats(extents)}};
        const Place result = {"output", output, output_offset, op->output_floats(extents)};
        const Place work = {"scratch", scratch, scratch_offset, op->scratch_floats(extents)};
        const earshot::Arguments arguments = {extents,       inputs[0].span(), inputs[1].span(),
                                              result.span(), work.span(),      stream->handle};
        require_apart(result, work);
        for (const Place &input : inputs) {
            require_apart(result, input);
            require_apart(work, input);
        }
        op->enqueue(arguments);
    });
}

void earshot_cuda_op_destroy(earshot_cuda_op *op) { delete op; }

earshot_cuda_status earshot_cuda_record_begin(earshot_cuda_stream *stream) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        stream->record_begin();
    });
}

earshot_cuda_status earshot_cuda_record_end(earshot_cuda_stream *stream, earshot_cuda_graph **graph) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require(graph != nullptr, "graph: null");
        *graph = nullptr;
        *graph = new earshot_cuda_graph(stream->record_end());
    });
}

earshot_cuda_status earshot_cuda_replay(earshot_cuda_stream *stream, earshot_cuda_graph *graph) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require(graph != nullptr, "graph: null");
        earshot::check(cudaGraphLaunch(graph->handle, stream->handle), "starting a recording");
    });
}

void earshot_cuda_graph_destroy(earshot_cuda_graph *graph) { delete graph; }
}
