/**
 * Sets of recordings: their metadata in the challenge's CSV form, the files they belong to, and a file that keeps their
 * features between runs.
 */
package org.earshot.dataset;
