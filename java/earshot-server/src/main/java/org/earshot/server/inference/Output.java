package org.earshot.server.inference;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.earshot.SceneAnalysis;
import org.earshot.ScenePrediction;
import org.earshot.ScenePrediction.ScoredScene;
import org.earshot.files.Quoted;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;

/** What can be asked for. */
enum Output {
    LABEL(Tensor.BYTES) {
        @Override
        Tensor of(List<SceneAnalysis<ScenePrediction, float[]>> answers, List<String> labels) {
            return tensor(List.of((long) answers.size()), texts(answers.stream().map(answer -> answer.prediction()
                    .label())));
        }
    },
    PROBABILITY(Tensor.FP32) {
        @Override
        Tensor of(List<SceneAnalysis<ScenePrediction, float[]>> answers, List<String> labels) {
            float[] values = new float[answers.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = answers.get(i).prediction().probability();
            }
            return tensor(List.of((long) values.length), new Tensor.Floats(values, values.length));
        }
    },
    RANKING(Tensor.BYTES) {
        @Override
        Tensor of(List<SceneAnalysis<ScenePrediction, float[]>> answers, List<String> labels) {
            return tensor(
                    List.of((long) answers.size(), (long) labels.size()),
                    texts(answers.stream()
                            .flatMap(answer -> answer.prediction().ranking().stream())
                            .map(scene -> scored(scene, labels))));
        }
    },
    EMBEDDING(Tensor.FP32) {
        @Override
        Tensor of(List<SceneAnalysis<ScenePrediction, float[]>> answers, List<String> labels) {
            int width = answers.get(0).embedding().length;
            float[] values = new float[Math.multiplyExact(width, answers.size())];
            for (int i = 0; i < answers.size(); i++) {
                System.arraycopy(answers.get(i).embedding(), 0, values, i * width, width);
            }
            return tensor(List.of((long) answers.size(), (long) width), new Tensor.Floats(values, values.length));
        }
    };

    private final String datatype;

    Output(String datatype) {
        this.datatype = datatype;
    }

    /** The tensor of some answers. */
    abstract Tensor of(List<SceneAnalysis<ScenePrediction, float[]>> answers, List<String> labels);

    /** As requests have it. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    String datatype() {
        return datatype;
    }

    Tensor tensor(List<Long> shape, Tensor.Data data) {
        return Tensor.output(word(), shape, data);
    }

    /** What a client asks for by their names; all if it names none. */
    static List<Output> named(List<String> names) {
        if (names.isEmpty()) {
            return List.of(values());
        }
        List<Output> outputs = new ArrayList<>();
        for (String name : names) {
            outputs.add(Stream.of(values())
                    .filter(output -> output.word().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new RequestException(
                            Problem.INVALID,
                            "outputs: found " + Quoted.of(name) + "; expected one of "
                                    + Stream.of(values()).map(Output::word).collect(Collectors.joining(", ")))));
        }
        return outputs;
    }

    private static Tensor.Bytes texts(Stream<String> texts) {
        return new Tensor.Bytes(
                texts.map(text -> text.getBytes(StandardCharsets.UTF_8)).toList());
    }

    private static String scored(ScoredScene scene, List<String> labels) {
        return String.format(
                Locale.ROOT, "%f:%d:%s", scene.probability(), labels.indexOf(scene.label()), scene.label());
    }
}
