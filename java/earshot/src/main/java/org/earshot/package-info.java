/**
 * What most users touch: load a classifier, hand in a recording and its context, read the prediction; and the
 * exceptions that everything below throws.
 */
package org.earshot;
