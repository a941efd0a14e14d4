/**
 * HTTP: the Open Inference Protocol with its extension for binary data, the simple paths ({@code /classify},
 * {@code /stream}, {@code /features}), health, metrics and the page.
 *
 * <p>On Jetty, without servlets: of the established servers it is the one whose core reads bodies without a thread for
 * each (so that slow clients take none), speaks WebSocket, ends gracefully within a bound, and brings nothing but
 * SLF4J. Netty alone would leave HTTP's rules to us, and Undertow and Vert.x bring frameworks of their own.
 */
package org.earshot.server.http;
