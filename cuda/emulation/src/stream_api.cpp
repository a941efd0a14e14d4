/* Streams and events. */
#include "device.h"

using namespace earshot::emulation;

namespace {

cudaError_t create_stream(const char *api, cudaStream_t *stream, unsigned flags) {
    return call(api, [&](Device &device) {
        if (stream == nullptr || (flags & ~cudaStreamNonBlocking) != 0) {
            return cudaErrorInvalidValue;
        }
        *stream = device.streams.add({flags, current_device(), nullptr});
        return cudaSuccess;
    });
}

cudaError_t create_event(const char *api, cudaEvent_t *event, unsigned flags) {
    return call(api, [&](Device &device) {
        if (event == nullptr || (flags & ~(cudaEventBlockingSync | cudaEventDisableTiming)) != 0) {
            return cudaErrorInvalidValue;
        }
        *event = device.events.add(CUevent_st{flags});
        return cudaSuccess;
    });
}

} // namespace

extern "C" {

cudaError_t cudaDeviceSynchronize() {
    return call("cudaDeviceSynchronize", [](Device &device) { return completion(device); });
}

cudaError_t cudaStreamCreate(cudaStream_t *stream) {
    return create_stream("cudaStreamCreate", stream, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) {
    return create_stream("cudaStreamCreateWithFlags", stream, flags);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    return call("cudaStreamDestroy", [&](Device &device) {
        if (const CUstream_st *const found = device.streams.find(stream)) {
            abandon_capture(device, *found);
        }
        return device.streams.remove(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle;
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
        return flags != 0 ? cudaErrorInvalidValue : wait_for_event(device, stream, event);
    });
}

cudaError_t cudaEventCreate(cudaEvent_t *event) {
    return create_event("cudaEventCreate", event, cudaEventDefault);
}

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
        const CUevent_st *const first = device.events.find(start), *const last = device.events.find(end);
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
    return call("cudaEventDestroy", [&](Device &device) {
        return device.events.remove(event) ? cudaSuccess : cudaErrorInvalidResourceHandle;
    });
}
}
