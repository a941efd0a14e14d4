/**
 * Reads trained weights: safetensors and PyTorch checkpoints, both as hostile input, and binds them by name to what a
 * network expects. Knows nothing of networks.
 */
package org.earshot.weights;
