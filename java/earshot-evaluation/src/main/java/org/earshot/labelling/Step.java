package org.earshot.labelling;

/** What became of a clip. */
public enum Step {
    /** Among the first model's surest answers: keeps that answer. */
    FIRST,
    /** Not among them, but the second model agrees: keeps it too. */
    SECOND,
    /** Neither: gets no label. */
    DROPPED
}
