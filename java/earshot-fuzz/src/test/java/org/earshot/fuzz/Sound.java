package org.earshot.fuzz;

import java.io.ByteArrayInputStream;
import java.time.Duration;
import org.earshot.AudioClip;
import org.earshot.audio.AudioLimits;
import org.earshot.error.EarshotException;

/** What the targets of recordings share. */
final class Sound {
    /** A minute at most, so that an input takes no longer than it must. */
    private static final AudioLimits LIMITS = AudioLimits.defaults().withMaxDuration(Duration.ofMinutes(1));

    private Sound() {}

    /** Decodes all there is, and looks at every sample. */
    static void decode(byte[] data, String name) {
        AudioClip clip;
        try {
            clip = AudioClip.read(new ByteArrayInputStream(data), name, LIMITS);
        } catch (EarshotException e) {
            return;
        }
        for (float sample : clip.pcm()) {
            if (!Float.isFinite(sample)) {
                throw new IllegalStateException("a sample of " + sample);
            }
        }
    }
}
