package org.earshot.ffmpeg;

import org.bytedeco.javacpp.Pointer;

/**
 * Memory that FFmpeg allocated. Nothing in this module is allocated through JavaCPP: it refuses to when the whole
 * process, Java heap included, exceeds a bound taken from the heap's, which an honest decode in a small heap does.
 */
final class Memory {
    private Memory() {}

    /** FFmpeg returns null only when memory has run out, or beyond the bound on one allocation. */
    static <P extends Pointer> P allocated(P pointer) {
        if (pointer == null || pointer.isNull()) {
            throw exhausted();
        }
        return pointer;
    }

    static OutOfMemoryError exhausted() {
        return new OutOfMemoryError("FFmpeg could not allocate memory");
    }
}
