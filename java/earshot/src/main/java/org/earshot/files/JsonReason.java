package org.earshot.files;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;

/** Why a text is no JSON, in one line: Jackson's own message has a second one about its settings. */
public final class JsonReason {
    private JsonReason() {}

    /**
     * Words a failure.
     *
     * @param e what was thrown
     * @return such as {@code line 3, column 7: Duplicate field 'a'}
     */
    public static String of(JsonProcessingException e) {
        JsonLocation location = e.getLocation();
        // Broken limits have none.
        String place =
                location == null ? "" : "line " + location.getLineNr() + ", column " + location.getColumnNr() + ": ";
        return place + e.getOriginalMessage();
    }
}
