#include "stream.h"

#include <algorithm>
#include <utility>

#include "device.h"

namespace earshot::emulation {

namespace {

template <class Set, class Handle> auto *find(Set &set, Handle handle) {
    const auto found = set.find(handle);
    return found == set.end() ? nullptr : found->get();
}

template <class Set, class Handle> cudaError_t destroy(Set &set, Handle handle) {
    const auto found = set.find(handle);
    if (found == set.end()) {
        return cudaErrorInvalidResourceHandle;
    }
    set.erase(found);
    return cudaSuccess;
}

template <class Set, class Object> auto *insert(Set &set, std::unique_ptr<Object> object) {
    return set.insert(std::move(object)).first->get();
}

void merge(Progress &into, const Progress &other) {
    for (const auto &[stream, count] : other) {
        into[stream] = std::max(into[stream], count);
    }
}

/* Whether work on the legacy stream would have to wait for a capturing stream: only one that is not "non-blocking"
   makes it. The capture becomes invalid. */
cudaError_t refused_on_legacy_stream(Device &device) {
    cudaError_t result = cudaSuccess;
    for (const auto &stream : device.streams) {
        if (stream->capture != nullptr && (stream->flags & cudaStreamNonBlocking) == 0) {
            stream->capture->valid = false;
            result = cudaErrorStreamCaptureImplicit;
        }
    }
    return result;
}

void end_capture(Device &device, const std::shared_ptr<Capture> &capture) {
    for (const auto &stream : device.streams) {
        if (stream->capture == capture) {
            stream->capture = nullptr;
        }
    }
}

cudaError_t begin_capture(Device &device, cudaStream_t handle, cudaStreamCaptureMode mode) {
    if (handle == nullptr) {
        return cudaErrorStreamCaptureUnsupported;
    }
    CUstream_st *const stream = find(device.streams, handle);
    if (stream == nullptr) {
        return cudaErrorInvalidResourceHandle;
    }
    if (stream->capture != nullptr) {
        return cudaErrorIllegalState;
    }
    stream->capture = std::make_shared<Capture>(Capture{stream, mode, std::this_thread::get_id()});
    stream->capture->streams[stream] = {{stream, 0}};
    return cudaSuccess;
}

cudaError_t finish_capture(Device &device, cudaStream_t handle, cudaGraph_t *graph) {
    CUstream_st *const stream = find(device.streams, handle);
    if (stream == nullptr || graph == nullptr) {
        return stream == nullptr ? cudaErrorInvalidResourceHandle : cudaErrorInvalidValue;
    }
    *graph = nullptr;
    const std::shared_ptr<Capture> capture = stream->capture;
    if (capture == nullptr) {
        return cudaErrorIllegalState;
    }
    if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id()) {
        return cudaErrorStreamCaptureWrongThread;
    }
    if (capture->origin != stream) {
        capture->valid = false;
        return cudaErrorStreamCaptureUnmatched;
    }
    end_capture(device, capture);
    if (!capture->valid) {
        return cudaErrorStreamCaptureInvalidated;
    }
    Progress &joined = capture->streams[stream];
    for (auto &[other, progress] : capture->streams) {
        const auto seen = joined.find(other);
        if (seen == joined.end() || seen->second < progress[other]) {
            return cudaErrorStreamCaptureUnjoined;
        }
    }
    auto made = std::make_unique<CUgraph_st>();
    for (Work &work : capture->work) {
        made->nodes.push_back({std::move(work)});
    }
    *graph = insert(device.graphs, std::move(made));
    return cudaSuccess;
}

cudaError_t wait_event(Device &device, cudaStream_t stream, cudaEvent_t handle) {
    const CUevent_st *const event = find(device.events, handle);
    if (event == nullptr || (stream != nullptr && find(device.streams, stream) == nullptr)) {
        return cudaErrorInvalidResourceHandle;
    }
    const std::shared_ptr<Capture> capture = event->capture.lock();
    const std::shared_ptr<Capture> own = stream == nullptr ? nullptr : stream->capture;
    if (!event->captured) {
        if (own != nullptr && event->recorded) {
            own->valid = false;
            return cudaErrorStreamCaptureIsolation;
        }
        return cudaSuccess;
    }
    if (capture == nullptr || stream == nullptr) {
        return cudaErrorCapturedEvent;
    }
    if (own != nullptr && own != capture) {
        own->valid = capture->valid = false;
        return cudaErrorStreamCaptureMerge;
    }
    stream->capture = capture;
    capture->streams[stream].insert({stream, 0});
    merge(capture->streams[stream], event->progress);
    return cudaSuccess;
}

cudaError_t record_event(Device &device, cudaEvent_t handle, cudaStream_t stream) {
    CUevent_st *const event = find(device.events, handle);
    if (event == nullptr || (stream != nullptr && find(device.streams, stream) == nullptr)) {
        return cudaErrorInvalidResourceHandle;
    }
    if (stream == nullptr) {
        if (const cudaError_t refused = refused_on_legacy_stream(device); refused != cudaSuccess) {
            return refused;
        }
    }
    const std::shared_ptr<Capture> capture = stream == nullptr ? nullptr : stream->capture;
    event->recorded = true;
    event->captured = capture != nullptr;
    event->capture = capture;
    event->time = std::chrono::steady_clock::now();
    event->progress = capture != nullptr ? capture->streams[stream] : Progress{};
    return cudaSuccess;
}

/* What waiting for a stream or asking whether it is done returns. */
cudaError_t completion(Device &device, cudaStream_t handle) {
    if (handle == nullptr) {
        return refused_on_legacy_stream(device);
    }
    CUstream_st *const stream = find(device.streams, handle);
    if (stream == nullptr) {
        return cudaErrorInvalidResourceHandle;
    }
    if (stream->capture != nullptr) {
        stream->capture->valid = false;
        return cudaErrorStreamCaptureUnsupported;
    }
    return cudaSuccess;
}

cudaError_t completion(Device &device, cudaEvent_t handle) {
    const CUevent_st *const event = find(device.events, handle);
    if (event == nullptr) {
        return cudaErrorInvalidResourceHandle;
    }
    if (!event->captured) {
        return cudaSuccess;
    }
    if (const std::shared_ptr<Capture> capture = event->capture.lock()) {
        capture->valid = false;
    }
    return cudaErrorCapturedEvent;
}

cudaError_t create_stream(const char *api, cudaStream_t *stream, unsigned flags) {
    return call(api, [&](Device &device) {
        if (stream == nullptr || (flags & ~cudaStreamNonBlocking) != 0) {
            return cudaErrorInvalidValue;
        }
        *stream = insert(device.streams, std::make_unique<CUstream_st>(CUstream_st{flags, nullptr}));
        return cudaSuccess;
    });
}

cudaError_t create_event(const char *api, cudaEvent_t *event, unsigned flags) {
    return call(api, [&](Device &device) {
        if (event == nullptr || (flags & ~(cudaEventBlockingSync | cudaEventDisableTiming)) != 0) {
            return cudaErrorInvalidValue;
        }
        *event = insert(device.events, std::make_unique<CUevent_st>(CUevent_st{flags}));
        return cudaSuccess;
    });
}

cudaError_t run_all(const std::vector<Work> &all) {
    for (const Work &work : all) {
        if (const cudaError_t error = work.run(); error != cudaSuccess) {
            return error;
        }
    }
    return cudaSuccess;
}

} // namespace

