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

#include "earshot_layers.h"

#if defined(__GNUC__)
#define EARSHOT_CPU_API __attribute__((visibility("default")))
#else
#define EARSHOT_CPU_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Number of this interface; it changes with every incompatible change of this file. */
#define EARSHOT_CPU_ABI 3

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

/* Threads of one session: the caller's and some of its own, which sleep between runs. */
typedef struct earshot_cpu_team earshot_cpu_team;

/* One prepared layer. Immutable. */
typedef struct earshot_cpu_op earshot_cpu_op;

/* EARSHOT_CPU_ABI as the library was built with. */
EARSHOT_CPU_API int32_t earshot_cpu_abi(void);

/* Why this thread's latest failed call failed, in plain English; empty before the first. Valid
 * until its next failure. */
EARSHOT_CPU_API const char *earshot_cpu_last_error(void);

/* The best instruction set that this processor has and the system lets it use. */
EARSHOT_CPU_API int32_t earshot_cpu_isa_best(void);

/* 1 if the instruction set can be used here, 0 if not or if there is no such set. */
EARSHOT_CPU_API int32_t earshot_cpu_isa_available(int32_t isa);

/* 1 if operations can be made with EARSHOT_PRECISION_BF16 here (and with AVX-512 only), 0 if not. */
EARSHOT_CPU_API int32_t earshot_cpu_bf16_available(void);

/* "baseline", "avx2", "avx512"; "unknown" for any other number. */
EARSHOT_CPU_API const char *earshot_cpu_isa_name(int32_t isa);

/* Makes a team of 1 to 8192 threads, the caller's included. One run at a time; a team is not shared between callers. */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_team_create(int32_t threads, earshot_cpu_team **team);

/* Ends a team's threads. Null is allowed. */
EARSHOT_CPU_API void earshot_cpu_team_destroy(earshot_cpu_team *team);

/*
 * Makes an operation of a layer. Kind, numbers and weights are described in earshot_layers.h; counts are numbers of
 * elements and must be exactly what the kind and the numbers ask for.
 * Precision is EARSHOT_PRECISION_FLOAT32 or _BF16. Bfloat16 concerns in_proj, x_proj, out_proj and the projection of a
 * Mamba path, for which it is EARSHOT_CPU_UNSUPPORTED where the processor lacks it; the path's gates, steps and decays
 * are then taken to some 2^-13, a slow decay to 0.8 % of its rate. All else is float32 whatever the precision:
 * Winograd's algorithm in float32 is faster than direct convolutions in bfloat16 and more accurate, and what remains is
 * small. The front end, EARSHOT_LAYER_LOG_MEL, takes n_fft that are powers of two from 16 to 4096; others are
 * EARSHOT_CPU_UNSUPPORTED.
 */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_op_create(int32_t kind, const int32_t *numbers, int64_t number_count,
                                                         const float *weights, int64_t weight_count, int32_t isa,
                                                         int32_t precision, earshot_cpu_op **op);

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

/* Number of floats of scratch that earshot_cpu_log_mel_frames needs. */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_log_mel_frames_scratch(const earshot_cpu_op *op, int64_t *floats);

/*
 * By an operation of EARSHOT_LAYER_LOG_MEL, in the caller's thread: frames `from` to `to` (exclusive) of the 1 + samples
 * / hop frames of one clip, before the clamp. Levels [to - from, bands] and the loudest of each frame, [to - from], in
 * dB. A frame depends on the samples that it sees and on nothing else: to the last bit, it is what a run computes of it
 * before it clamps at the loudest of all frames, less top dB in float64, rounded to float32.
 */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_log_mel_frames(const earshot_cpu_op *op, const float *pcm,
                                                              int64_t samples, int64_t from, int64_t to, float *levels,
                                                              int64_t level_count, double *loudest,
                                                              int64_t loudest_count, float *scratch,
                                                              int64_t scratch_count);

/*
 * Output samples first_output to first_output + output_count - 1 of a resampler, up / down being the ratio of the rates
 * in lowest terms: output n lies at input n * down / up, whose whole part is i, and is the sum of inputs i - taps / 2 +
 * 1 to i + taps / 2 times the coefficients of phase n modulo up; each sum of four is formed in pairs, and added to
 * those before; no instruction set rounds otherwise. Coefficients [up, taps], taps a multiple of 4. The window begins
 * with input i - taps / 2 + 1 of the first output. With r = ceil(taps / down) it is taken r * up outputs at a time, and
 * has as many inputs as whole such periods look at; scratch has 32 floats for each input that the first one looks at, and
 * 16 beyond, so that its rows can begin where lines of the cache do.
 */
EARSHOT_CPU_API earshot_cpu_status earshot_cpu_resample(int32_t isa, const float *coefficients,
                                                        int64_t coefficient_count, int64_t up, int64_t down,
                                                        const float *window, int64_t window_count, int64_t first_output,
                                                        float *output, int64_t output_count, float *scratch,
                                                        int64_t scratch_count);

/* Frees an operation. Null is allowed. */
EARSHOT_CPU_API void earshot_cpu_op_destroy(earshot_cpu_op *op);

#ifdef __cplusplus
}
#endif

#endif
