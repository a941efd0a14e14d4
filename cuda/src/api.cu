/* The functions of the boundary. */
#include <algorithm>
#include <cstring>
#include <utility>

#include "earshot_cuda.h"
#include "parts.h"
#include "precision.h"
#include "stream.h"

using earshot::Extents;
using earshot::fail;
using earshot::guarded;
using earshot::Index;
using earshot::OnDevice;
using earshot::Parts;
using earshot::require;
using earshot::Span;

namespace {

/* Far beyond any memory, and small enough that counts of bytes fit as well. */
constexpr std::int64_t MOST_FLOATS = std::int64_t{1} << 48;

std::unique_ptr<earshot_cuda_op> make(std::int32_t kind, const earshot::CudaPacking &packing) {
    switch (kind) {
#define EARSHOT_CASE(constant, name)                                                                                   \
    case EARSHOT_LAYER_##constant:                                                                                     \
        return earshot::make_##name(packing);
        EARSHOT_LAYER_KINDS(EARSHOT_CASE)
#undef EARSHOT_CASE
    default:
        fail("kind: " + std::to_string(kind) + "; expected one of EARSHOT_LAYER_*");
    }
}

Parts parts_of(const earshot_cuda_op &op, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    return earshot::parts_of(op, earshot::extents_of(batch, frames, bands));
}

void require_same_device(const char *name, int device, const earshot_cuda_stream &stream) {
    if (device != stream.device) {
        fail(std::string(name) + ": of device " + std::to_string(device) + "; the stream is of device " +
             std::to_string(stream.device));
    }
}

/* The floats of a memory that an argument takes. */
struct Place {
    const char *name;
    const earshot_cuda_memory *memory;
    std::int64_t offset;
    Index floats;

    Span<float> span(const earshot_cuda_stream &stream) const {
        if (floats == 0) {
            return {};
        }
        require(memory != nullptr, (std::string(name) + ": null").c_str());
        if (offset < 0 || floats > memory->floats - offset) {
            fail(std::string(name) + ": " + std::to_string(floats) + " floats from " + std::to_string(offset) +
                 " on; the memory has " + std::to_string(memory->floats));
        }
        require_same_device(name, memory->device, stream);
        return Span<float>(memory->data + offset, floats);
    }
};

void require_apart(const Place &a, const Place &b) {
    if (a.floats > 0 && b.floats > 0 && a.memory == b.memory && a.offset < b.offset + b.floats &&
        b.offset < a.offset + a.floats) {
        fail(std::string(a.name) + " and " + b.name + ": expected places that do not overlap");
    }
}

void require_inside(const earshot_cuda_memory *memory, std::int64_t offset, std::int64_t count,
                    const earshot_cuda_stream &stream) {
    require(memory != nullptr, "memory: null");
    if (offset < 0 || count < 0 || count > memory->floats - offset) {
        fail("memory: " + std::to_string(count) + " floats from " + std::to_string(offset) + " on; it has " +
             std::to_string(memory->floats));
    }
    require_same_device("memory", memory->device, stream);
}

} // namespace