cudaError_t enqueue(Device &device, cudaStream_t handle, Work work) {
    if (handle == nullptr) {
        const cudaError_t refused = refused_on_legacy_stream(device);
        return refused != cudaSuccess ? refused : work.run();
    }
    CUstream_st *const stream = find(device.streams, handle);
    if (stream == nullptr) {
        return cudaErrorInvalidResourceHandle;
    }
    if (stream->capture == nullptr) {
        return work.run();
    }
    Capture &capture = *stream->capture;
    if (!capture.valid) {
        return cudaErrorStreamCaptureInvalidated;
    }
    capture.work.push_back(std::move(work));
    ++capture.streams[stream][stream];
    return cudaSuccess;
}

cudaError_t refused_while_capturing(Device &device) {
    cudaError_t result = cudaSuccess;
    for (const auto &stream : device.streams) {
        Capture *const capture = stream->capture.get();
        const bool mine = capture != nullptr && capture->thread == std::this_thread::get_id();
        if (capture != nullptr &&
            (capture->mode == cudaStreamCaptureModeGlobal || (capture->mode == cudaStreamCaptureModeThreadLocal && mine))) {
            capture->valid = false;
            result = cudaErrorStreamCaptureUnsupported;
        }
    }
    return result;
}

} // namespace earshot::emulation

using namespace earshot::emulation;

