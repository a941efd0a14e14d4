/**
 * From files to PCM: decoders (WAV here; other formats join through {@link org.earshot.audio.AudioDecoder} and
 * {@link java.util.ServiceLoader}), mixing to mono, and resampling. Everything streams: no length of recording needs
 * more memory than a block.
 */
package org.earshot.audio;
