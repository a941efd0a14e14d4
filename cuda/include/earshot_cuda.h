/*
 * Earshot's CUDA kernels: the whole boundary of the library.
 *
 * Plain C. Handles are opaque, places in a device's memory are a handle and an offset, every function that can fail
 * returns a status and leaves a text behind (earshot_cuda_last_error). Nothing throws, nothing calls back, nothing
 * keeps a host pointer that was handed in. Arguments are checked; a wrong one is EARSHOT_CUDA_INVALID_ARGUMENT.
 *
 * Work is enqueued on a stream and done in order; only earshot_cuda_wait waits for it, and reports what went wrong in
 * it. A stream, its memory and its graphs belong to one caller at a time; operations are immutable
 * and shared by any number of streams. Everything is of one device, and works with what is of the same one.
 *
 * Devices are numbered from 0 on, in the order in which the process sees them: CUDA_VISIBLE_DEVICES chooses.
 *
 * The same interface is built three times: with nvcc; as a stub where there is no nvcc; and with the kernels compiled
 * for the CPU, for tests (see emulation/README.md).
 */
#ifndef EARSHOT_CUDA_H
#define EARSHOT_CUDA_H

#include <stdint.h>

#include "earshot_layers.h"

#if defined(__GNUC__)
#define EARSHOT_CUDA_API __attribute__((visibility("default")))
#else
#define EARSHOT_CUDA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Number of this interface; it changes with every incompatible change of this file or of earshot_layers.h. */
#define EARSHOT_CUDA_ABI 3

/* What a function returns. */
typedef int32_t earshot_cuda_status;
#define EARSHOT_CUDA_OK 0
#define EARSHOT_CUDA_INVALID_ARGUMENT 1
#define EARSHOT_CUDA_OUT_OF_MEMORY 2 /* of the device; everything else goes on */
#define EARSHOT_CUDA_UNSUPPORTED 3
#define EARSHOT_CUDA_INTERNAL 4
#define EARSHOT_CUDA_UNAVAILABLE 5 /* a driver or a device that is too old, or does not start */
#define EARSHOT_CUDA_DEVICE_LOST 6 /* the device failed; nothing on it works until the process is started anew */
#define EARSHOT_CUDA_ABSENT 7      /* no driver, no device, or no kernels in the library: as on most machines */

/* How the library was built. */
#define EARSHOT_CUDA_BUILD_STUB 0
#define EARSHOT_CUDA_BUILD_DEVICE 1
#define EARSHOT_CUDA_BUILD_EMULATION 2

/* A device's queue of work, with staging memory that the device can reach. */
typedef struct earshot_cuda_stream earshot_cuda_stream;

/* A block of the device's memory. */
typedef struct earshot_cuda_memory earshot_cuda_memory;

/* One prepared layer. Immutable. */
typedef struct earshot_cuda_op earshot_cuda_op;

/* Recorded work that is enqueued as a whole. */
typedef struct earshot_cuda_graph earshot_cuda_graph;

/* EARSHOT_CUDA_ABI as the library was built with. */
EARSHOT_CUDA_API int32_t earshot_cuda_abi(void);

/* One of EARSHOT_CUDA_BUILD_*. */
EARSHOT_CUDA_API int32_t earshot_cuda_build(void);

/* Why this thread's latest failed call failed, in plain English; empty before the first. Valid
 * until its next failure. */
EARSHOT_CUDA_API const char *earshot_cuda_last_error(void);

/* Number of devices; EARSHOT_CUDA_ABSENT or _UNAVAILABLE with the reason where there is none. */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_device_count(int32_t *count);

/* Whether kernels can run on a device; EARSHOT_CUDA_ABSENT or _UNAVAILABLE with the reason where not. */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_probe(int32_t device);

/*
 * A device in words, such as "NVIDIA H200, compute capability 9.0, 140 GiB, driver for CUDA 13.0", cut to `capacity`
 * bytes with the end.
 */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_describe(int32_t device, char *text, int64_t capacity);

/* 1 if operations can be made with this EARSHOT_PRECISION_* on a device, 0 if not, or if there is no such device. */
EARSHOT_CUDA_API int32_t earshot_cuda_precision_available(int32_t device, int32_t precision);

EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_stream_create(int32_t device, earshot_cuda_stream **stream);

/* Waits for the stream's work and frees it. Null is allowed. */
EARSHOT_CUDA_API void earshot_cuda_stream_destroy(earshot_cuda_stream *stream);

/* Number of floats of a stream's staging memory: more than a clip of ten seconds. */
#define EARSHOT_CUDA_STAGING_FLOATS 1048576

