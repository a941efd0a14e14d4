/**
 * Decoding in processes of its own: what a file does to a decoder written in C, it does there and to no other request.
 * {@link org.earshot.server.decoding.ProcessDecoder} has a few such processes, each with one recording at a time, which
 * are started from this one's class path, fed by their standard input, and end with it.
 */
package org.earshot.server.decoding;
