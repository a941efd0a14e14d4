package org.earshot.ffmpeg;

import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;
import org.earshot.AudioException;
import org.earshot.audio.AudioDecoder;
import org.earshot.audio.AudioStream;

/**
 * Reads FLAC, Ogg (Vorbis, Opus, FLAC), MP3, AAC, M4A and other MPEG-4 and QuickTime, Matroska and WebM, AIFF, CAF, AU,
 * WavPack, Monkey's Audio, True Audio, AMR and Windows Media files with FFmpeg's libavformat and libavcodec.
 *
 * <p>Only the file itself is read: no other protocol, no playlist, no file that it refers to. What an encoder added at
 * the start and end is cut off where the file says how much it is, with two exceptions of FFmpeg's: the filling of the
 * last AAC packet in MPEG-4 stays, and Ogg Vorbis of a single page loses half a block at its end. A file that breaks
 * off gives what is there; damage before its end is an error.
 *
 * <p>FFmpeg's log is switched off for the process, unless the application has set a level of its own.
 */
public final class FfmpegDecoder implements AudioDecoder {
    /** Creates the decoder, which has no state. */
    public FfmpegDecoder() {}

    @Override
    public String name() {
        return "FFmpeg";
    }

    @Override
    public boolean accepts(byte[] head) {
        return FileSignature.isKnown(head);
    }

    @Override
    public AudioStream open(Path file) {
        String failure = NativeLibraries.failure();
        if (failure != null) {
            throw new AudioException(
                    AudioException.Reason.UNAVAILABLE,
                    file,
                    "a format that needs FFmpeg's libraries, which do not load on this machine (" + failure + ")",
                    "the jars org.bytedeco:ffmpeg and org.bytedeco:javacpp of classifier " + Loader.getPlatform()
                            + ", and a folder to unpack them to that libraries may be loaded from (system property"
                            + " org.bytedeco.javacpp.cachedir); on the module path also --add-modules"
                            + " org.bytedeco.ffmpeg.linux.x86_64");
        }
        return new FfmpegStream(file);
    }
}
