package org.earshot.ffmpeg;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.earshot.AudioLoss;
import org.earshot.audio.LossLog;
import org.earshot.audio.Samples;

/**
 * Works out what is missing from what the decoder gives: from packets that it refuses and, where packets have times,
 * from the gaps between them, as whole pages may be missing that nobody complains of.
 */
final class DecodingLosses {
    /** Times are rounded, to milliseconds in Matroska; the shortest packet of Opus has 2.5. */
    private static final double GAP_SECONDS = 0.005;

    /** Codecs cut and fill at the end; a file that breaks off lacks more than that, or none can tell. */
    private static final double END_SECONDS = 0.1;

    private static final double NANOSECONDS = 1e9;

    private final boolean timed;
    private final LossLog log = new LossLog();
    private long framesDecoded;
    private int sampleRate;

    /** When the next frame is due, in seconds; NaN if that is not known. */
    private double due = Double.NaN;

    private double secondsLost;

    /** The first packet refused since the last frame, 0 if none was; and how long those packets were. */
    private int refusal;

    private double secondsRefused;
    private int lastFailure;

    /**
     * Starts with nothing lost.
     *
     * @param timed whether the frames' times are those of the file, not counted up
     */
    DecodingLosses(boolean timed) {
        this.timed = timed;
    }

    /** Takes in a packet that the decoder refused. */
    void damaged(AVPacket packet, int status, double timeUnit) {
        if (isFilling(packet)) {
            return;
        }
        lastFailure = status;
        if (refusal == 0) {
            refusal = status;
        }
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

    /** Takes in a frame that was decoded. */
    void decoded(AVFrame frame, double timeUnit) {
        if (framesDecoded == 0) {
            sampleRate = frame.sample_rate();
        }
        long time = frame.best_effort_timestamp();
        double start = time == avutil.AV_NOPTS_VALUE ? Double.NaN : time * timeUnit;
        double gap = timed && start - due > GAP_SECONDS ? start - due : 0;
        if (refusal != 0) {
            note(timed ? gap : secondsRefused, refused());
        } else if (gap > 0) {
            note(gap, "damaged or missing packets");
        }
        if ((frame.flags() & AVFrame.AV_FRAME_FLAG_CORRUPT) != 0) {
            note(0, "a packet that is there only in part");
        }
        refusal = 0;
        secondsRefused = 0;
        due = start + (double) frame.nb_samples() / Math.max(1, frame.sample_rate());
        framesDecoded += frame.nb_samples();
    }

    /** Forgets when the next frame is due. */
    void startAnew() {
        due = Double.NaN;
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
        } else if (refusal != 0) {
            note(secondsRefused, refused());
        }
    }

    private String refused() {
        return "a packet that cannot be decoded (" + FfmpegErrors.text(refusal) + ")";
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

    List<AudioLoss> list() {
        return log.losses();
    }
}
