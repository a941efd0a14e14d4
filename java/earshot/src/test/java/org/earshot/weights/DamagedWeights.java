package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.earshot.error.WeightsException;

/** A weight file as a broken download or disk leaves it, whatever its form. */
final class DamagedWeights {
    private static final int ROUNDS = 500;

    private DamagedWeights() {}

    /**
     * Cuts the file off everywhere, but for so many bytes between.
     *
     * @param folder for the cut ones
     */
    static void assertCutIsRefused(Path file, Path folder, int step) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        Path cut = folder.resolve("cut-" + file.getFileName());
        for (int length = 0; length < whole.length; length += step) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertThrows(WeightsException.class, () -> WeightFiles.read(cut), "cut to " + length);
        }
    }

    /**
     * Puts up to four other bytes into the file, five hundred times: what it then is, is read or refused.
     *
     * @param folder for the other ones
     * @param share of the file, from its beginning, that at least half of the bytes lie in, as it can go wrong
     */
    static void assertOtherBytesAreRefusedOrRead(Path file, Path folder, double share) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        Path flipped = folder.resolve("flipped-" + file.getFileName());
        Random random = new Random(1);
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = whole.clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                int limit = random.nextBoolean() ? bytes.length : (int) (share * bytes.length);
                bytes[random.nextInt(limit)] = (byte) random.nextInt();
            }
            Files.write(flipped, bytes);
            try {
                WeightFiles.read(flipped).tensors().values().forEach(WeightTensor::floats);
            } catch (WeightsException e) {
                refused++;
            }
        }
        assertTrue(refused > ROUNDS / 20, refused + " refused");
    }
}
