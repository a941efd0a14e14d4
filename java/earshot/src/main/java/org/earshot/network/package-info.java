/**
 * A network as a graph of {@link org.earshot.layer layers}, and how it is run: its weights are prepared once by a
 * {@link org.earshot.backend backend}, and each {@link org.earshot.network.NetworkSession} lays out the memory of a run
 * and repeats it. Knows nothing of particular networks, of weight files or of configurations.
 */
package org.earshot.network;
