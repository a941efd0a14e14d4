package org.earshot;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The loading of a classifier in a flight recording. */
@Name("org.earshot.Load")
@Label("Load")
@Category("Earshot")
@Description("The loading of a classifier: backend, preparation of the weights, warm-up")
@StackTrace(false)
final class LoadEvent extends Event {
    @Label("Model Digest")
    @Description("SHA-256 of configuration and weights")
    String modelDigest;

    @Label("Architecture")
    String architecture;

    @Label("Backend")
    String backend;

    @Label("Sessions")
    int sessions;

    @Label("Warmed Up")
    boolean warmedUp;
}
