package org.earshot.error;

/**
 * An argument that one of several fields of a value cannot have, said in parts, so that whoever read the field from a
 * file can add where. A programming error in all other cases, hence no {@link EarshotException}.
 */
public final class FieldException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String field;
    private final String found;
    private final String expected;

    /**
     * Creates the exception from its parts.
     *
     * @param field the field, as files call it
     * @param found what was found there
     * @param expected what would have been right
     */
    public FieldException(String field, String found, String expected) {
        super(field + ": found " + found + "; expected " + expected);
        this.field = field;
        this.found = found;
        this.expected = expected;
    }

    /**
     * The field.
     *
     * @return as files call it
     */
    public String field() {
        return field;
    }

    /**
     * The finding.
     *
     * @return what was found in the field
     */
    public String found() {
        return found;
    }

    /**
     * The expectation.
     *
     * @return what would have been right
     */
    public String expected() {
        return expected;
    }
}
