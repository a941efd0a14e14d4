package org.earshot.server.inference;

import java.util.List;
import java.util.Map;

/**
 * What a client asks for.
 *
 * @param id what the answer is to be called, or empty
 * @param parameters of the whole request
 * @param inputs at least one
 * @param outputs names of those that are wanted; none for all
 */
public record InferenceRequest(String id, Map<String, Object> parameters, List<Tensor> inputs, List<String> outputs) {}
