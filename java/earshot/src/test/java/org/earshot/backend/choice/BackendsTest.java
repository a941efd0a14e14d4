package org.earshot.backend.choice;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.ResourceBundle;
import org.earshot.backend.Backend;
import org.earshot.backend.BackendProvider;
import org.earshot.backend.CudaKernels;
import org.earshot.backend.Operation;
import org.earshot.backend.Precision;
import org.earshot.backend.cpu.CpuBackend;
import org.earshot.backend.cpu.CpuProvider;
import org.earshot.backend.cpu.InstructionSet;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.backend.portable.PortableProvider;
import org.earshot.error.BackendException;
import org.earshot.error.DeviceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BackendsTest {
    private final RecordingLogger logger = new RecordingLogger();

    @Test
    void startsABackendByName() {
        assertEquals("portable[3 threads]", Backends.start("portable", 3).toString());
        assertEquals(List.of("auto", "cuda", "cpu", "portable"), Backends.names());
    }

    @Test
    void autoTakesTheFirstThatStarts() {
        List<Backends.Status> status = Backends.status();
        assertEquals(
                Backends.names().subList(1, 4),
                status.stream().map(Backends.Status::name).toList());
        String first = status.stream()
                .filter(Backends.Status::starts)
                .findFirst()
                .orElseThrow()
                .description();
        assertEquals(
                first, Backends.start(Backends.AUTO, Backends.defaultThreads()).toString());
    }

    @Test
    void anUnknownNameListsTheNames() {
        BackendException e = assertThrows(BackendException.class, () -> Backends.start("gpu", 1));
        assertEquals("backend: found \"gpu\"; expected one of auto, cuda, cpu, portable", e.getMessage());
    }

    @Test
    void autoPassesOverWhatDoesNotStartAndSaysWhy() {
        Backends backends = new Backends(List.of(failing("cuda"), new PortableProvider()), SelfTest::run, logger);
        assertEquals(
                "portable",
                backends.startOne("auto", 1, Precision.FLOAT32, OptionalInt.empty())
                        .name());
        assertEquals(1, logger.lines.size());
        assertTrue(logger.lines.get(0).contains("cuda"), logger.lines.get(0));
        assertTrue(logger.lines.get(0).contains("no driver; expected a driver"), logger.lines.get(0));
        assertEquals(
                false,
                backends.tryAll(1, Precision.FLOAT32, OptionalInt.empty())
                        .get(0)
                        .starts());
        assertThrows(
                BackendException.class, () -> backends.startOne("cuda", 1, Precision.FLOAT32, OptionalInt.empty()));
    }

    @Test
    void portableHasFloat32Only() {
        BackendException e = assertThrows(BackendException.class, () -> Backends.start("portable", 1, Precision.BF16));
        assertEquals("portable: found precision bf16; expected float32, the only one it has", e.getMessage());
    }

    @Test
    void autoPassesOverWhatDoesNotHaveThePrecision() {
        Backends none = new Backends(List.of(new PortableProvider()), SelfTest::run, logger);
        BackendException e = assertThrows(
                BackendException.class, () -> none.startOne("auto", 1, Precision.BF16, OptionalInt.empty()));
        assertTrue(e.getMessage().contains("precision bf16"), e.getMessage());
        assertEquals(List.of(), logger.lines, "nothing else started for which it was passed over");
    }

    @Test
    void aBackendShowsThatItRounds() {
        new CpuProvider().start(1, Precision.FLOAT32, OptionalInt.empty());
        if (InstructionSet.best().hasBf16()) {
            assertEquals(
                    "cpu[avx512, bf16, 2 threads]",
                    Backends.start("auto", 2, Precision.BF16).toString());
        } else {
            BackendException e = assertThrows(BackendException.class, () -> Backends.start("cpu", 2, Precision.BF16));
            assertTrue(e.getMessage().contains("AVX512-BF16"), e.getMessage());
        }
        BackendException e =
                assertThrows(BackendException.class, () -> new CpuBackend(InstructionSet.BASELINE, 1, Precision.BF16));
        assertTrue(e.getMessage().contains("baseline"), e.getMessage());
    }

    @Test
    void aDeviceThatIsNotThereIsNothingToWarnOf() {
        Backends backends = new Backends(
                List.of(
                        failing("cuda", new DeviceException(DeviceException.Reason.ABSENT, "cuda", "none", "one")),
                        new PortableProvider()),
                SelfTest::run,
                logger);
        assertEquals(
                "portable",
                backends.startOne("auto", 1, Precision.FLOAT32, OptionalInt.empty())
                        .name());
        assertTrue(logger.lines.isEmpty(), logger.lines.toString());
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void cudaKernelsPassTheSelfTest(Precision precision) {
        Backend backend = CudaKernels.start(precision);
        assertDoesNotThrow(() -> SelfTest.run(backend, precision));
    }

    @Test
    void aDeviceIsWhatOnlySomeBackendsHave() {
        for (String name : List.of("cpu", "portable")) {
            BackendException e = assertThrows(
                    BackendException.class, () -> Backends.start(name, 1, Precision.FLOAT32, OptionalInt.of(1)));
            assertTrue(e.getMessage().startsWith(name + ": found device 1; expected none"), e.getMessage());
        }
        // Nor is another quietly taken.
        Backends backends = new Backends(List.of(failing("cuda"), new PortableProvider()), SelfTest::run, logger);
        BackendException e = assertThrows(
                BackendException.class, () -> backends.startOne("auto", 1, Precision.FLOAT32, OptionalInt.of(0)));
        assertTrue(e.getMessage().contains("cuda: cuda: found no driver"), e.getMessage());
        assertTrue(e.getMessage().contains("portable: found device 0"), e.getMessage());
        assertEquals(List.of(), logger.lines, "all of it is in the exception");
    }

    @Test
    void aWrongAnswerIsARefusal() {
        BackendProvider wrong = new BackendProvider() {
            @Override
            public String name() {
                return "wrong";
            }

            @Override
            public Backend start(int threads, Precision precision, OptionalInt device) {
                return withoutMean(new PortableBackend(threads));
            }
        };
        Backends backends = new Backends(List.of(wrong), SelfTest::run, logger);
        BackendException e = assertThrows(
                BackendException.class, () -> backends.startOne("wrong", 1, Precision.FLOAT32, OptionalInt.empty()));
        assertTrue(e.getMessage().contains("self-test"), e.getMessage());
        BackendException none = assertThrows(
                BackendException.class, () -> backends.startOne("auto", 1, Precision.FLOAT32, OptionalInt.empty()));
        assertTrue(none.getMessage().contains("self-test"), none.getMessage());
    }

    private static BackendProvider failing(String name) {
        return failing(name, new BackendException(name, "no driver", "a driver"));
    }

    private static BackendProvider failing(String name, BackendException failure) {
        return new BackendProvider() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Backend start(int threads, Precision precision, OptionalInt device) {
                throw failure;
            }
        };
    }

    /**
     * A backend whose global mean is computed by a linear layer's neighbour: every mean comes out as the step never
     * ran.
     */
    private static Backend withoutMean(Backend right) {
        return (Backend) Proxy.newProxyInstance(
                BackendsTest.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("prepare")
                            && arguments[0] instanceof org.earshot.layer.GlobalPool mean) {
                        return lazy(right.prepare(mean));
                    }
                    return method.invoke(right, arguments);
                });
    }

    private static Operation lazy(Operation operation) {
        return (Operation) Proxy.newProxyInstance(
                BackendsTest.class.getClassLoader(),
                new Class<?>[] {Operation.class},
                (proxy, method, arguments) -> method.getName().equals("bind")
                        ? (Operation.Step) () -> {}
                        : method.invoke(operation, arguments));
    }

    /** Keeps what is logged. */
    private static final class RecordingLogger implements System.Logger {
        final List<String> lines = new ArrayList<>();

        @Override
        public String getName() {
            return "test";
        }

        @Override
        public boolean isLoggable(Level level) {
            return true;
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
            lines.add(message);
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
            if (level.compareTo(Level.INFO) < 0) {
                return;
            }
            lines.add(java.text.MessageFormat.format(format, parameters));
        }
    }
}
