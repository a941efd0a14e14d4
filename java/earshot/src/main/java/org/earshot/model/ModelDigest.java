package org.earshot.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.earshot.files.FileDigest;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.Weights;

/**
 * By what a model is known again, wherever it lies: the same for a checkpoint and what {@code convert} makes of it, for
 * one file and several, for a file and memory; another as soon as a value, a name or a setting differs.
 */
final class ModelDigest {
    private static final int BLOCK = 1 << 16;

    private ModelDigest() {}

    /**
     * SHA-256 of the configuration, as {@link ModelConfig#json()} writes it, and of every tensor in the order of the
     * names: its name and shape, and its values in little-endian order, float32 or, of integers, int64. Texts end with
     * a zero byte.
     *
     * @return 64 hexadecimal digits
     */
    static String of(ModelConfig config, Weights weights) {
        MessageDigest sha = FileDigest.sha256();
        text(sha, config.json());
        for (Map.Entry<String, WeightTensor> entry : new TreeMap<>(weights.tensors()).entrySet()) {
            WeightTensor tensor = entry.getValue();
            text(sha, entry.getKey());
            text(sha, tensor.shape().toString());
            values(sha, tensor);
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    private static void text(MessageDigest sha, String text) {
        sha.update(text.getBytes(StandardCharsets.UTF_8));
        sha.update((byte) 0);
    }

    private static void values(MessageDigest sha, WeightTensor tensor) {
        ByteBuffer block = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        if (tensor.type().integral()) {
            for (long value : tensor.longs()) {
                full(sha, block).putLong(value);
            }
        } else {
            for (float value : tensor.floats()) {
                full(sha, block).putFloat(value);
            }
        }
        sha.update(block.flip());
    }

    /** The block with room for one more value. */
    private static ByteBuffer full(MessageDigest sha, ByteBuffer block) {
        if (block.remaining() < Long.BYTES) {
            sha.update(block.flip());
            block.clear();
        }
        return block;
    }
}
