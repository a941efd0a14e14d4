package org.earshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.earshot.backend.Execution;
import org.earshot.backend.WatchedBackend;
import org.earshot.error.DeviceException;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether a classifier is ready: warmed up when asked so, and what its health says. */
class ClassifierHealthTest {
    private static final Call CALL = new Call(CallOptions.none(), "a call");

    @TempDir
    Path temporary;

    /** Its executions are counted, and it may be lost. */
    private static final class Device extends WatchedBackend {
        private final AtomicInteger opened = new AtomicInteger();
        private volatile boolean lost;

        @Override
        public String name() {
            return "device";
        }

        @Override
        public Execution open() {
            if (lost) {
                throw new DeviceException(DeviceException.Reason.LOST, "device", "a lost device", "a device");
            }
            opened.incrementAndGet();
            return super.open();
        }
    }

    private SceneEngine engine(boolean warm, Device... devices) throws IOException {
        Path model = SmallModel.quick(temporary);
        return new SceneEngine(
                List.of(ModelDirectory.read(model, null, KeyMap.identity())),
                SceneClassifier.builder(model).sessions(2).warmUp(warm),
                () -> List.of(devices));
    }

    private static float[] embedding(SceneEngine engine) {
        AudioClip clip = AudioClip.of(SmallModel.noise(0.5, 3), SmallModel.RATE);
        return engine.run(clip, RecordingContext.unknown(), CALL).get(0).embedding();
    }

    @Test
    void warmingUpOpensEverySessionAndChangesNoAnswer() throws IOException {
        Device cold = new Device();
        Device warm = new Device();
        try (SceneEngine engine = engine(false, cold);
                SceneEngine warmed = engine(true, warm)) {
            assertEquals(0, cold.opened.get());
            assertEquals(2, warm.opened.get());
            assertArrayEquals(embedding(engine), embedding(warmed));
            assertEquals(2, warm.opened.get());
        }
    }

    @Test
    void aDeviceThatIsLostWhileItIsWarmedUpIsALoadThatFails() {
        Device device = new Device();
        device.lost = true;
        assertThrows(DeviceException.class, () -> engine(true, device));
    }

    @Test
    void healthSaysWhichStateItIsIn() throws IOException {
        Device device = new Device();
        SceneEngine engine = engine(false, device);
        assertTrue(engine.health().isReady());
        assertEquals("", engine.health().reason());
        device.lost = true;
        assertThrows(DeviceException.class, () -> embedding(engine));
        assertEquals(ClassifierHealth.State.DEVICE_LOST, engine.health().state());
        assertTrue(
                engine.health().reason().contains("a lost device"),
                engine.health().reason());
        engine.close();
        assertEquals(ClassifierHealth.State.CLOSED, engine.health().state());
        assertFalse(engine.health().isReady());
    }

    @Test
    void oneDeviceOfTwoIsEnough() throws IOException {
        Device first = new Device();
        Device second = new Device();
        try (SceneEngine engine = engine(false, first, second)) {
            first.lost = true;
            assertThrows(DeviceException.class, () -> embedding(engine));
            assertTrue(engine.health().isReady());
            embedding(engine);
            assertEquals(1, second.opened.get());
        }
    }
}
