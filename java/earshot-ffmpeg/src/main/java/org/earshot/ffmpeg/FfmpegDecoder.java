package org.earshot.ffmpeg;

import java.util.Set;
import org.bytedeco.javacpp.Loader;
import org.earshot.audio.AudioDecoder;
import org.earshot.audio.AudioFormat;
import org.earshot.audio.AudioInput;
import org.earshot.audio.AudioStream;
import org.earshot.error.AudioException;

/**
 * Reads all formats of {@link AudioFormat} with FFmpeg's libavformat and libavcodec; of WAV the codings that the
 * library leaves to it (ADPCM, GSM, MP3 and others).
 *
 * <p>FFmpeg is given bytes, never a name: it opens no other file, follows no playlist and speaks no protocol. The
 * formats and codecs that it may use are listed in {@link Codecs}; what is not is refused by name.
 *
 * <p>What an encoder added at the start and end is cut off where the file says how much it is, with two exceptions of
 * FFmpeg's: the filling of the last AAC packet in MPEG-4 stays, and Ogg Vorbis of a single page loses half a block at
 * its end.
 *
 * <p>Damage does not end a recording: packets that cannot be decoded and pages whose checksum fails are left out, what
 * follows is joined to what came before, and {@link AudioStream#losses} says where and how much. A frame of FLAC whose
 * checksum fails is left out too, where FFmpeg by default plays it. A file that breaks off gives what is there; the
 * missing end is said where the format tells the length. Only a file without any sound that can be decoded is refused.
 *
 * <p>FFmpeg's log is switched off for the process, unless the application has set a level of its own, and a single
 * allocation of FFmpeg's is bounded to 128 MiB, also for the process.
 */
public final class FfmpegDecoder implements AudioDecoder {
    /** Creates the decoder, which has no state. */
    public FfmpegDecoder() {}

    @Override
    public Set<AudioFormat> formats() {
        return Codecs.formats();
    }

    @Override
    public AudioStream open(AudioInput input) {
        String failure = NativeLibraries.failure();
        if (failure != null) {
            throw new AudioException(
                    AudioException.Reason.UNAVAILABLE,
                    input.name(),
                    "a format that needs FFmpeg's libraries, which do not load on this machine (" + failure + ")",
                    "the jars org.bytedeco:ffmpeg and org.bytedeco:javacpp of classifier " + Loader.getPlatform()
                            + ", and a folder to unpack them to that libraries may be loaded from (system property"
                            + " org.bytedeco.javacpp.cachedir); on the module path also --add-modules"
                            + " org.bytedeco.ffmpeg.linux.x86_64");
        }
        if (input.format() == AudioFormat.MPEG4) {
            Mpeg4Index.check(input);
        }
        return new FfmpegStream(input);
    }
}
