/**
 * A server that anyone can call: {@link org.earshot.server.EarshotServer} puts together what serves
 * ({@link org.earshot.server.service}), what it speaks ({@link org.earshot.server.http},
 * {@link org.earshot.server.grpc}, both of {@link org.earshot.server.inference}) and what is seen of it
 * ({@link org.earshot.server.observation}). Batches, deadlines, cancellation, queues and replacement of models are the
 * library's; here they are only given names that clients know.
 */
package org.earshot.server;
