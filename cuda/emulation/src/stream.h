/* Streams, events and graphs. Work runs when it is enqueued; a capturing stream keeps it instead. */
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "emulation/runtime_api.h"

namespace earshot::emulation {

/* What a device does for one call; copied into graphs. */
struct Work {
    cudaGraphNodeType type;
    std::function<cudaError_t()> run;
};

/* How much of each stream's captured work something depends on. */
using Progress = std::map<const CUstream_st *, int>;

/* A capture going on, shared by the stream where it began and those that joined by waiting for an event. */
struct Capture {
    CUstream_st *origin;
    cudaStreamCaptureMode mode;
    std::thread::id thread;
    bool valid = true;
    std::vector<Work> work = {};
    std::map<CUstream_st *, Progress> streams = {};
};

struct PointerOrder {
    using is_transparent = void;
    template <class A, class B> bool operator()(const A &a, const B &b) const {
        return std::less<const void *>()(address(a), address(b));
    }
    template <class T> static const void *address(const std::unique_ptr<T> &p) { return p.get(); }
    template <class T> static const void *address(T *p) { return p; }
};

} // namespace earshot::emulation

struct CUstream_st {
    unsigned flags;
    std::shared_ptr<earshot::emulation::Capture> capture;
};

struct CUevent_st {
    unsigned flags;
    bool recorded = false;
    std::chrono::steady_clock::time_point time = {};
    // Where it was recorded last, if that was on a capturing stream
    std::weak_ptr<earshot::emulation::Capture> capture = {};
    bool captured = false;
    earshot::emulation::Progress progress = {};
};

struct CUgraphNode_st {
    earshot::emulation::Work work;
};

struct CUgraph_st {
    std::vector<CUgraphNode_st> nodes;
};

struct CUgraphExec_st {
    std::shared_ptr<const std::vector<earshot::emulation::Work>> work;
};

namespace earshot::emulation {

class Device;

/* Runs or records work on a stream; null is the legacy stream. */
cudaError_t enqueue(Device &device, cudaStream_t stream, Work work);

/* The error of a call that might wait for captured work, as allocating and synchronising the device might: it also
   makes the captures invalid, as on a device. */
cudaError_t refused_while_capturing(Device &device);

} // namespace earshot::emulation
