package org.earshot;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A batch of several callers' windows in a flight recording. */
@Name("org.earshot.Batch")
@Label("Batch")
@Category("Earshot")
@Description("Windows of several calls that were computed at once")
@StackTrace(false)
final class BatchEvent extends Event {
    @Label("Size")
    @Description("Windows")
    int size;

    @Label("Frames")
    @Description("Frames of each window's features")
    int frames;
}
