package org.earshot.dataset;

import java.util.function.Consumer;
import org.earshot.error.AudioException;
import org.earshot.error.CancelledException;
import org.earshot.error.EarshotException;

/**
 * A recording of a set that cannot be read.
 *
 * @param clip the recording
 * @param reason what is wrong with it; the message names the file
 */
public record UnreadableClip(Dataset.Clip clip, EarshotException reason) {
    /** An interrupt is no fault of the recording that was being read: it ends the work. */
    static void requireFault(AudioException e) {
        if (e.reason() == AudioException.Reason.INTERRUPTED) {
            throw new CancelledException("the work on a set of recordings", e);
        }
    }

    /**
     * For work that is of no use without every recording.
     *
     * @return what ends the work with the first one's reason
     */
    public static Consumer<UnreadableClip> refused() {
        return unreadable -> {
            throw unreadable.reason;
        };
    }
}
