package org.earshot.server.inference;

import java.util.List;

/**
 * The answer.
 *
 * @param model which model answered
 * @param version of it
 * @param id as the request had it
 * @param outputs in the order they were asked for
 */
public record InferenceResponse(String model, String version, String id, List<Tensor> outputs) {}
