package org.earshot.ffmpeg;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.LossLog;
import org.earshot.audio.Samples;

/**
 * Works out what is missing from what the decoder gives: from packets that it refuses and, where packets have times,
 * from the gaps between them, as whole pages may be missing that nobody complains of.
 */
final class DecodingLosses {
    /** Times of containers are rounded, and those of Vorbis hop by up to half a block. */
    private static final double GAP_SECONDS = 0.06;

    /** Codecs cut and fill at the end; a file that breaks off lacks more than that, or none can tell. */
    private static final double END_SECONDS = 0.1;

    private static final double NANOSECONDS = 1e9;

    private static final String REFUSED = "a packet that cannot be decoded";

    private final LossLog log = new LossLog();
    private long framesDecoded;
    private int sampleRate;

    /** When the next frame is due, in seconds; NaN if that is not known. */
    private double due = Double.NaN;

    private double secondsLost;

    /** Whether packets were refused since the last frame, and how long they were. */
    private boolean refused;

    private double secondsRefused;
    private int lastFailure;

    /** Starts with nothing lost. */
    DecodingLosses() {}

    /** Takes in a packet that the decoder refused. */
    void damaged(AVPacket packet, int status, double timeUnit) {
        if (isFilling(packet)) {
            return;
        }
        lastFailure = status;
        refused = true;
        secondsRefused += Math.max(0, packet.duration()) * timeUnit;
    }

    /** Zeros between frames or behind the last are no damage. */
    private static boolean isFilling(AVPacket packet) {
        if (packet.data() == null || packet.size() <= 0) {
            return false;
        }
        ByteBuffer bytes = packet.data().capacity(packet.size()).asByteBuffer();
        while (bytes.hasRemaining()) {
            if (bytes.get() != 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Takes in a frame that was decoded.
     *
     * @param start when it is to be heard by the file, in seconds; NaN if the file does not say
     */
    void decoded(AVFrame frame, double start) {
        if (framesDecoded == 0) {
            sampleRate = frame.sample_rate();
        }
        boolean timed = !Double.isNaN(start) && !Double.isNaN(due);
        double gap = timed ? Math.max(0, start - due) : 0;
        if (refused) {
            note(timed ? gap : secondsRefused, REFUSED);
        } else if (gap > GAP_SECONDS) {
            note(gap, "damaged or missing packets");
        }
        if ((frame.flags() & AVFrame.AV_FRAME_FLAG_CORRUPT) != 0) {
            note(0, "a packet that is there only in part");
        }
        refused = false;
        secondsRefused = 0;
        double length = (double) frame.nb_samples() / Math.max(1, frame.sample_rate());
        due = (Double.isNaN(start) ? due : start) + length;
        framesDecoded += frame.nb_samples();
    }

    /** Forgets when the next frame is due. */
    void startAnew() {
        due = Double.NaN;
    }

    /**
     * Takes in that another recording of a chain follows.
     *
     * @param failure why the one before could not be read to its end, 0 if it was
     */
    void endOfLink(int failure) {
        if (failure != 0) {
            lastFailure = failure;
            note(0, "damage at the end of a chained recording (" + FfmpegErrors.text(failure) + ")");
        } else if (refused) {
            note(secondsRefused, REFUSED);
        }
        refused = false;
        secondsRefused = 0;
        startAnew();
    }

    /** Takes in a recording of a chain that is left out. */
    void unopened(String why) {
        note(0, "a chained recording that cannot be read (" + why + ")");
    }

    /**
     * Takes in the end of the stream.
     *
     * @param stated how long the stream says that it is, in seconds, 0 if it does not
     * @param failure why it could not be read to its end, 0 if it was
     */
    void end(double stated, int failure) {
        if (failure != 0) {
            lastFailure = failure;
        }
        if (framesDecoded == 0) {
            return;
        }
        double missing = stated - (double) framesDecoded / sampleRate - secondsLost;
        if (failure != 0) {
            note(Math.max(missing, 0), "damage that nothing can be read behind (" + FfmpegErrors.text(failure) + ")");
        } else if (missing > END_SECONDS) {
            note(missing, "the end of the file, before that of its sound");
        } else if (refused && (stated == 0 || missing > 0)) {
            // What lies behind the whole of the sound is no damage to it.
            note(secondsRefused, REFUSED);
        }
    }

    private void note(double seconds, String cause) {
        secondsLost += seconds;
        log.add(
                Samples.duration(framesDecoded, Math.max(1, sampleRate)),
                Duration.ofNanos(Math.round(seconds * NANOSECONDS)),
                cause);
    }

    boolean anythingDecoded() {
        return framesDecoded > 0;
    }

    /** The last status that was not success, 0 if there was none. */
    int lastFailure() {
        return lastFailure;
    }

    /** What has been decoded, in seconds. */
    double secondsDecoded() {
        return framesDecoded == 0 ? 0 : (double) framesDecoded / sampleRate;
    }

    List<AudioLoss> list() {
        return log.losses();
    }
}
