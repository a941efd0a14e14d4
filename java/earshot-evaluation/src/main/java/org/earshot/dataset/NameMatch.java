package org.earshot.dataset;

import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.earshot.audio.AudioFormat;

/** How alike the name in a metadata file and a recording's are, the most alike first. */
enum NameMatch {
    EXACT(UnaryOperator.identity(), false, false),
    /** The metadata leave out the extension, as the challenge's do. */
    WITHOUT_EXTENSION(UnaryOperator.identity(), false, true),
    /** The same characters written in another of Unicode's forms: macOS takes them apart. */
    UNICODE(NamePath::composed, false, false),
    UNICODE_WITHOUT_EXTENSION(NamePath::composed, false, true),
    CASE(NamePath::fold, false, false),
    CASE_WITHOUT_EXTENSION(NamePath::fold, false, true),
    /** Another extension: the recordings were converted. */
    EXTENSION(NamePath::fold, true, true);

    @SuppressWarnings("ImmutableEnumChecker") // Functions without state.
    private final UnaryOperator<String> form;

    private final boolean stemOfRow;
    private final boolean stemOfFile;

    NameMatch(UnaryOperator<String> form, boolean stemOfRow, boolean stemOfFile) {
        this.form = form;
        this.stemOfRow = stemOfRow;
        this.stemOfFile = stemOfFile;
    }

    /** What of a row's name is compared; nothing, which no recording has, for an extension that is none of sound. */
    String keyOfRow(NamePath name) {
        if (stemOfRow && AudioFormat.ofName(Path.of(name.base())).isEmpty()) {
            return "";
        }
        return form.apply(stemOfRow ? name.stem() : name.base());
    }

    /** What of a recording's name is compared. */
    String keyOfFile(NamePath name) {
        return form.apply(stemOfFile ? name.stem() : name.base());
    }

    /** Whether the two are the same name to a reader, so that nothing needs to be said of it. */
    boolean isSameName() {
        return compareTo(CASE) < 0;
    }
}
