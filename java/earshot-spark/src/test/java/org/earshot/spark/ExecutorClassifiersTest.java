package org.earshot.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.apache.spark.resource.ResourceInformation;
import org.earshot.error.BackendException;
import org.junit.jupiter.api.Test;

class ExecutorClassifiersTest {
    @Test
    void theAddressOfATasksGpuIsTheDevice() {
        assertNull(ExecutorClassifiers.device(Map.of()));
        assertNull(ExecutorClassifiers.device(resource("fpga", "1")));
        assertEquals(3, ExecutorClassifiers.device(resource("gpu", "3")));
    }

    @Test
    void aTaskHasOneGpu() {
        assertRefused(resource("gpu", "0", "1"), "[0, 1]");
        assertRefused(resource("gpu", "GPU-5f1c"), "[GPU-5f1c]");
    }

    private static void assertRefused(Map<String, ResourceInformation> resources, String found) {
        BackendException refused = assertThrows(BackendException.class, () -> ExecutorClassifiers.device(resources));
        assertTrue(refused.getMessage().contains(found), refused.getMessage());
    }

    private static Map<String, ResourceInformation> resource(String name, String... addresses) {
        return Map.of(name, new ResourceInformation(name, addresses));
    }
}
