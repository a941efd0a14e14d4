/**
 * What backends are built on, whatever they compute with: the checks of an operation that is being bound, an execution
 * that knows its own memory, and the front end in Java. Not exported: callers see {@link org.earshot.backend} only.
 */
package org.earshot.backend.common;
