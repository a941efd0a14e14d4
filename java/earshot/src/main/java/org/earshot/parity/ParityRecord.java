package org.earshot.parity;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.Loader;
import org.earshot.backend.Backend;
import org.earshot.backend.Precision;
import org.earshot.error.WeightsException;
import org.earshot.files.Quoted;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.Weights;

/**
 * What a backend computed of golden files, to be compared with what another machine or version computes of them: a
 * safetensors file of values, {@code [B, T, F, C]}, named {@code GOLDEN/TENSOR}, whose metadata say what computed them.
 *
 * @param about what computed: versions, backend with instruction set and device, digests of library and model
 * @param values the values by the golden file's name, a slash and the tensor's name
 */
public record ParityRecord(Map<String, String> about, Map<String, Grid> values) {
    private static final String FORMAT_KEY = "earshot.parity_record";
    private static final String FORMAT = "1";
    private static final String MODEL_KEY = "model";

    /** Copies the maps. */
    public ParityRecord {
        about = Map.copyOf(new LinkedHashMap<>(about));
        values = Map.copyOf(values);
    }

    /**
     * Records results.
     *
     * @param model the model that the golden files belong to
     * @param backend what computed
     * @param precision of its products
     * @param results of the golden files
     * @return the record
     */
    public static ParityRecord of(
            ModelDirectory model, Backend backend, Precision precision, List<ParityResult> results) {
        Map<String, String> about = new LinkedHashMap<>();
        String version = ParityRecord.class.getPackage().getImplementationVersion();
        about.put("earshot", version == null ? "(not from a jar)" : version);
        about.put("backend", backend.toString());
        about.put("precision", precision.label());
        about.put("library", libraryDigest(backend.name()));
        about.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        about.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        about.put(MODEL_KEY, model.digest());
        Map<String, Grid> values = new TreeMap<>();
        for (ParityResult result : results) {
            for (Comparison one : result.comparisons()) {
                values.put(result.golden().getFileName() + "/" + one.name(), one.computed());
            }
        }
        return new ParityRecord(about, values);
    }

