/**
 * Reads {@code config.json} strictly: one object at a time, every field of the type, in the range and under the name
 * that the reader asks for, and none besides. Knows nothing of what the fields mean.
 */
package org.earshot.config;
