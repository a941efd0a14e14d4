package org.earshot.ffmpeg;

import java.time.Duration;
import java.util.List;
import org.earshot.audio.LossLog;

/** Says what the missing pages of an Ogg file were in time. */
final class OggLosses {
    /** What Vorbis may lose at the end of a short file without any damage, and no page is as short as. */
    private static final double UNCERTAIN_SECONDS = 0.05;

    private static final double NANOSECONDS = 1e9;

    private OggLosses() {}

    /**
     * Enters the gaps into a log.
     *
     * @param pages of the file
     * @param secondsDecoded what came out of the whole file; negative if it has not been read to its end
     * @param granuleSeconds how long a granule is
     */
    static void enter(OggPages pages, double secondsDecoded, double granuleSeconds, LossLog log) {
        List<OggPages.Gap> gaps = pages.gaps();
        double estimate = gaps.stream().mapToDouble(OggPages.Gap::missing).sum() * granuleSeconds;
        double tail = gaps.stream()
                .filter(gap -> gap.share() == 1)
                .mapToDouble(OggPages.Gap::missing)
                .sum();
        double known = (pages.length() + tail) * granuleSeconds - secondsDecoded;
        boolean isKnown = secondsDecoded >= 0 && pages.length() > 0;
        double scale = isKnown && estimate > 0 ? Math.max(0, known) / estimate : 1;
        double lost = 0;
        for (OggPages.Gap gap : gaps) {
            double missing = gap.missing() * granuleSeconds * scale;
            if (gap.sure() || (isKnown && known > UNCERTAIN_SECONDS)) {
                double at = Math.max(0, gap.before() * granuleSeconds - lost);
                log.add(duration(at), duration(missing), cause(gap));
                lost += missing;
            }
        }
    }

    private static String cause(OggPages.Gap gap) {
        if (!gap.sure()) {
            return "missing pages";
        }
        return gap.share() == 1 ? "a damaged or cut page at the end" : "damaged pages";
    }

    private static Duration duration(double seconds) {
        return Duration.ofNanos(Math.round(seconds * NANOSECONDS));
    }
}
