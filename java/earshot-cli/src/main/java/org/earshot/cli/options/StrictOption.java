package org.earshot.cli.options;

import org.earshot.audio.AudioLimits;
import picocli.CommandLine.Option;

/** What to do with damaged recordings. */
public final class StrictOption {
    public static final String DESCRIPTION =
            "Refuse damaged recordings. Without it what can be decoded is used, and what is" + " missing is said.";

    @Option(names = "--strict", description = DESCRIPTION)
    private boolean strict;

    public AudioLimits limits() {
        return limits(strict);
    }

    public static AudioLimits limits(boolean strict) {
        return AudioLimits.defaults().withStrict(strict);
    }
}
