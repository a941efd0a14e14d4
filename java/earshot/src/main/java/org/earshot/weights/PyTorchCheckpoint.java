package org.earshot.weights;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.WeightsException;
import org.earshot.files.Quoted;

/**
 * PyTorch checkpoints ({@code .pth}, {@code .pt}) in the zip form that {@code torch.save} writes since PyTorch 1.6: a
 * pickle {@code data.pkl} that describes tensors, and their storages {@code data/0}, {@code data/1} and so on. The
 * pickle is read by a machine that knows only tensors and plain containers; no code from the file ever runs.
 */
public final class PyTorchCheckpoint {
    private static final String PICKLE = "data.pkl";

    /** A pickle takes about 200 bytes per tensor. */
    private static final int LARGEST_PICKLE = 1 << 25;

    private static final int LONGEST_BYTE_ORDER = 16;

    /** Where training scripts put the state dict, best first. */
    private static final List<String> WRAPPERS = List.of("model_state_dict", "state_dict", "model", "model_ema", "net");

    /** Put before every name by {@code DataParallel} and {@code DistributedDataParallel}. */
    private static final String PARALLEL_PREFIX = "module.";

    private static final String SAVE_AGAIN =
            "a file written by torch.save(model.state_dict(), file) in PyTorch 1.6 or later";

    private final MappedFile file;
    private final Map<String, ZipDirectory.Range> entries;

    private PyTorchCheckpoint(MappedFile file) {
        this.file = file;
        this.entries = ZipDirectory.read(file);
    }

    /**
     * Maps a checkpoint and checks all of it but the values, which are read when asked for. The state dict may be the
     * file's only content or stand under {@code model_state_dict}, {@code state_dict}, {@code model}, {@code model_ema}
     * or {@code net}; a prefix {@code module.} is taken off; {@link Weights#leftOut} tells what else was there.
     *
     * @param path the file
     * @return the tensors of its state dict, in its order
     * @throws WeightsException if it is damaged, is of an older form or a TorchScript archive, or holds anything but
     *     tensors and plain containers
     */
    public static Weights read(Path path) {
        MappedFile file = MappedFile.open(path);
        FileKind kind = FileKind.of(file);
        if (kind != FileKind.ZIP) {
            throw new WeightsException(path, kind.description(file), SAVE_AGAIN);
        }
        return read(file);
    }

    static Weights read(MappedFile file) {
        return new PyTorchCheckpoint(file).read();
    }

    private Weights read() {
        String folder = folder();
        requireUncompressed();
        requireLittleEndian(folder);
        ZipDirectory.Range range = entries.get(folder + PICKLE);
        String subject = file.path() + ": " + PICKLE;
        if (range.size() > LARGEST_PICKLE) {
            throw new WeightsException(subject, range.size() + " bytes", "at most " + LARGEST_PICKLE);
        }
        byte[] pickle = file.bytes(range.position(), (int) range.size());
        Object root = new PickleMachine(subject, pickle, new TorchGlobals(file, subject, folder, entries)).run();
        return new StateDict(subject).find(root);
    }

    /** The archive's only folder, named after the file when it was written. */
    private String folder() {
        String found = null;
        for (String name : entries.keySet()) {
            if (name.equals(PICKLE) || name.endsWith("/" + PICKLE)) {
                if (found != null) {
                    throw new WeightsException(file.path(), "two entries " + PICKLE, "one");
                }
                found = name.substring(0, name.length() - PICKLE.length());
            }
        }
        if (found == null) {
            throw new WeightsException(file.path(), "a zip archive without " + PICKLE, SAVE_AGAIN);
        }
        String folder = found;
        if (entries.containsKey(folder + "constants.pkl")
                || entries.keySet().stream().anyMatch(name -> name.startsWith(folder + "code/"))) {
            throw new WeightsException(file.path(), "a TorchScript archive", SAVE_AGAIN);
        }
        return folder;
    }

    private void requireUncompressed() {
        entries.forEach((name, range) -> {
            if (range.equals(ZipDirectory.Range.COMPRESSED)) {
                throw new WeightsException(
                        file.path() + ": zip entry " + Quoted.of(name),
                        "a compressed entry",
                        "uncompressed entries, as torch.save writes them");
            }
        });
    }

    private void requireLittleEndian(String folder) {
        ZipDirectory.Range range = entries.get(folder + "byteorder");
        if (range == null) {
            return;
        }
        String order = new String(
                file.bytes(range.position(), (int) Math.min(range.size(), LONGEST_BYTE_ORDER)), StandardCharsets.UTF_8);
        if (!order.equals("little")) {
            throw new WeightsException(file.path() + ": byteorder", Quoted.of(order), "\"little\"");
        }
    }

    /** Finds the state dict among what a training script saved. */
    private final class StateDict {
        private final String subject;
        private final List<String> leftOut = new ArrayList<>();
        private final Map<String, WeightTensor> tensors = new LinkedHashMap<>();

        StateDict(String subject) {
            this.subject = subject;
        }

        Weights find(Object root) {
            if (!(root instanceof LinkedHashMap<?, ?> top)) {
                throw new WeightsException(subject, PickleMachine.describe(root), "a dict with a state dict");
            }
            String wrapper = WRAPPERS.stream()
                    .filter(key -> top.get(key) instanceof LinkedHashMap<?, ?> inner && holdsTensors(inner))
                    .findFirst()
                    .orElse(null);
            if (wrapper == null) {
                collect(top);
            } else {
                top.forEach((key, value) -> {
                    if (!wrapper.equals(key)) {
                        leaveOut(key, value);
                    }
                });
                collect((Map<?, ?>) top.get(wrapper));
            }
            if (tensors.isEmpty()) {
                throw new WeightsException(
                        subject, "no tensor at the top or under " + String.join(", ", WRAPPERS), "a state dict");
            }
            return new LoadedWeights(file.path(), tensors, leftOut);
        }

        private void collect(Map<?, ?> dict) {
            dict.forEach((key, value) -> {
                if (key instanceof String name && value instanceof WeightTensor tensor) {
                    String plain = name.startsWith(PARALLEL_PREFIX) ? name.substring(PARALLEL_PREFIX.length()) : name;
                    if (tensors.put(TensorLimits.check(file.path(), plain), tensor) != null) {
                        throw new WeightsException(
                                subject,
                                "two tensors called " + Quoted.of(plain),
                                "different names, with and without " + PARALLEL_PREFIX);
                    }
                } else {
                    leaveOut(key, value);
                }
            });
        }

        private void leaveOut(Object key, Object value) {
            leftOut.add(Quoted.of(key.toString()) + ": " + PickleMachine.describe(value));
        }

        private static boolean holdsTensors(Map<?, ?> dict) {
            return dict.values().stream().anyMatch(WeightTensor.class::isInstance);
        }
    }
}
