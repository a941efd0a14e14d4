/**
 * The Open Inference Protocol (KServe's and Triton's version 2) without its transport: tensors in and out, and what
 * they mean to a scene classifier. {@link org.earshot.server.http} and {@link org.earshot.server.grpc} read and write
 * them.
 *
 * <p>Inputs, one of them: {@code AUDIO}, BYTES {@code [N]}, a whole file each (in JSON as base64); or {@code PCM}, FP32
 * {@code [N, samples]} or {@code [samples]}, mono, with the parameter {@code sample_rate}. Parameters of the input or
 * of the request: {@code city}, {@code time}. Outputs, all unless some are asked for: {@code label}, BYTES {@code [N]};
 * {@code probability}, FP32 {@code [N]}; {@code ranking}, BYTES {@code [N, scenes]}, each
 * {@code probability:index:label} as Triton's classification extension has it, the most probable first;
 * {@code embedding}, FP32 {@code [N, values]}.
 *
 * <p>Sources: the specification of the protocol, and Triton's extensions for binary data, classification and the
 * repository.
 */
package org.earshot.server.inference;