    /** SHA-256 of the native library that computes; of a backend in Java, a word that says so. */
    private static String libraryDigest(String backend) {
        String name = "org/earshot/backend/" + backend + "/" + Loader.getPlatform() + "/libearshot_" + backend + ".so";
        // As a module, the native jar is another than this one, which a class would look in alone.
        URL library = ParityRecord.class.getClassLoader().getResource(name);
        if (library == null) {
            return "none, Java alone";
        }
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            URLConnection connection = library.openConnection();
            connection.setUseCaches(false); // The JDK would keep the jar open.
            try (InputStream in = new DigestInputStream(connection.getInputStream(), sha)) {
                in.transferTo(OutputStream.nullOutputStream());
            }
            return HexFormat.of().formatHex(sha.digest());
        } catch (IOException e) {
            return "unreadable: " + e.getMessage();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // Every Java has it.
        }
    }

    /**
     * Writes or replaces a file.
     *
     * @param file where to; its folder must exist
     * @throws WeightsException if it cannot be written
     */
    public void write(Path file) {
        Map<String, WeightTensor> tensors = new TreeMap<>();
        values.forEach((name, grid) -> tensors.put(
                name,
                WeightTensor.of(Shape.of(grid.clips(), grid.frames(), grid.bands(), grid.channels()), grid.values())));
        Map<String, String> metadata = new TreeMap<>(about);
        metadata.put(FORMAT_KEY, FORMAT);
        Safetensors.write(file, tensors, metadata);
    }

    /**
     * Reads a file.
     *
     * @param file written by {@link #write}
     * @return the record
     * @throws WeightsException if it is not such a file
     */
    public static ParityRecord read(Path file) {
        Map<String, String> metadata = new TreeMap<>(Safetensors.metadata(file));
        String format = metadata.remove(FORMAT_KEY);
        if (!FORMAT.equals(format)) {
            throw new WeightsException(
                    file,
                    format == null ? "no " + FORMAT_KEY + " in its metadata" : FORMAT_KEY + " " + Quoted.plain(format),
                    "a record of version " + FORMAT + ", as parity --record writes it");
        }
        Weights weights = Safetensors.read(file);
        Map<String, Grid> values = new TreeMap<>();
        weights.tensors().forEach((name, tensor) -> {
            Shape shape = tensor.shape();
            if (shape.rank() != 4) {
                throw new WeightsException(file + ": " + Quoted.plain(name), "shape " + shape, "[B, T, F, C]");
            }
            values.put(
                    name,
                    new Grid(shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3), tensor.floats()));
        });
        return new ParityRecord(metadata, values);
    }

    /**
     * Compares what is computed now.
     *
     * @param now the record of this machine and version
     * @param tolerances how large differences may be
     * @return what changed
     */
    public Change against(ParityRecord now, Tolerances tolerances) {
        List<String> about = new ArrayList<>();
        for (String key : new TreeMap<>(now.about).keySet()) {
            String before = this.about.getOrDefault(key, "(unknown)");
            if (!before.equals(now.about.get(key))) {
                about.add(key + ": " + before + " before, " + now.about.get(key) + " now");
            }
        }
        List<String> unpaired = new ArrayList<>();
        Map<String, Difference> differences = new TreeMap<>();
        List<String> above = new ArrayList<>();
        for (Map.Entry<String, Grid> entry : new TreeMap<>(now.values).entrySet()) {
            Grid before = values.get(entry.getKey());
            if (before == null || !before.fits(entry.getValue())) {
                unpaired.add(entry.getKey());
                continue;
            }
            Difference difference = Difference.of(before, entry.getValue());
            differences.put(entry.getKey(), difference);
            String tensor = entry.getKey().substring(entry.getKey().lastIndexOf('/') + 1);
            // Written so that NaN is above too.
            if (!(difference.relative() <= tolerances.of(tensor))) {
                above.add(entry.getKey());
            }
        }
        values.keySet().stream()
                .filter(name -> !now.values.containsKey(name))
                .sorted()
                .forEach(unpaired::add);
        return new Change(about, differences, above, unpaired);
    }

    /**
     * What changed between two records.
     *
     * @param about what is not the same of what computed, one line each
     * @param differences of each tensor that both have
     * @param above names of those beyond their tolerance
     * @param unpaired names that only one has, or with another shape in each
     */
    public record Change(
            List<String> about, Map<String, Difference> differences, List<String> above, List<String> unpaired) {
        /** Copies what it is given. */
        public Change {
            about = List.copyOf(about);
            differences = Collections.unmodifiableMap(new TreeMap<>(differences));
            above = List.copyOf(above);
            unpaired = List.copyOf(unpaired);
        }

        /**
         * Whether everything is within its tolerance and there is nothing that only one has.
         *
         * @return whether the change is none that matters
         */
        public boolean passes() {
            return above.isEmpty() && unpaired.isEmpty() && !differences.isEmpty();
        }

        /**
         * Whether all values are the same to the last bit.
         *
         * @return whether nothing changed
         */
        public boolean sameBits() {
            return passes() && differences.values().stream().allMatch(one -> one.unequal() == 0);
        }

        /**
         * Whether the numbers changed, in one line.
         *
         * @return for example {@code "same bits: 1234 values of 5 tensors"}
         */
        public String summary() {
            long count =
                    differences.values().stream().mapToLong(Difference::count).sum();
            String all = count + " values of " + differences.size() + " tensors";
            if (sameBits()) {
                return "same bits: " + all;
            }
            if (!unpaired.isEmpty()) {
                return "not the same tensors: " + String.join(", ", unpaired);
            }
            long unequal =
                    differences.values().stream().mapToLong(Difference::unequal).sum();
            Map.Entry<String, Difference> worst = differences.entrySet().stream()
                    .max(Comparator.comparingDouble((Map.Entry<String, Difference> one) ->
                            one.getValue().relative()))
                    .orElseThrow();
            return String.format(
                    Locale.ROOT,
                    "%s: %d of %s differ in their bits, at most by %.2e of the spread (%s)",
                    above.isEmpty() ? "within tolerance" : above.size() + " tensors above tolerance",
                    unequal,
                    all,
                    worst.getValue().relative(),
                    worst.getKey());
        }
    }
}
