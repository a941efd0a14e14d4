package org.earshot.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.earshot.backend.Backend;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.backend.cpu.CpuBackend;
import org.earshot.backend.cpu.InstructionSet;
import org.earshot.error.WeightsException;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is recorded is compared to the last bit, and the number of threads changes none. */
class ParityRecordTest {
    private static final Path MODELS = Path.of("src/test/resources/parity");

    @TempDir
    Path folder;

    private static ParityRecord record(String system, String golden, Backend backend) {
        Path directory = MODELS.resolve(system);
        ModelDirectory model = ModelDirectory.read(directory, null, KeyMap.identity());
        ParityOptions options = ParityOptions.alongTheRun(Precision.FLOAT32, Tolerances.of(Precision.FLOAT32));
        ParityResult result =
                Parity.check(model, directory.resolve("golden-" + golden + ".safetensors"), backend, options);
        return ParityRecord.of(model, backend, Precision.FLOAT32, List.of(result));
    }

    @ParameterizedTest
    @CsvSource({
        "portable, ascmamba",
        "portable, se-trans",
        "portable, mobile-asc-net",
        "cpu, ascmamba",
        "cpu, se-trans",
        "cpu, mobile-asc-net"
    })
    void anyNumberOfThreadsGivesTheSameBits(String backend, String system) {
        Path file = folder.resolve("record.safetensors");
        record(system, "none", Backends.start(backend, 1)).write(file);
        ParityRecord before = ParityRecord.read(file);
        ParityRecord now = record(system, "none", Backends.start(backend, 3));
        ParityRecord.Change change = before.against(now, Tolerances.of(0));
        assertTrue(change.sameBits(), change.summary());
        assertTrue(change.summary().startsWith("same bits: "), change.summary());
        assertEquals(
                List.of("backend: " + before.about().get("backend") + " before, "
                        + now.about().get("backend") + " now"),
                change.about());
        assertEquals(64, now.about().get("model").length());
        assertEquals(backend.equals("cpu"), now.about().get("library").length() == 64);
    }

    /** Another backend adds in another order: other bits, and no difference that matters. */
    @Test
    void anotherBackendIsToldFromTheSame() {
        ParityRecord before = record("ascmamba", "none", new CpuBackend(InstructionSet.best(), 1));
        ParityRecord now = record("ascmamba", "none", Backends.start("portable", 1));
        ParityRecord.Change change = before.against(now, Tolerances.of(Precision.FLOAT32));
        assertTrue(change.passes(), change.summary());
        assertFalse(change.sameBits());
        assertTrue(change.summary().startsWith("within tolerance: "), change.summary());
        ParityRecord.Change strict = before.against(now, Tolerances.of(0));
        assertFalse(strict.passes());
        assertTrue(strict.summary().contains("tensors above tolerance"), strict.summary());
        assertTrue(
                change.about().stream().anyMatch(line -> line.startsWith("library: ")),
                change.about().toString());
    }

    @Test
    void whatOnlyOneHasIsNamed() {
        ParityRecord before = record("ascmamba", "none", Backends.start("portable", 1));
        ParityRecord now = record("se-trans", "none", Backends.start("portable", 1));
        ParityRecord.Change change = before.against(now, Tolerances.of(1));
        assertFalse(change.passes());
        assertTrue(change.summary().startsWith("not the same tensors: "), change.summary());
        assertTrue(change.unpaired().contains("golden-none.safetensors/module.bn0"));
        assertTrue(change.about().stream().anyMatch(line -> line.startsWith("model: ")));
    }

    @Test
    void aGoldenFileIsNoRecord() {
        WeightsException e = assertThrows(
                WeightsException.class, () -> ParityRecord.read(MODELS.resolve("ascmamba/golden-none.safetensors")));
        assertTrue(e.getMessage().contains("earshot.parity_record"), e.getMessage());
    }
}
