/**
 * What every backend is built on, whatever it computes with: the checks of an operation that is being bound, and an
 * execution that knows its own memory. Not exported: callers see {@link org.earshot.backend} only.
 */
package org.earshot.backend.common;