extern "C" {

int32_t earshot_cuda_abi(void) {
    return EARSHOT_CUDA_ABI;
}

int32_t earshot_cuda_build(void) {
#ifdef EARSHOT_EMULATION
    return EARSHOT_CUDA_BUILD_EMULATION;
#else
    return EARSHOT_CUDA_BUILD_DEVICE;
#endif
}

const char *earshot_cuda_last_error(void) {
    return earshot::last_error_text();
}

earshot_cuda_status earshot_cuda_device_count(int32_t *count) {
    return guarded([&] {
        require(count != nullptr, "count: null");
        *count = 0;
        *count = earshot::device_count();
    });
}

earshot_cuda_status earshot_cuda_probe(int32_t device) {
    return guarded([&] { earshot::device(device); });
}

earshot_cuda_status earshot_cuda_describe(int32_t device, char *text, int64_t capacity) {
    return guarded([&] {
        require(text != nullptr && capacity >= 1, "text: expected room for at least its end");
        const std::string description = earshot::describe_device(device);
        const std::size_t length = std::min(description.size(), static_cast<std::size_t>(capacity - 1));
        std::memcpy(text, description.data(), length);
        text[length] = '\0';
    });
}

int32_t earshot_cuda_precision_available(int32_t device, int32_t precision) {
    return guarded([&] {
               earshot::device(device);
               const OnDevice on(device);
               earshot::arithmetic_for(precision);
           }) == EARSHOT_CUDA_OK
               ? 1
               : 0;
}

earshot_cuda_status earshot_cuda_stream_create(int32_t device, earshot_cuda_stream **stream) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        *stream = nullptr;
        earshot::device(device);
        const OnDevice on(device);
        *stream = new earshot_cuda_stream(device);
    });
}

void earshot_cuda_stream_destroy(earshot_cuda_stream *stream) {
    delete stream;
}

float *earshot_cuda_staging(earshot_cuda_stream *stream) {
    return stream == nullptr ? nullptr : stream->staging;
}

earshot_cuda_status earshot_cuda_stage(earshot_cuda_stream *stream, int64_t place, const float *values, int64_t first,
                                       int64_t count) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require(values != nullptr, "values: null");
        require(first >= 0 && count >= 0, "values: expected at least 0, from at least 0 on");
        stream->stage(place, values + first, count);
    });
}

earshot_cuda_status earshot_cuda_memory_create(earshot_cuda_stream *stream, int64_t floats,
                                               earshot_cuda_memory **memory) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require(memory != nullptr, "memory: null");
        *memory = nullptr;
        require(floats >= 0, "floats: expected at least 0");
        if (floats > MOST_FLOATS) {
            throw earshot::Failure{EARSHOT_CUDA_OUT_OF_MEMORY,
                                   std::to_string(floats) + " floats needed, beyond any memory"};
        }
        const OnDevice on(stream->device);
        *memory = new earshot_cuda_memory(floats, *stream);
    });
}

void earshot_cuda_memory_destroy(earshot_cuda_memory *memory) {
    delete memory;
}

earshot_cuda_status earshot_cuda_upload(earshot_cuda_stream *stream, int64_t place, int64_t count,
                                        earshot_cuda_memory *memory, int64_t offset) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require_inside(memory, offset, count, *stream);
        const OnDevice on(stream->device);
        stream->upload(place, count, memory->data + offset);
    });
}

earshot_cuda_status earshot_cuda_download(earshot_cuda_stream *stream, earshot_cuda_memory *memory, int64_t offset,
                                          int64_t count, int64_t place) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require_inside(memory, offset, count, *stream);
        const OnDevice on(stream->device);
        stream->download(memory->data + offset, count, place);
    });
}

earshot_cuda_status earshot_cuda_wait(earshot_cuda_stream *stream) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        const OnDevice on(stream->device);
        stream->wait();
    });
}

earshot_cuda_status earshot_cuda_op_create(int32_t kind, const int32_t *numbers, int64_t number_count,
                                           const float *weights, int64_t weight_count, int32_t precision,
                                           int32_t device, earshot_cuda_op **op) {
    return guarded([&] {
        require(op != nullptr, "operation: null");
        *op = nullptr;
        earshot::device(device);
        const OnDevice on(device);
        std::unique_ptr<earshot_cuda_op> made =
            make(kind, {{numbers, number_count, weights, weight_count}, earshot::arithmetic_for(precision)});
        made->device_number = device;
        *op = made.release();
    });
}

earshot_cuda_status earshot_cuda_op_scratch(const earshot_cuda_op *op, int64_t batch, int64_t frames, int64_t bands,
                                            int64_t *floats) {
    return guarded([&] {
        require(floats != nullptr, "floats: null");
        require(op != nullptr, "operation: null");
        const OnDevice on(op->device_number);
        *floats = earshot::scratch_of(*op, parts_of(*op, batch, frames, bands));
    });
}

