package org.earshot.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.GRPCInferenceServiceGrpc;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.earshot.server.observation.AccessLog;
import org.earshot.server.observation.Metrics;
import org.junit.jupiter.api.Test;

class WatchTest {
    /** What is noted of a call that ends before gRPC has looked at what it is for, as where all threads are busy. */
    private static String noted(String method, String timeout, Metrics metrics) {
        List<String> lines = new ArrayList<>();
        try (AccessLog log = new AccessLog(Optional.of(lines::add))) {
            Metadata headers = new Metadata();
            headers.put(Metadata.Key.of("grpc-timeout", Metadata.ASCII_STRING_MARSHALLER), timeout);
            new Watch(
                            log,
                            metrics,
                            List.of(new GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase() {}.bindService()))
                    .newServerStreamTracer(method, headers)
                    .streamClosed(Status.CANCELLED);
        }
        return lines.get(0);
    }

    @Test
    void callsThatNeverBeginAreNotedByTheirNameAndDeadline() {
        try (Metrics metrics = new Metrics()) {
            String infer = "inference.GRPCInferenceService/ModelInfer";
            for (String over : new String[] {"1n", "1u", "0m", "0S", "0M", "0H"}) {
                String line = noted(infer, over, metrics);
                assertTrue(line.contains("\"method\":\"ModelInfer\""), line);
                assertTrue(line.contains("\"status\":\"DEADLINE_EXCEEDED\""), line);
            }
            for (String left : new String[] {"9H", "9M", "9S", "9000m", "9000000u", "99999999u", "of no form", ""}) {
                String line = noted(infer, left, metrics);
                assertTrue(line.contains("\"status\":\"CANCELLED\""), line);
            }
            String other = noted("a.Service/Method", "1n", metrics);
            assertTrue(other.contains("\"method\":\"a.Service/Method\""), other);
            assertEquals(
                    1,
                    metrics.text()
                            .lines()
                            .filter(line -> line.startsWith("earshot_requests_seconds_count{endpoint=\"other\""))
                            .count());
        }
    }
}
