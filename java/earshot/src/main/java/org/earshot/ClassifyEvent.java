package org.earshot;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A {@link ClassifierEvent} in a flight recording; its duration is the call's from when its work began. */
@Name("org.earshot.Classify")
@Label("Classify")
@Category("Earshot")
@Description("A call of a classifier, from its beginning to its end")
@StackTrace(false)
final class ClassifyEvent extends Event {
    @Label("Model Digest")
    @Description("SHA-256 of configuration and weights")
    String modelDigest;

    @Label("Architecture")
    String architecture;

    @Label("Backend")
    String backend;

    @Label("Outcome")
    String outcome;

    @Label("Queued")
    @Timespan(Timespan.NANOSECONDS)
    long queued;

    @Label("Decode")
    @Timespan(Timespan.NANOSECONDS)
    long decode;

    @Label("Features")
    @Timespan(Timespan.NANOSECONDS)
    long features;

    @Label("Network")
    @Timespan(Timespan.NANOSECONDS)
    long network;

    @Label("Windows")
    int windows;

    @Label("Batch Size")
    @Description("Windows that were computed at once")
    int batchSize;

    /** Writes the event, if it is wanted. */
    void commit(ClassifierEvent event) {
        if (!shouldCommit()) {
            return;
        }
        modelDigest = event.modelDigest();
        architecture = event.architecture();
        backend = event.backend();
        outcome = event.outcome().name();
        queued = event.queuedNanos();
        decode = event.decodeNanos();
        features = event.featuresNanos();
        network = event.networkNanos();
        windows = event.windows();
        batchSize = event.batchSize();
        commit();
    }
}
