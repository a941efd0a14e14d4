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

} // namespace earshot::emulation

struct CUstream_st {
    unsigned flags;
    int device;
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

/* Runs work, or records it if the stream captures; null is the legacy stream. */
cudaError_t enqueue(Device &device, cudaStream_t stream, Work work);

cudaError_t begin_capture(Device &device, cudaStream_t stream, cudaStreamCaptureMode mode);
/* Puts what was captured into `graph`. */
cudaError_t end_capture(Device &device, cudaStream_t stream, cudaGraph_t *graph);
/* Makes an end of the capture that a stream takes part in, as destroying the stream does. */
void abandon_capture(Device &device, const CUstream_st &stream);

cudaError_t record_event(Device &device, cudaEvent_t event, cudaStream_t stream);
cudaError_t wait_for_event(Device &device, cudaStream_t stream, cudaEvent_t event);

/* What waiting for all work of a stream, of a capture's event or of the device returns, or asking whether it is done.
   Work that was only captured is never done: such a call fails and makes the capture invalid. */
cudaError_t completion(Device &device, cudaStream_t stream);
cudaError_t completion(Device &device, cudaEvent_t event);
cudaError_t completion(Device &device);

/* The error of a call that might wait for other work, as one that allocates might: not permitted during captures in
   some modes, which become invalid. */
cudaError_t refused_while_capturing(Device &device);

} // namespace earshot::emulation
