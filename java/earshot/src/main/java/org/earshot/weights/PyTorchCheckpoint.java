package org.earshot.weights;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Predicate;
import org.earshot.error.WeightsException;
import org.earshot.files.Quoted;

/**
 * PyTorch checkpoints ({@code .pth}, {@code .pt}) in the zip form that {@code torch.save} writes since PyTorch 1.6: a
 * pickle {@code data.pkl} that describes tensors, and their storages {@code data/0}, {@code data/1} and so on. The
 * pickle is read by a machine that knows only tensors and plain containers; no code from the file ever runs.
 */
public final class PyTorchCheckpoint {
    private static final String PICKLE = "data.pkl";

    /** A pickle takes about 200 bytes per tensor. */
    private static final int LARGEST_PICKLE = 1 << 24;

    private static final int LONGEST_BYTE_ORDER = 16;

    private static final String SAVE_AGAIN =
            "a file written by torch.save(model.state_dict(), file) in PyTorch 1.6 or later";

    private final WeightReader file;
    private final Map<String, ZipDirectory.Range> entries;

    private PyTorchCheckpoint(WeightReader file) {
        this.file = file;
        this.entries = ZipDirectory.read(file);
    }

    /**
     * Opens a checkpoint and checks all of it but the values, which are read when asked for. The state dict may be the
     * file's only content or stand under {@code model_state_dict}, {@code state_dict}, {@code model},
     * {@code model_ema}, {@code net}, or another key if no other dictionary has more than one tensor; what wraps the
     * network is taken off the names ({@link WrapperPrefixes}). {@link Weights#leftOut} and {@link Weights#notes} tell
     * of it.
     *
     * @param path the file
     * @return the tensors of its state dict, in its order
     * @throws WeightsException if it is damaged, is of an older form or a TorchScript archive, or holds anything but
     *     tensors and plain containers
     */
    public static Weights read(Path path) {
        try (WeightReader file = WeightFile.of(path).reader()) {
            FileKind kind = FileKind.of(file);
            if (kind != FileKind.ZIP) {
                throw new WeightsException(path, kind.description(file), SAVE_AGAIN);
            }
            return WrapperPrefixes.strip(read(file, weights -> false));
        }
    }

    /** The same with the names as they are there, and where the state dict may be anything that fits. */
    static Weights read(WeightReader file, Predicate<Weights> fits) {
        return new PyTorchCheckpoint(file).read(fits);
    }

    private Path path() {
        return file.file().path();
    }

    private Weights read(Predicate<Weights> fits) {
        String folder = folder();
        requireUncompressed();
        requireLittleEndian(folder);
        ZipDirectory.Range range = entries.get(folder + PICKLE);
        String subject = path() + ": " + PICKLE;
        if (range.size() > LARGEST_PICKLE) {
            throw new WeightsException(subject, range.size() + " bytes", "at most " + LARGEST_PICKLE);
        }
        byte[] pickle = file.bytes(range.position(), (int) range.size());
        Object root = new PickleMachine(subject, pickle, new TorchGlobals(file.file(), folder, entries)).run();
        return StateDict.find(path(), subject, root, fits);
    }

    /** The archive's only folder, named after the file when it was written. */
    private String folder() {
        String found = null;
        for (String name : entries.keySet()) {
            if (name.equals(PICKLE) || name.endsWith("/" + PICKLE)) {
                if (found != null) {
                    throw new WeightsException(path(), "two entries " + PICKLE, "one");
                }
                found = name.substring(0, name.length() - PICKLE.length());
            }
        }
        if (found == null) {
            throw new WeightsException(path(), "a zip archive without " + PICKLE, SAVE_AGAIN);
        }
        String folder = found;
        if (entries.containsKey(folder + "constants.pkl")
                || entries.keySet().stream().anyMatch(name -> name.startsWith(folder + "code/"))) {
            throw new WeightsException(path(), "a TorchScript archive", SAVE_AGAIN);
        }
        return folder;
    }

    private void requireUncompressed() {
        entries.forEach((name, range) -> {
            if (range.equals(ZipDirectory.Range.COMPRESSED)) {
                throw new WeightsException(
                        path() + ": zip entry " + Quoted.of(name),
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
            throw new WeightsException(
                    path() + ": byteorder",
                    Quoted.of(order),
                    "\"little\" (torch.save(torch.load(file), file) on a little-endian machine makes it that)");
        }
    }
}
