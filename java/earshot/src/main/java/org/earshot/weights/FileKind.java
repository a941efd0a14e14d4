package org.earshot.weights;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/** What a file is by its first bytes; names and extensions do not count. */
enum FileKind {
    /** A zip archive, so perhaps a PyTorch checkpoint. */
    ZIP,
    /** Length and JSON header, so a safetensors file, perhaps a damaged one. */
    SAFETENSORS,
    /** JSON text, so perhaps the index of sharded weights. */
    JSON,
    /** None of these. */
    OTHER;

    private static final int PEEKED = 512;
    private static final int TAR_MAGIC_AT = 257;
    private static final int SHOWN = 8;
    /** In UTF-8. */
    private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

    /**
     * {@code torch.save} before 1.6, and later ones told to write as those did: a pickle, since protocol 4 in a frame,
     * of a magic number as a LONG1.
     */
    private static final Pattern OLD_TORCH =
            Pattern.compile("\\x80[\\x02-\\x05](\\x95.{8})?\\x8a\\nl\\xfc\\x9cF\\xf9 j\\xa8P\\x19", Pattern.DOTALL);

    /**
     * A protocol buffer of field 1, the version, and a field from 2 to 7: the producer's names and numbers, the graph.
     * TensorFlow's saved models, which begin so too, are of version 1; ONNX has had 3 and above since 2017.
     */
    private static final Pattern ONNX = Pattern.compile("\\x08[\\x03-\\x7f][\\x12\\x1a\\x22\\x28\\x32\\x3a]");

    static FileKind of(WeightReader file) {
        String start = start(file);
        if (start.startsWith("PK\u0003\u0004") || start.startsWith("PK\u0005\u0006")) {
            return ZIP;
        }
        // The length's upper four bytes are zero in every header of at most 100 MB.
        if (start.length() > Long.BYTES && start.startsWith("\0\0\0\0", 4) && start.charAt(Long.BYTES) == '{') {
            return SAFETENSORS;
        }
        String text = start.startsWith(BYTE_ORDER_MARK) ? start.substring(BYTE_ORDER_MARK.length()) : start;
        return text.stripLeading().startsWith("{") ? JSON : OTHER;
    }

    /** What was found, for a message that refuses the file. */
    String description(WeightReader file) {
        return switch (this) {
            case ZIP -> "a zip archive";
            case SAFETENSORS -> "a safetensors file";
            case JSON -> "JSON text";
            case OTHER -> describe(start(file));
        };
    }

    private static String describe(String start) {
        String text = start.stripLeading().toLowerCase(Locale.ROOT);
        if (start.isEmpty()) {
            return "an empty file";
        } else if (OLD_TORCH.matcher(start).lookingAt()) {
            return "a PyTorch file of the old form, from before 1.6 or _use_new_zipfile_serialization=False"
                    + " (torch.save(torch.load(old), new) writes the new one)";
        } else if (start.startsWith("ustar", TAR_MAGIC_AT)) {
            return "a tar archive (the oldest form of PyTorch files is one)";
        } else if (start.startsWith("\u0080")) {
            return "a Python pickle";
        } else if (start.startsWith("version https://git-lfs")) {
            return "a git-lfs pointer, not the file it stands for (run git lfs pull)";
        } else if (text.startsWith("<!doctype") || text.startsWith("<html") || text.startsWith("<?xml")) {
            return "a web page (did the download need a login?)";
        } else if (text.startsWith("[")) {
            return "JSON text";
        } else if (start.startsWith("\u0089HDF")) {
            return "an HDF5 file";
        } else if (start.startsWith("\u001f\u008b")) {
            return "a gzip file";
        } else if (start.startsWith("\u0093NUMPY")) {
            return "an array of NumPy's (.npy)";
        } else if (ONNX.matcher(start).lookingAt()) {
            return "an ONNX model, an exported graph (the checkpoint that it was exported from is what is read)";
        }
        byte[] bytes = start.substring(0, Math.min(SHOWN, start.length())).getBytes(StandardCharsets.ISO_8859_1);
        return "a file that begins with the bytes " + HexFormat.ofDelimiter(" ").formatHex(bytes);
    }

    /** One character per byte. */
    private static String start(WeightReader file) {
        return new String(file.bytes(0, (int) Math.min(PEEKED, file.file().size())), StandardCharsets.ISO_8859_1);
    }
}
