package org.earshot.ffmpeg;

import java.nio.charset.StandardCharsets;
import org.bytedeco.ffmpeg.global.avutil;
import org.earshot.error.AudioException;

/** FFmpeg's status codes in words. */
final class FfmpegErrors {
    private static final int TEXT_BYTES = 256;

    /** AVERROR(ENOMEM): out of memory, or beyond the bound on one allocation. */
    private static final int NO_MEMORY = -12;

    private FfmpegErrors() {}

    /** FFmpeg's own words. */
    static String text(int status) {
        byte[] text = new byte[TEXT_BYTES];
        avutil.av_strerror(status, text, text.length);
        int length = 0;
        while (length < text.length && text[length] != 0) {
            length++;
        }
        return new String(text, 0, length, StandardCharsets.UTF_8);
    }

    /** Turns a negative status into an exception. */
    static void check(int status, String name, String doing) {
        if (status >= 0) {
            return;
        }
        if (status == NO_MEMORY) {
            throw new AudioException(
                    AudioException.Reason.LIMIT,
                    name,
                    "a file for which FFmpeg would need more memory than it may have",
                    "one that needs at most 128 MiB at once");
        }
        throw new AudioException(
                AudioException.Reason.DAMAGED,
                name,
                "an error while " + doing + ": " + text(status),
                "a recording of which at least a part is undamaged");
    }
}
