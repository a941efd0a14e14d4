#include "stream.h"

#include <algorithm>
#include <utility>

#include "device.h"

namespace earshot::emulation {

namespace {

void merge(Progress &into, const Progress &other) {
    for (const auto &[stream, count] : other) {
        into[stream] = std::max(into[stream], count);
    }
}

/* Whether work on the legacy stream would have to wait for a capturing stream: only one that is not "non-blocking"
   makes it. The capture becomes invalid. */
cudaError_t refused_on_legacy_stream(Device &device) {
    cudaError_t result = cudaSuccess;
    device.streams.for_each([&](const CUstream_st &stream) {
        if (stream.capture != nullptr && (stream.flags & cudaStreamNonBlocking) == 0) {
            stream.capture->valid = false;
            result = cudaErrorStreamCaptureImplicit;
        }
    });
    return result;
}

void leave_capture(Device &device, const std::shared_ptr<Capture> &capture) {
    device.streams.for_each([&](CUstream_st &stream) {
        if (stream.capture == capture) {
            stream.capture = nullptr;
        }
    });
}

} // namespace

cudaError_t begin_capture(Device &device, cudaStream_t handle, cudaStreamCaptureMode mode) {
    if (handle == nullptr) {
        return cudaErrorStreamCaptureUnsupported;
    }
    CUstream_st *const stream = device.streams.find(handle);
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

cudaError_t end_capture(Device &device, cudaStream_t handle, cudaGraph_t *graph) {
    CUstream_st *const stream = device.streams.find(handle);
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
    leave_capture(device, capture);
    if (!capture->valid) {
        return cudaErrorStreamCaptureInvalidated;
    }
    Progress &joined = capture->streams[stream];
    for (auto &[other, progress] : capture->streams) {
        const auto seen = joined.find(other);
        if (progress[other] > 0 && (seen == joined.end() || seen->second < progress[other])) {
            return cudaErrorStreamCaptureUnjoined;
        }
    }
    CUgraph_st made;
    for (Work &work : capture->work) {
        made.nodes.push_back({std::move(work)});
    }
    *graph = device.graphs.add(std::move(made));
    return cudaSuccess;
}

cudaError_t wait_for_event(Device &device, cudaStream_t stream, cudaEvent_t handle) {
    const CUevent_st *const event = device.events.find(handle);
    if (event == nullptr || (stream != nullptr && device.streams.find(stream) == nullptr)) {
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
    CUevent_st *const event = device.events.find(handle);
    if (event == nullptr || (stream != nullptr && device.streams.find(stream) == nullptr)) {
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

cudaError_t completion(Device &device, cudaStream_t handle) {
    if (handle == nullptr) {
        return refused_on_legacy_stream(device);
    }
    CUstream_st *const stream = device.streams.find(handle);
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
    const CUevent_st *const event = device.events.find(handle);
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

cudaError_t enqueue(Device &device, cudaStream_t handle, Work work) {
    if (handle == nullptr) {
        const cudaError_t refused = refused_on_legacy_stream(device);
        return refused != cudaSuccess ? refused : work.run();
    }
    CUstream_st *const stream = device.streams.find(handle);
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

cudaError_t completion(Device &device) {
    cudaError_t result = cudaSuccess;
    device.streams.for_each([&](const CUstream_st &stream) {
        if (stream.capture != nullptr) {
            stream.capture->valid = false;
            result = cudaErrorStreamCaptureUnsupported;
        }
    });
    return result;
}

void abandon_capture(Device &device, const CUstream_st &stream) {
    if (stream.capture != nullptr) {
        leave_capture(device, std::shared_ptr<Capture>(stream.capture));
    }
}

cudaError_t refused_while_capturing(Device &device) {
    cudaError_t result = cudaSuccess;
    device.streams.for_each([&](const CUstream_st &stream) {
        Capture *const capture = stream.capture.get();
        if (capture == nullptr || capture->mode == cudaStreamCaptureModeRelaxed) {
            return;
        }
        if (capture->mode == cudaStreamCaptureModeGlobal || capture->thread == std::this_thread::get_id()) {
            capture->valid = false;
            result = cudaErrorStreamCaptureUnsupported;
        }
    });
    return result;
}

} // namespace earshot::emulation