extern "C" {

cudaError_t cudaDeviceSynchronize() {
    return call("cudaDeviceSynchronize", [](Device &device) {
        // Waiting for a stream that captures is never possible, in whatever mode.
        cudaError_t result = cudaSuccess;
        for (const auto &stream : device.streams) {
            if (stream->capture != nullptr) {
                stream->capture->valid = false;
                result = cudaErrorStreamCaptureUnsupported;
            }
        }
        return result;
    });
}

cudaError_t cudaStreamCreate(cudaStream_t *stream) {
    return create_stream("cudaStreamCreate", stream, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) {
    return create_stream("cudaStreamCreateWithFlags", stream, flags);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    return call("cudaStreamDestroy", [&](Device &device) {
        if (const CUstream_st *const found = find(device.streams, stream); found != nullptr && found->capture != nullptr) {
            end_capture(device, std::shared_ptr<Capture>(found->capture));
        }
        return destroy(device.streams, stream);
    });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    return call("cudaStreamSynchronize", [&](Device &device) { return completion(device, stream); });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
    return call("cudaStreamQuery", [&](Device &device) { return completion(device, stream); });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
    return call("cudaStreamWaitEvent", [&](Device &device) {
        return flags != 0 ? cudaErrorInvalidValue : wait_event(device, stream, event);
    });
}

cudaError_t cudaEventCreate(cudaEvent_t *event) { return create_event("cudaEventCreate", event, cudaEventDefault); }

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) {
    return create_event("cudaEventCreateWithFlags", event, flags);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    return call("cudaEventRecord", [&](Device &device) { return record_event(device, event, stream); });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    return call("cudaEventSynchronize", [&](Device &device) { return completion(device, event); });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
    return call("cudaEventQuery", [&](Device &device) { return completion(device, event); });
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end) {
    return call("cudaEventElapsedTime", [&](Device &device) {
        const CUevent_st *const first = find(device.events, start), *const last = find(device.events, end);
        if (milliseconds == nullptr) {
            return cudaErrorInvalidValue;
        }
        const auto timed = [](const CUevent_st *event) {
            return event != nullptr && event->recorded && !event->captured &&
                   (event->flags & cudaEventDisableTiming) == 0;
        };
        if (!timed(first) || !timed(last)) {
            return cudaErrorInvalidResourceHandle;
        }
        *milliseconds = std::chrono::duration<float, std::milli>(last->time - first->time).count();
        return cudaSuccess;
    });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    return call("cudaEventDestroy", [&](Device &device) { return destroy(device.events, event); });
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
    return call("cudaStreamBeginCapture", [&](Device &device) { return begin_capture(device, stream, mode); });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph) {
    return call("cudaStreamEndCapture", [&](Device &device) { return finish_capture(device, stream, graph); });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status) {
    return call("cudaStreamIsCapturing", [&](Device &device) {
        if (status == nullptr) {
            return cudaErrorInvalidValue;
        }
        if (stream != nullptr && find(device.streams, stream) == nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        const Capture *const capture = stream == nullptr ? nullptr : stream->capture.get();
        *status = capture == nullptr ? cudaStreamCaptureStatusNone
                  : capture->valid   ? cudaStreamCaptureStatusActive
                                     : cudaStreamCaptureStatusInvalidated;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph, unsigned long long) {
    return call("cudaGraphInstantiate", [&](Device &device) {
        const CUgraph_st *const found = find(device.graphs, graph);
        if (executable == nullptr || found == nullptr) {
            return cudaErrorInvalidValue;
        }
        std::vector<Work> work;
        for (const CUgraphNode_st &node : found->nodes) {
            work.push_back(node.work);
        }
        *executable = insert(device.executables,
                             std::make_unique<CUgraphExec_st>(
                                 CUgraphExec_st{std::make_shared<const std::vector<Work>>(std::move(work))}));
        return cudaSuccess;
    });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
    return call("cudaGraphLaunch", [&](Device &device) {
        const CUgraphExec_st *const found = find(device.executables, executable);
        if (found == nullptr) {
            return cudaErrorInvalidValue;
        }
        return enqueue(device, stream, {cudaGraphNodeTypeGraph, [work = found->work] { return run_all(*work); }});
    });
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t stream) {
    return call("cudaGraphUpload", [&](Device &device) {
        return find(device.executables, executable) == nullptr ? cudaErrorInvalidValue : completion(device, stream);
    });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    return call("cudaGraphDestroy", [&](Device &device) { return destroy(device.graphs, graph); });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    return call("cudaGraphExecDestroy", [&](Device &device) { return destroy(device.executables, executable); });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, std::size_t *count) {
    return call("cudaGraphGetNodes", [&](Device &device) {
        CUgraph_st *const found = find(device.graphs, graph);
        if (found == nullptr || count == nullptr) {
            return cudaErrorInvalidValue;
        }
        if (nodes != nullptr) {
            for (std::size_t i = 0; i < *count; ++i) {
                nodes[i] = i < found->nodes.size() ? &found->nodes[i] : nullptr;
            }
        }
        *count = nodes == nullptr ? found->nodes.size() : std::min(*count, found->nodes.size());
        return cudaSuccess;
    });
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType *type) {
    return call("cudaGraphNodeGetType", [&](Device &) {
        if (node == nullptr || type == nullptr) {
            return cudaErrorInvalidValue;
        }
        *type = node->work.type;
        return cudaSuccess;
    });
}
}
