package org.earshot.cli.commands;

import java.util.List;
import java.util.Optional;
import org.earshot.SceneClassifier;
import org.earshot.cli.output.Console;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.FeatureCache;
import org.earshot.error.EarshotException;
import org.earshot.report.RecordingSpectrogram;
import org.earshot.report.SceneTimeline;
import org.earshot.report.Timelines;

/** What a report's models hear in recordings of which the features are only the first clip's. */
final class LongRecordings implements Timelines {
    private final FeatureCache features;
    private final List<SceneClassifier> classifiers;
    private final Console console;

    LongRecordings(FeatureCache features, List<SceneClassifier> classifiers, Console console) {
        this.features = features;
        this.classifiers = classifiers;
        this.console = console;
    }

    @Override
    public Optional<SceneTimeline> of(int model, int clip) {
        if (features.frames(clip) < features.parameters().frames()) {
            return Optional.empty();
        }
        Dataset.Clip recording = features.set().clips().get(clip);
        try {
            RecordingSpectrogram spectrogram =
                    RecordingSpectrogram.read(recording.audio(), features.parameters(), features.limits());
            if (!spectrogram.isLongerThanAClip()) {
                return Optional.empty();
            }
            SceneClassifier classifier = classifiers.get(model);
            return Optional.of(new SceneTimeline(
                    spectrogram,
                    classifier.labels(),
                    classifier.classify(recording.audio(), recording.context()).segments()));
        } catch (EarshotException e) {
            // Its first clip is in the set all the same, and is what the report then shows.
            console.say("of a long recording the report shows its first clip alone: " + e.getMessage());
            return Optional.empty();
        }
    }
}
