/**
 * What Earshot throws: one type for each kind of thing that can be wrong (a recording, weights, a model, a context, a
 * device...), all of them {@link org.earshot.error.EarshotException}; and {@link org.earshot.error.FieldException}, an
 * illegal argument in parts. Every package may throw these, so this one knows no other.
 */
package org.earshot.error;
