package org.earshot.dataset;

import java.nio.file.Path;
import org.earshot.audio.AudioLimits;
import org.earshot.features.FeatureParameters;

/** The log-mel features of a set's clips, read one by one, by any number of threads at once. */
public interface FeatureSource extends AutoCloseable {
    /**
     * How they are made.
     *
     * @return the front end's parameters
     */
    FeatureParameters parameters();

    /**
     * In which bounds the recordings are read, and whether damaged ones are refused.
     *
     * @return the limits of all clips
     */
    AudioLimits limits();

    /**
     * Number of clips.
     *
     * @return at least 1
     */
    int size();

    /**
     * The recording a clip is, for messages.
     *
     * @param clip from 0
     * @return its file
     */
    Path recording(int clip);

    /**
     * Reads a clip's features: {@code [frames, bands]}, dB; of a recording longer than a clip, the first clip's.
     *
     * @param clip from 0
     * @param target takes them, with room for as many frames as {@link FeatureParameters#frames}
     * @return number of frames
     * @throws org.earshot.error.EarshotException if the clip cannot be read
     */
    int read(int clip, float[] target);

    /** Frees what it reads with; a second call does nothing. */
    @Override
    default void close() {
        // A source that holds nothing but arrays has nothing to free.
    }
}
