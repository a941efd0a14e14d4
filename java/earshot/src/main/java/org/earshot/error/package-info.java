/**
 * What Earshot throws: one type for each kind of thing that can be wrong (a recording, weights, a model, a context, a
 * device...), all of them {@link org.earshot.error.EarshotException}; {@link org.earshot.error.FieldException}, an
 * illegal argument in parts; and {@link org.earshot.error.ClosedException}, the illegal state of what was closed. Every
 * package may throw these, so this one knows no other.
 */
package org.earshot.error;
