/**
 * gRPC: the Open Inference Protocol's service, of the specification's own proto, which the build compiles into
 * {@code inference}.
 */
package org.earshot.server.grpc;