/*
 * The stream's staging memory, which the host may read and write, as long as the stream lives. What an upload reads or
 * a download writes is left alone until the next earshot_cuda_wait has returned.
 */
EARSHOT_CUDA_API float *earshot_cuda_staging(earshot_cuda_stream *stream);

/*
 * Copies values[first] and the `count` - 1 behind it to a place in the stream's staging memory, past the caches: the
 * device reads them next. Faster by a third than a copy by the host's own means. What then lies there is for uploads
 * until the next earshot_cuda_wait and for nobody else: many values that are all samples of 16 bits lie there as such,
 * and arrive on the device to the last bit all the same. An upload may not begin in the middle of those.
 */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_stage(earshot_cuda_stream *stream, int64_t place, const float *values,
                                                        int64_t first, int64_t count);

/* Reserves memory, zeroed by the stream. */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_memory_create(earshot_cuda_stream *stream, int64_t floats,
                                                                earshot_cuda_memory **memory);

/* Frees memory, after all work on the device that may use it. Null is allowed. */
EARSHOT_CUDA_API void earshot_cuda_memory_destroy(earshot_cuda_memory *memory);

/* Enqueues a copy of `count` values from a place in the stream's staging memory to the device. */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_upload(earshot_cuda_stream *stream, int64_t place, int64_t count,
                                                         earshot_cuda_memory *memory, int64_t offset);

/* Enqueues a copy of `count` values from the device to a place in the stream's staging memory. */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_download(earshot_cuda_stream *stream, earshot_cuda_memory *memory,
                                                           int64_t offset, int64_t count, int64_t place);

/* Waits for all work of the stream. */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_wait(earshot_cuda_stream *stream);

/*
 * Prepares a layer: a kind (EARSHOT_LAYER_*), numbers and weights as in earshot_layers.h, which may be freed
 * afterwards. EARSHOT_PRECISION_TF32 and _BF16 hold for the products of the dense encoder (but its first convolution)
 * and of the Mamba paths, and, where they have 16 inputs or more, for the convolutions that squeeze-excitation and
 * residual separable blocks begin with; all else is computed in float32 whatever the precision, but the front end in
 * float64, with transforms whose length is a power of two from 16 to 4096.
 */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_op_create(int32_t kind, const int32_t *numbers, int64_t number_count,
                                                            const float *weights, int64_t weight_count,
                                                            int32_t precision, int32_t device, earshot_cuda_op **op);

/*
 * Number of floats of scratch that a run of this size needs. Shape: of input 0, with frames and bands 1 for an input
 * [B, I]. A batch that is too large for 32-bit counts or for a grid is run in parts, with scratch for one of them.
 */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_op_scratch(const earshot_cuda_op *op, int64_t batch, int64_t frames,
                                                             int64_t bands, int64_t *floats);

/* Number of floats of the output for an input of this size. */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_op_output(const earshot_cuda_op *op, int64_t batch, int64_t frames,
                                                            int64_t bands, int64_t *floats);

/*
 * Enqueues an operation. Inputs, output and scratch begin at an offset of a memory that holds from there on as many
 * floats as the shape needs; input1 is null where the operation has one input, scratch may be null where none is
 * needed; nothing may overlap the output or the scratch. An index that is read from the device's memory (a
 * location) and lies outside makes the outputs NaN: there is nobody to be told at once.
 */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_op_run(const earshot_cuda_op *op, earshot_cuda_stream *stream,
                                                         earshot_cuda_memory *input0, int64_t input0_offset,
                                                         earshot_cuda_memory *input1, int64_t input1_offset,
                                                         earshot_cuda_memory *output, int64_t output_offset,
                                                         earshot_cuda_memory *scratch, int64_t scratch_offset,
                                                         int64_t batch, int64_t frames, int64_t bands);

/* Frees an operation, after all work on the device that may use it. Null is allowed. */
EARSHOT_CUDA_API void earshot_cuda_op_destroy(earshot_cuda_op *op);

/* From here on operations on the stream are recorded instead of run. Copies and waits fail meanwhile. */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_record_begin(earshot_cuda_stream *stream);

/* Ends the recording, and hands it out ready to run; a failure leaves the stream usable. */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_record_end(earshot_cuda_stream *stream, earshot_cuda_graph **graph);

/* Enqueues what was recorded, with the places it was recorded with, which must still be there. */
EARSHOT_CUDA_API earshot_cuda_status earshot_cuda_replay(earshot_cuda_stream *stream, earshot_cuda_graph *graph);

/* Frees a recording. Null is allowed. */
EARSHOT_CUDA_API void earshot_cuda_graph_destroy(earshot_cuda_graph *graph);

#ifdef __cplusplus
}
#endif

#endif
