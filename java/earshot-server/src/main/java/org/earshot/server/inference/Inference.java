package org.earshot.server.inference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.earshot.RecordingContext;
import org.earshot.SceneAnalysis;
import org.earshot.ScenePrediction;
import org.earshot.files.Quoted;
import org.earshot.server.service.Contexts;
import org.earshot.server.service.Deadline;
import org.earshot.server.service.ModelInfo;
import org.earshot.server.service.Problem;
import org.earshot.server.service.Recording;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.SceneService;
import org.earshot.server.service.ServedModel;
import org.earshot.server.service.ServedVersion;

/** Answers requests of the Open Inference Protocol. Thread-safe. */
public final class Inference {
    /** What the server calls itself. */
    public static final String SERVER = "earshot";

    /** What kind of model it is, as the protocol names platforms. */
    public static final String PLATFORM = "earshot_safetensors";

    private static final String AUDIO = "AUDIO";
    private static final String PCM = "PCM";
    private static final String SAMPLE_RATE = "sample_rate";

    private final SceneService service;

    /**
     * Answers on a service.
     *
     * @param service that computes
     */
    public Inference(SceneService service) {
        this.service = service;
    }

    /**
     * What of a tensor is known before there is one.
     *
     * @param name its name
     * @param datatype its type
     * @param shape its extents, -1 for any
     */
    public record TensorMetadata(String name, String datatype, List<Long> shape) {}

    /**
     * The inputs that every model has.
     *
     * @return of which a request has one
     */
    public static List<TensorMetadata> inputs() {
        return List.of(
                new TensorMetadata(AUDIO, Tensor.BYTES, List.of(-1L)),
                new TensorMetadata(PCM, Tensor.FP32, List.of(-1L, -1L)));
    }

    /**
     * A model's outputs.
     *
     * @param info the model
     * @return of which a request chooses
     */
    public static List<TensorMetadata> outputs(ModelInfo info) {
        return Stream.of(Output.values())
                .map(output -> new TensorMetadata(
                        output.word(),
                        output.datatype(),
                        switch (output) {
                            case LABEL, PROBABILITY -> List.of(-1L);
                            case RANKING -> List.of(-1L, (long) info.labels().size());
                            case EMBEDDING -> List.of(-1L, -1L);
                        }))
                .toList();
    }

    /**
     * What else is to be known of a model: not of the protocol, but in its place for it.
     *
     * @param info the model
     * @return texts by their names
     */
    public static Map<String, String> properties(ModelInfo info) {
        return new TreeMap<>(Map.of(
                "architecture", info.architecture(),
                "backend", info.backend(),
                "digest", info.digest(),
                "labels", String.join("\n", info.labels()),
                "cities", String.join("\n", info.cities()),
                "sample_rate", Integer.toString(info.features().sampleRate()),
                "clip_seconds", Double.toString(info.clip().toMillis() / 1000.0)));
    }

    /**
     * Begins to answer.
     *
     * @param model which one is asked
     * @param version of it; null or empty for the highest
     * @param request what for
     * @param deadline of the answer
     * @return the answer to come; to cancel it stops the work
     * @throws RequestException if the request contradicts itself
     */
    public Answer begin(ServedModel model, String version, InferenceRequest request, Deadline deadline) {
        ServedVersion served = model.version(version);
        if (request.inputs().size() != 1) {
            throw RequestException.invalid(
                    "inputs", request.inputs().size() + " of them", "one, " + AUDIO + " or " + PCM);
        }
        Tensor input = request.inputs().get(0);
        List<Output> outputs = Output.named(request.outputs());
        Parameters parameters = new Parameters(input.parameters(), request.parameters());
        RecordingContext context = Contexts.of(parameters.text("city"), parameters.text("time"));
        List<Recording> recordings = recordings(input, parameters);
        CompletableFuture<List<SceneAnalysis<ScenePrediction, float[]>>> work =
                service.analyse(served, recordings, context, deadline);
        List<String> labels = served.info().labels();
        return new Answer(
                work,
                work.thenApply(answers -> new InferenceResponse(
                        model.name(),
                        served.version(),
                        request.id(),
                        outputs.stream()
                                .map(output -> output.of(answers, labels))
                                .toList())));
    }

    /**
     * An answer that is being made.
     *
     * @param work what to cancel if nobody waits any more
     * @param response what comes of it
     */
    public record Answer(CompletableFuture<?> work, CompletableFuture<InferenceResponse> response) {}

    private List<Recording> recordings(Tensor input, Parameters parameters) {
        String shape = Quoted.plain(input.shape().toString());
        long elements = 1;
        for (long extent : input.shape()) {
            if (extent < 0 || extent > Integer.MAX_VALUE || (elements *= extent) > Integer.MAX_VALUE) {
                throw RequestException.invalid(
                        input.name() + ": shape", shape, "extents that are not negative, nor huge");
            }
        }
        if (elements != input.data().size()) {
            throw RequestException.invalid(
                    input.name(), input.data().size() + " elements", elements + ", as the shape " + shape + " says");
        }
        return switch (input.name()) {
            case AUDIO -> files(input);
            case PCM -> samples(input, parameters.integer(SAMPLE_RATE));
            default ->
                throw RequestException.invalid(
                        "input",
                        Quoted.of(input.name()),
                        AUDIO + " (BYTES, whole files) or " + PCM + " (FP32, samples)");
        };
    }

    private List<Recording> files(Tensor input) {
        if (!(input.data() instanceof Tensor.Bytes files) || !input.datatype().equals(Tensor.BYTES)) {
            throw RequestException.invalid(AUDIO + ": datatype", Quoted.of(input.datatype()), Tensor.BYTES);
        }
        requireBatch(AUDIO, files.size());
        List<Recording> recordings = new ArrayList<>();
        for (byte[] file : files.elements()) {
            recordings.add(service.recording(file, AUDIO + "[" + recordings.size() + "]"));
        }
        return recordings;
    }

    private List<Recording> samples(Tensor input, int sampleRate) {
        if (!(input.data() instanceof Tensor.Floats floats) || !input.datatype().equals(Tensor.FP32)) {
            throw RequestException.invalid(PCM + ": datatype", Quoted.of(input.datatype()), Tensor.FP32);
        }
        List<Long> shape = input.shape();
        if (shape.size() != 1 && shape.size() != 2) {
            throw RequestException.invalid(
                    PCM + ": shape", Quoted.plain(shape.toString()), "[recordings, samples] or [samples]");
        }
        int count = shape.size() == 1 ? 1 : shape.get(0).intValue();
        int length = shape.get(shape.size() - 1).intValue();
        requireBatch(PCM, count);
        List<Recording> recordings = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            recordings.add(Recording.ofSamples(
                    floats.array(),
                    i * length,
                    length,
                    sampleRate,
                    PCM + "[" + i + "]",
                    service.limits().audio()));
        }
        return recordings;
    }

    private void requireBatch(String name, int recordings) {
        int most = service.limits().batch();
        if (recordings < 1) {
            throw RequestException.invalid(name, "no recording", "at least one");
        }
        if (recordings > most) {
            throw new RequestException(
                    Problem.TOO_LARGE, name + ": found " + recordings + " recordings; expected at most " + most);
        }
    }
}
