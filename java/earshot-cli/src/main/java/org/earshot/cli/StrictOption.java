package org.earshot.cli;

import org.earshot.audio.AudioLimits;
import picocli.CommandLine.Option;

/** What to do with damaged recordings. */
final class StrictOption {
    static final String DESCRIPTION =
            "Refuse damaged recordings. Without it what can be decoded is used, and what is" + " missing is said.";

    @Option(names = "--strict", description = DESCRIPTION)
    private boolean strict;

    AudioLimits limits() {
        return limits(strict);
    }

    static AudioLimits limits(boolean strict) {
        return AudioLimits.defaults().withStrict(strict);
    }
}
