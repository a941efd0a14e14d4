package org.earshot.audio;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The formats of recordings: the one list that folders are scanned by, patterns are matched with and decoders choose
 * from. A file's format is what its bytes say; the endings only tell which files of a folder are worth opening.
 */
public enum AudioFormat {
    /** RIFF, RIFX, RF64 and BW64. */
    WAV("WAV", "wav", "wave", "bwf", "rf64"),
    /** Free Lossless Audio Codec. */
    FLAC("FLAC", "flac"),
    /** Vorbis, Opus, FLAC and Speex in Ogg. */
    OGG("Ogg", "ogg", "oga", "opus", "spx"),
    /** MPEG audio, layers I to III. */
    MP3("MP3", "mp3", "mp2", "mpga"),
    /** AAC in ADTS. */
    AAC("AAC", "aac", "adts"),
    /** MPEG-4, 3GPP and QuickTime, with AAC, ALAC and others. */
    MPEG4("MPEG-4", "m4a", "m4b", "mp4", "m4v", "mov", "qt", "3gp", "3g2"),
    /** Matroska and WebM. */
    MATROSKA("Matroska", "mka", "mkv", "webm"),
    /** AIFF and AIFF-C. */
    AIFF("AIFF", "aif", "aiff", "aifc"),
    /** Apple's Core Audio Format. */
    CAF("CAF", "caf"),
    /** Sun's and NeXT's. */
    AU("AU", "au", "snd"),
    /** WavPack. */
    WAVPACK("WavPack", "wv"),
    /** Monkey's Audio. */
    MONKEYS_AUDIO("Monkey's Audio", "ape"),
    /** True Audio. */
    TRUE_AUDIO("True Audio", "tta"),
    /** Adaptive Multi-Rate speech, narrow and wide band. */
    AMR("AMR", "amr", "awb"),
    /** Windows Media (ASF). */
    WINDOWS_MEDIA("Windows Media", "wma", "wmv", "asf");

    private final String title;

    @SuppressWarnings("ImmutableEnumChecker") // List.of.
    private final List<String> endings;

    AudioFormat(String title, String... endings) {
        this.title = title;
        this.endings = List.of(endings);
    }

    /**
     * What the format is called in messages.
     *
     * @return for example {@code "MPEG-4"}
     */
    public String title() {
        return title;
    }

    /**
     * Endings of the names of files in this format.
     *
     * @return in lower case, without a dot
     */
    public List<String> endings() {
        return endings;
    }

    /**
     * The format that a file's name promises.
     *
     * @param file its last element is looked at, in any case; the file need not exist
     * @return the format, or nothing if the name has no ending, or one that no recording has
     */
    public static Optional<AudioFormat> ofName(Path file) {
        Path name = file.getFileName();
        String text = name == null ? "" : name.toString();
        // A name that begins with its only dot has no ending; it is hidden.
        int dot = text.lastIndexOf('.');
        if (dot < 1) {
            return Optional.empty();
        }
        String ending = text.substring(dot + 1).toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(format -> format.endings.contains(ending))
                .findFirst();
    }
}
