package org.earshot.ffmpeg;

import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swresample;
import org.bytedeco.javacpp.Loader;

/** Loads FFmpeg's libraries once. */
final class NativeLibraries {
    /** Why they did not load, or null. Kept, because the JVM names the cause only to whoever tries first. */
    private static final String FAILURE = tryToLoad();

    private NativeLibraries() {}

    /**
     * Makes sure that they are loaded.
     *
     * @return why they cannot be, or null if they are
     */
    static String failure() {
        return FAILURE;
    }

    private static String tryToLoad() {
        try {
            Loader.load(avutil.class);
            Loader.load(swresample.class);
            Loader.load(avcodec.class);
            Loader.load(avformat.class);
        } catch (LinkageError e) {
            return e.toString();
        }
        if (avutil.av_log_get_level() == avutil.AV_LOG_INFO) {
            avutil.av_log_set_level(avutil.AV_LOG_QUIET);
        }
        return null;
    }
}