earshot_cuda_status earshot_cuda_op_output(const earshot_cuda_op *op, int64_t batch, int64_t frames, int64_t bands,
                                           int64_t *floats) {
    return guarded([&] {
        require(floats != nullptr, "floats: null");
        require(op != nullptr, "operation: null");
        const OnDevice on(op->device_number);
        parts_of(*op, batch, frames, bands);
        *floats = op->output_floats({batch, frames, bands});
    });
}

earshot_cuda_status earshot_cuda_op_run(const earshot_cuda_op *op, earshot_cuda_stream *stream,
                                        earshot_cuda_memory *input0, int64_t input0_offset, earshot_cuda_memory *input1,
                                        int64_t input1_offset, earshot_cuda_memory *output, int64_t output_offset,
                                        earshot_cuda_memory *scratch, int64_t scratch_offset, int64_t batch,
                                        int64_t frames, int64_t bands) {
    return guarded([&] {
        require(op != nullptr, "operation: null");
        require(stream != nullptr, "stream: null");
        require_same_device("operation", op->device_number, *stream);
        const OnDevice on(stream->device);
        const Parts parts = parts_of(*op, batch, frames, bands);
        const Place inputs[] = {{"input 0", input0, input0_offset, op->input0_floats(parts.whole)},
                                {"input 1", input1, input1_offset, op->input1_floats(parts.whole)}};
        const Place result = {"output", output, output_offset, op->output_floats(parts.whole)};
        const Place work = {"scratch", scratch, scratch_offset, earshot::scratch_of(*op, parts)};
        const Span<float> first = inputs[0].span(*stream);
        const Span<float> second = inputs[1].span(*stream);
        const Span<float> out = result.span(*stream);
        const Span<float> scratch_span = work.span(*stream);
        require_apart(result, work);
        for (const Place &input : inputs) {
            require_apart(result, input);
            require_apart(work, input);
        }
        for (Index i = 0; i < parts.count(); ++i) {
            const Extents part = parts.part(i);
            /* What lies in front of a part is as much as the parts before it have: all of the same size. */
            const auto own = [&](const Span<float> &whole, Index of_part, Index of_first) {
                return of_part == 0 ? whole : whole.part(i * of_first, of_part);
            };
            const Extents full = parts.part(0);
            const Index needed = op->scratch_floats(part);
            const Span<float> own_scratch = needed == 0 ? Span<float>() : scratch_span.part(0, needed);
            op->enqueue({part, own(first, op->input0_floats(part), op->input0_floats(full)),
                         own(second, op->input1_floats(part), op->input1_floats(full)),
                         own(out, op->output_floats(part), op->output_floats(full)), own_scratch, stream->handle});
        }
    });
}

void earshot_cuda_op_destroy(earshot_cuda_op *op) {
    delete op;
}

earshot_cuda_status earshot_cuda_record_begin(earshot_cuda_stream *stream) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        const OnDevice on(stream->device);
        stream->record_begin();
    });
}

earshot_cuda_status earshot_cuda_record_end(earshot_cuda_stream *stream, earshot_cuda_graph **graph) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require(graph != nullptr, "graph: null");
        *graph = nullptr;
        const OnDevice on(stream->device);
        *graph = new earshot_cuda_graph(stream->record_end(), stream->device);
    });
}

earshot_cuda_status earshot_cuda_replay(earshot_cuda_stream *stream, earshot_cuda_graph *graph) {
    return guarded([&] {
        require(stream != nullptr, "stream: null");
        require(graph != nullptr, "graph: null");
        require_same_device("graph", graph->device, *stream);
        const OnDevice on(stream->device);
        earshot::check(cudaGraphLaunch(graph->handle, stream->handle), "starting a recording");
    });
}

void earshot_cuda_graph_destroy(earshot_cuda_graph *graph) {
    delete graph;
}
}
