/*
 * Earshot's CPU kernels: the whole boundary of the library.
 *
 * Plain C. Handles are opaque, every array comes with its number of elements, every function that can fail returns a
 * status and leaves a text behind (earshot_cpu_last_error). Nothing throws, nothing calls back, nothing keeps a pointer
 * that was handed in. Arguments are checked; a wrong one is EARSHOT_CPU_INVALID_ARGUMENT, never a crash, as long as
 * each pointer is null or leads to as many elements as its count says.
 *
 * Activations are float32 [B, T, F, C], C fastest. An operation is created once from weights (which are packed and may
 * be freed afterwards), run any number of times, by any number of threads with a team each, and destroyed once.
 */
#ifndef EARSHOT_CPU_H
#define EARSHOT_CPU_H

#include <stdint.h>

#if defined(__GNUC__)
#define EARSHOT_CPU_API __attribute__((visibility("default")))
#else
#define EARSHOT_CPU_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Number of this interface; it changes with every incompatible change of this file. */
#define EARSHOT_CPU_ABI 2

/* What a function returns. */
typedef int32_t earshot_cpu_status;
#define EARSHOT_CPU_OK 0
#define EARSHOT_CPU_INVALID_ARGUMENT 1
#define EARSHOT_CPU_OUT_OF_MEMORY 2
#define EARSHOT_CPU_UNSUPPORTED 3
#define EARSHOT_CPU_INTERNAL 4

/* Instruction sets, each containing the ones before it. */
#define EARSHOT_CPU_ISA_BEST (-1)
#define EARSHOT_CPU_ISA_BASELINE 0 /* what every processor of the platform has: SSE2, or NEON */
#define EARSHOT_CPU_ISA_AVX2 1     /* AVX2 and FMA */
#define EARSHOT_CPU_ISA_AVX512 2   /* AVX-512 F, VL, DQ and BW */

/* How the large products of an operation are done; all else is float32 either way. */
#define EARSHOT_CPU_PRECISION_FLOAT32 0
#define EARSHOT_CPU_PRECISION_BF16 1 /* factors rounded to bfloat16, sums in float32: AVX512-BF16 only */

/* What stands in front of a Mamba path. */
#define EARSHOT_CPU_NORM_NONE 0
#define EARSHOT_CPU_NORM_LAYER 1
#define EARSHOT_CPU_NORM_CONDITIONAL 2

/* Along which dimension a Mamba path's sequences run. */
#define EARSHOT_CPU_AXIS_TIME 0
#define EARSHOT_CPU_AXIS_FREQUENCY 1

/* Threads of one session: the caller's and some of its own, which sleep between runs. */
typedef struct earshot_cpu_team earshot_cpu_team;

/* One prepared layer. Immutable. */
typedef struct earshot_cpu_op earshot_cpu_op;

/* EARSHOT_CPU_ABI as the library was built with. */
EARSHOT_CPU_API int32_t earshot_cpu_abi(void);

/* Why this thread's latest failed call failed, in plain English; empty before the first. Valid until its next failure.
 */
EARSHOT_CPU_API const char *earshot_cpu_last_error(void);

/* The best instruction set that this processor has and the system lets it use. */
EARSHOT_CPU_API int32_t earshot_cpu_isa_best(void);

/* 1 if the instruction set can be used here, 0 if not or if there is no such set. */
EARSHOT_CPU_API int32_t earshot_cpu_isa_available(int32_t isa);

/* 1 if operations can be made with EARSHOT_CPU_PRECISION_BF16 here (and with AVX-512 only), 0 if not. */
EARSHOT_CPU_API int32_t earshot_cpu_bf16_available(void);

/* "baseline", "avx2", "avx512"; "unknown" for any other number. */
EARSHOT_CPU_API const char *earshot_cpu_isa_name(int32_t isa);

/* Makes a team of 1 to 1024 threads, the caller's included. One run at a time; a team is not shared between callers. */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_team_create(int32_t threads, earshot_cpu_team **team);

/* Ends a team's threads. Null is allowed. */
EARSHOT_CPU_API void earshot_cpu_team_destroy(earshot_cpu_team *team);

/*
 * y = activation(W x + b): input [B, I], output [B, O].
 * Weights, one after the other: weight [O, I], bias [O]. relu: 1 for max(y, 0), 0 for none.
 */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_linear_create(const float *weights, int64_t weight_count, int32_t inputs,
                                                             int32_t outputs, int32_t relu, int32_t isa,
                                                             earshot_cpu_op **op);

