package org.earshot.cli.options;

import org.earshot.audio.AudioLimits;
import picocli.CommandLine.Option;

/** What to do with damaged recordings. */
public final class StrictOption {
    @Option(
            names = "--strict",
            description = "Refuse damaged recordings. Without it what can be decoded is used, and what is missing is"
                    + " said.")
    private boolean strict;

    /** The bounds that recordings are read in. */
    public AudioLimits limits() {
        return AudioLimits.defaults().withStrict(strict);
    }
}
