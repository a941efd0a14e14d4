/* Capturing streams, and graphs. */
#include <algorithm>

#include "device.h"

using namespace earshot::emulation;

namespace {

cudaError_t run_all(const std::vector<Work> &all) {
    for (const Work &work : all) {
        if (const cudaError_t error = work.run(); error != cudaSuccess) {
            return error;
        }
    }
    return cudaSuccess;
}

} // namespace

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
    return call("cudaStreamBeginCapture", [&](Device &device) { return begin_capture(device, stream, mode); });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph) {
    return call("cudaStreamEndCapture", [&](Device &device) { return end_capture(device, stream, graph); });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status) {
    return call("cudaStreamIsCapturing", [&](Device &device) {
        if (status == nullptr) {
            return cudaErrorInvalidValue;
        }
        if (stream != nullptr && device.streams.find(stream) == nullptr) {
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
        const CUgraph_st *const found = device.graphs.find(graph);
        if (executable == nullptr || found == nullptr) {
            return cudaErrorInvalidValue;
        }
        std::vector<Work> work;
        for (const CUgraphNode_st &node : found->nodes) {
            work.push_back(node.work);
        }
        *executable = device.executables.add({std::make_shared<const std::vector<Work>>(std::move(work))});
        return cudaSuccess;
    });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
    return call("cudaGraphLaunch", [&](Device &device) {
        const CUgraphExec_st *const found = device.executables.find(executable);
        if (found == nullptr) {
            return cudaErrorInvalidValue;
        }
        return enqueue(device, stream, {cudaGraphNodeTypeGraph, [work = found->work] { return run_all(*work); }});
    });
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t stream) {
    return call("cudaGraphUpload", [&](Device &device) {
        return device.executables.find(executable) == nullptr ? cudaErrorInvalidValue : completion(device, stream);
    });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    return call("cudaGraphDestroy", [&](Device &device) { return device.graphs.remove(graph) ? cudaSuccess : cudaErrorInvalidResourceHandle; });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    return call("cudaGraphExecDestroy", [&](Device &device) { return device.executables.remove(executable) ? cudaSuccess : cudaErrorInvalidResourceHandle; });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, std::size_t *count) {
    return call("cudaGraphGetNodes", [&](Device &device) {
        CUgraph_st *const found = device.graphs.find(graph);
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