/* Mean over time and frequency: input [B, T, F, C], output [B, C]. */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_global_mean_create(int32_t channels, int32_t isa, earshot_cpu_op **op);

/*
 * c = P [embedding(location); relu(M time + m)] + p. Input 0: location [B, 1], a row's index as an integral float
 * (another value fails the run); input 1: time features [B, I]; output [B, K].
 * Weights: embedding [cities, L], M [H, I], m [H], P [K, L + H], p [K].
 */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_context_create(const float *weights, int64_t weight_count,
                                                              int32_t cities, int32_t location_width,
                                                              int32_t time_inputs, int32_t time_width, int32_t outputs,
                                                              int32_t isa, earshot_cpu_op **op);

/*
 * Dense encoder: a 1x1 convolution 1 -> C, block_layers convolutions C * (i + 1) -> C that read all earlier outputs,
 * newest first, and one last convolution C -> C; behind each an instance norm and a PReLU. Input [B, T, F, 1], output
 * [B, T', F', C].
 * Weights, convolution after convolution: weight [C, I, KT, KF], bias [C], norm weight [C], norm bias [C], slopes [C].
 * Geometry: six numbers for each of the block's layers and then the last convolution: KT, KF, time padding, frequency
 * padding, time dilation, frequency stride. The block's layers must keep T and F.
 * The precision is that of all convolutions but the first; bf16 where there is none is EARSHOT_CPU_UNSUPPORTED.
 */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_dense_encoder_create(const float *weights, int64_t weight_count,
                                                                    int32_t channels, int32_t block_layers,
                                                                    const int32_t *geometry, int64_t geometry_count,
                                                                    int32_t isa, int32_t precision,
                                                                    earshot_cpu_op **op);

/*
 * One path of a dual-path block: x + projection([forward(h); backward(h)]), h = norm(x, condition), with `layers` Mamba
 * layers in each direction. Input 0: x [B, T, F, C]; input 1, for the conditional norm only: [B, condition]; output as
 * x, which it may not overlap.
 * Weights: the norm (none; scale [C], shift [C]; or gamma weight [C, condition], gamma bias [C], beta weight
 * [C, condition], beta bias [C]), then the forward layers, then the backward layers, each norm [C], in_proj [2E, C],
 * conv weight [E, 1, K], conv bias [E], x_proj [R + 2N, E], dt_proj [E, R], dt bias [E], A_log [E, N], D [E],
 * out_proj [C, E]; then the projection's weight [2C, C], input first, and bias [C].
 * The precision is that of in_proj, x_proj, out_proj and the projection; as above.
 */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_mamba_path_create(const float *weights, int64_t weight_count,
                                                                 int32_t axis, int32_t norm, int32_t condition,
                                                                 int32_t layers, int32_t channels, int32_t inner,
                                                                 int32_t states, int32_t rank, int32_t taps,
                                                                 int32_t isa, int32_t precision, earshot_cpu_op **op);

/* The instruction set an operation uses; -1 for null. */
EARSHOT_CPU_API int32_t earshot_cpu_op_isa(const earshot_cpu_op *op);

/*
 * Number of floats of scratch that a run of this size needs. Shape: of input 0, with frames and bands 1 for an input
 * [B, I].
 */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_op_scratch(const earshot_cpu_op *op, int64_t batch, int64_t frames,
                                                          int64_t bands, int32_t threads, int64_t *floats);

/* Number of floats of the output for an input of this size. */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_op_output(const earshot_cpu_op *op, int64_t batch, int64_t frames,
                                                         int64_t bands, int64_t *floats);

/*
 * Runs an operation and returns when it is done. Counts are numbers of floats and at least what the shape needs; input1
 * is null and its count 0 where the operation has one input. Allocates nothing. The result does not depend on the
 * number of threads. Scratch holds nothing before and after; nothing may overlap the output or the scratch.
 */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_op_run(const earshot_cpu_op *op, earshot_cpu_team *team,
                                                      const float *input0, int64_t input0_count, const float *input1,
                                                      int64_t input1_count, float *output, int64_t output_count,
                                                      float *scratch, int64_t scratch_count, int64_t batch,
                                                      int64_t frames, int64_t bands);

/* Frees an operation. Null is allowed. */
EARSHOT_CPU_API void earshot_cpu_op_destroy(earshot_cpu_op *op);

#ifdef __cplusplus
}
#endif

#endif
