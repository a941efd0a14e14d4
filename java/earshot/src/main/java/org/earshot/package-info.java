/**
 * What most users touch: load a classifier, hand in a recording and its context, read the prediction; or an ensemble of
 * several models, which also tells where they disagree.
 */
package org.earshot;
