package org.earshot.weights;

import java.nio.file.Path;
import org.earshot.error.WeightsException;

/** A program of its own, run with little memory: reads and binds weight files, and prints why they are refused. */
final class HostileReader {
    private HostileReader() {}

    public static void main(String[] files) {
        for (String file : files) {
            try {
                Weights weights = WeightFiles.read(Path.of(file));
                System.out.println("bound: " + new WeightBinder(weights).fits());
            } catch (WeightsException e) {
                System.out.println(e.getMessage().lines().findFirst().orElseThrow());
            }
        }
    }
}
