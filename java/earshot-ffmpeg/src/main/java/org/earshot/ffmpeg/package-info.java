/**
 * The optional decoder for compressed recordings. Nobody calls it by name: {@link org.earshot.audio.AudioFiles} finds
 * it when it is on the class path or module path.
 */
package org.earshot.ffmpeg;
