/* Compiled by nvcc against CUDA's header and by the host's compiler against emulation/include: both must agree. */
#include <cuda_runtime.h>

#include "harness.h"

#define SAME(name, value) static_assert(static_cast<int>(name) == (value), #name)

SAME(cudaSuccess, 0);
SAME(cudaErrorInvalidValue, 1);
SAME(cudaErrorMemoryAllocation, 2);
SAME(cudaErrorInitializationError, 3);
SAME(cudaErrorInvalidConfiguration, 9);
SAME(cudaErrorInvalidMemcpyDirection, 21);
SAME(cudaErrorInsufficientDriver, 35);
SAME(cudaErrorDevicesUnavailable, 46);
SAME(cudaErrorInvalidDeviceFunction, 98);
SAME(cudaErrorNoDevice, 100);
SAME(cudaErrorInvalidDevice, 101);
SAME(cudaErrorInvalidKernelImage, 200);
SAME(cudaErrorNoKernelImageForDevice, 209);
SAME(cudaErrorECCUncorrectable, 214);
SAME(cudaErrorNvlinkUncorrectable, 220);
SAME(cudaErrorContained, 226);
SAME(cudaErrorInvalidResourceHandle, 400);
SAME(cudaErrorIllegalState, 401);
SAME(cudaErrorNotReady, 600);
SAME(cudaErrorIllegalAddress, 700);
SAME(cudaErrorLaunchOutOfResources, 701);
SAME(cudaErrorLaunchTimeout, 702);
SAME(cudaErrorAssert, 710);
SAME(cudaErrorHardwareStackError, 714);
SAME(cudaErrorMisalignedAddress, 716);
SAME(cudaErrorLaunchFailure, 719);
SAME(cudaErrorNotSupported, 801);
SAME(cudaErrorSystemDriverMismatch, 803);
SAME(cudaErrorStreamCaptureUnsupported, 900);
SAME(cudaErrorStreamCaptureInvalidated, 901);
SAME(cudaErrorStreamCaptureMerge, 902);
SAME(cudaErrorStreamCaptureUnmatched, 903);
SAME(cudaErrorStreamCaptureUnjoined, 904);
SAME(cudaErrorStreamCaptureIsolation, 905);
SAME(cudaErrorStreamCaptureImplicit, 906);
SAME(cudaErrorCapturedEvent, 907);
SAME(cudaErrorStreamCaptureWrongThread, 908);
SAME(cudaErrorUnknown, 999);

SAME(cudaMemcpyHostToHost, 0);
SAME(cudaMemcpyHostToDevice, 1);
SAME(cudaMemcpyDeviceToHost, 2);
SAME(cudaMemcpyDeviceToDevice, 3);
SAME(cudaMemcpyDefault, 4);
SAME(cudaStreamDefault, 0);
SAME(cudaStreamNonBlocking, 1);
SAME(cudaEventDefault, 0);
SAME(cudaEventBlockingSync, 1);
SAME(cudaEventDisableTiming, 2);
SAME(cudaHostAllocDefault, 0);
SAME(cudaHostAllocPortable, 1);
SAME(cudaHostAllocMapped, 2);
SAME(cudaHostAllocWriteCombined, 4);
SAME(cudaStreamCaptureModeGlobal, 0);
SAME(cudaStreamCaptureModeThreadLocal, 1);
SAME(cudaStreamCaptureModeRelaxed, 2);
SAME(cudaStreamCaptureStatusNone, 0);
SAME(cudaStreamCaptureStatusActive, 1);
SAME(cudaStreamCaptureStatusInvalidated, 2);
SAME(cudaGraphNodeTypeKernel, 0);
SAME(cudaGraphNodeTypeMemcpy, 1);
SAME(cudaGraphNodeTypeMemset, 2);
SAME(cudaGraphNodeTypeGraph, 4);
SAME(cudaFuncAttributeMaxDynamicSharedMemorySize, 8);
SAME(cudaFuncAttributePreferredSharedMemoryCarveout, 9);
SAME(cudaDevAttrMaxThreadsPerBlock, 1);
SAME(cudaDevAttrMaxSharedMemoryPerBlock, 8);
SAME(cudaDevAttrWarpSize, 10);
SAME(cudaDevAttrMaxRegistersPerBlock, 12);
SAME(cudaDevAttrMultiProcessorCount, 16);
SAME(cudaDevAttrL2CacheSize, 38);
SAME(cudaDevAttrMaxThreadsPerMultiProcessor, 39);
SAME(cudaDevAttrComputeCapabilityMajor, 75);
SAME(cudaDevAttrComputeCapabilityMinor, 76);
SAME(cudaDevAttrMaxSharedMemoryPerMultiprocessor, 81);
SAME(cudaDevAttrMaxSharedMemoryPerBlockOptin, 97);
SAME(cudaDevAttrMaxBlocksPerMultiprocessor, 106);

#define LAID_OUT(type, size, alignment) static_assert(sizeof(type) == (size) && alignof(type) == (alignment), #type)

LAID_OUT(char2, 2, 2);
LAID_OUT(char4, 4, 4);
LAID_OUT(uchar2, 2, 2);
LAID_OUT(uchar4, 4, 4);
LAID_OUT(short2, 4, 4);
LAID_OUT(short4, 8, 8);
LAID_OUT(ushort2, 4, 4);
LAID_OUT(ushort4, 8, 8);
LAID_OUT(int2, 8, 8);
LAID_OUT(int3, 12, 4);
LAID_OUT(int4, 16, 16);
LAID_OUT(uint2, 8, 8);
LAID_OUT(uint3, 12, 4);
LAID_OUT(uint4, 16, 16);
LAID_OUT(float2, 8, 8);
LAID_OUT(float3, 12, 4);
LAID_OUT(float4, 16, 16);
LAID_OUT(double2, 16, 16);
LAID_OUT(longlong2, 16, 16);
LAID_OUT(dim3, 12, 4);

/* What CUDA's cudart 13.0 says; it needs no device for that. */
TEST(error_texts_are_the_official_ones) {
    const std::string text = cudaGetErrorString(cudaErrorIllegalAddress), name = cudaGetErrorName(cudaErrorNoDevice);
    CHECK(text == "an illegal memory access was encountered");
    CHECK(name == "cudaErrorNoDevice");
    CHECK(cudaGetErrorString(cudaErrorMemoryAllocation) == std::string("out of memory"));
    CHECK(cudaGetErrorString(static_cast<cudaError_t>(998)) == std::string("unrecognized error code"));
}
