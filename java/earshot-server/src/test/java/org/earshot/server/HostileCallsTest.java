package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import inference.GRPCInferenceServiceGrpc;
import inference.OpenInferenceGrpc.InferParameter;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.earshot.server.service.Limits;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Calls that gRPC allows, and that are none of the service's: what their clients are told, and what is noted of them.
 */
class HostileCallsTest {
    private static final int KIBIBYTE = 1 << 10;
    private static final MethodDescriptor<ModelInferRequest, ModelInferResponse> INFER =
            GRPCInferenceServiceGrpc.getModelInferMethod();

    private static Served served;
    private static ManagedChannel channel;

    @BeforeAll
    static void start() {
        served = new Served(builder ->
                builder.limits(new Limits(KIBIBYTE * KIBIBYTE, Duration.ofMinutes(10), Duration.ofSeconds(30), 2, 1)));
        channel = ManagedChannelBuilder.forAddress("localhost", served.server.grpcPort())
                .usePlaintext()
                .build();
    }

    @AfterAll
    static void stop() {
        channel.shutdownNow();
        served.close();
    }

    @BeforeEach
    void forget() {
        served.log.clear();
    }

    private static Status status(
            MethodDescriptor<ModelInferRequest, ModelInferResponse> method,
            CallOptions options,
            Consumer<ClientCall<ModelInferRequest, ?>> sending) {
        CompletableFuture<Status> ended = new CompletableFuture<>();
        ClientCall<ModelInferRequest, ModelInferResponse> call = channel.newCall(method, options);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        ended.complete(status);
                    }
                },
                new Metadata());
        call.request(2);
        sending.accept(call);
        return ended.join();
    }

    private static JsonNode noted() {
        Served.await(() -> !served.log.isEmpty());
        assertEquals(1, served.log.size(), served.log::toString);
        return Served.json(served.log.peek());
    }

    /** As gRPC's list of statuses has it ("request cardinality violation"); INTERNAL would be the server's fault. */
    @Test
    void aCallHasOneMessage() {
        for (int messages : new int[] {0, 2, 3}) {
            served.log.clear();
            Status status = status(INFER, CallOptions.DEFAULT, call -> {
                for (int i = 0; i < messages; i++) {
                    call.sendMessage(ModelInferRequest.getDefaultInstance());
                }
                call.halfClose();
            });
            assertEquals(Status.Code.UNIMPLEMENTED, status.getCode(), status::toString);
            assertEquals(
                    "message: found " + (messages == 0 ? "none" : "several") + "; expected one",
                    status.getDescription());
            assertEquals("UNIMPLEMENTED", noted().get("status").asText());
        }
    }

    /** What gRPC refuses by itself, and no code of the server's sees. */
    @Test
    void everyCallIsNotedByWhatItsClientWasTold() {
        Consumer<ClientCall<ModelInferRequest, ?>> large = call -> {
            call.sendMessage(ModelInferRequest.newBuilder()
                    .addRawInputContents(ByteString.copyFrom(new byte[2 * KIBIBYTE * KIBIBYTE]))
                    .build());
            call.halfClose();
        };
        Status tooLarge = status(INFER, CallOptions.DEFAULT, large);
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, tooLarge.getCode());
        JsonNode line = noted();
        assertEquals("RESOURCE_EXHAUSTED", line.get("status").asText(), "not as if the client had left");
        assertEquals("ModelInfer", line.get("method").asText());
        assertEquals("127.0.0.1", line.get("remote").asText());

        served.log.clear();
        Status absent = status(
                INFER.toBuilder()
                        .setFullMethodName("grpc.channelz.v1.Channelz/GetServers")
                        .build(),
                CallOptions.DEFAULT,
                call -> call.halfClose());
        assertEquals(Status.Code.UNIMPLEMENTED, absent.getCode());
        assertEquals("UNIMPLEMENTED", noted().get("status").asText());
        assertEquals(
                "grpc.channelz.v1.Channelz/GetServers", noted().get("method").asText());
        assertTrue(served.metric("earshot_requests_seconds_count{endpoint=\"other\",protocol=\"grpc\"") >= 1);
    }

    /** Half of a message is no reason to say that the client has left. */
    @Test
    void aDeadlineIsNotedAsOne() {
        Status late = status(
                INFER,
                CallOptions.DEFAULT.withDeadlineAfter(300, TimeUnit.MILLISECONDS),
                call -> call.sendMessage(ModelInferRequest.getDefaultInstance()));
        assertEquals(Status.Code.DEADLINE_EXCEEDED, late.getCode());
        assertEquals("DEADLINE_EXCEEDED", noted().get("status").asText());
        served.log.clear();
        Status left = status(INFER, CallOptions.DEFAULT.withDeadlineAfter(1, TimeUnit.MINUTES), call -> {
            call.sendMessage(ModelInferRequest.getDefaultInstance());
            Served.await(() -> served.metric("earshot_requests_seconds_count{endpoint=\"/metrics\"") >= 1);
            call.cancel("had enough", null);
        });
        assertEquals(Status.Code.CANCELLED, left.getCode());
        Served.await(() -> served.log.stream().anyMatch(line -> line.contains("\"grpc\"")));
        assertTrue(served.log.stream().anyMatch(line -> line.contains("\"CANCELLED\"")), served.log::toString);
    }

    /** Clients bound the metadata that they take, and would be told of that alone. */
    @Test
    void whatIsSaidIsShortWhateverWasSent() {
        String name = "x\n".repeat(KIBIBYTE * 100);
        ModelInferRequest.Builder named = ModelInferRequest.newBuilder();
        named.addInputsBuilder().setName(name).setDatatype("FP32").addShape(1);
        ModelInferRequest.Builder typed = ModelInferRequest.newBuilder();
        typed.addInputsBuilder().setName(name).setDatatype(name).addShape(1);
        ModelInferRequest.Builder shaped = ModelInferRequest.newBuilder();
        shaped.addInputsBuilder()
                .setName("PCM")
                .setDatatype("FP32")
                .addAllShape(Collections.nCopies(100 * KIBIBYTE, 1L));
        ModelInferRequest.Builder parameter =
                ModelInferRequest.newBuilder().putParameters(name, InferParameter.getDefaultInstance());
        ModelInferRequest.Builder model = ModelInferRequest.newBuilder().setModelName(name);
        for (ModelInferRequest.Builder each :
                new ModelInferRequest.Builder[] {named, typed, shaped, parameter, model}) {
            served.log.clear();
            StatusRuntimeException e =
                    assertThrows(StatusRuntimeException.class, () -> GRPCInferenceServiceGrpc.newBlockingStub(channel)
                            .modelInfer(each.build()));
            assertTrue(e.getStatus().getDescription().contains("; expected "), e::toString);
            assertTrue(e.getStatus().getDescription().length() < 500, e::toString);
            assertEquals(1, e.getStatus().getDescription().lines().count(), e::toString);
            Served.await(() -> !served.log.isEmpty());
            assertTrue(served.log.peek().length() < 1000, served.log::peek);
        }
    }

    /** Java has no unsigned numbers of 64 bits. */
    @Test
    void numbersAreToldAsTheyWereSent() {
        ModelInferRequest.Builder request = ModelInferRequest.newBuilder();
        request.addInputsBuilder()
                .setName("PCM")
                .setDatatype("FP32")
                .addShape(1)
                .putParameters(
                        "sample_rate",
                        InferParameter.newBuilder().setUint64Param(-1).build())
                .getContentsBuilder()
                .addFp32Contents(0);
        StatusRuntimeException e =
                assertThrows(StatusRuntimeException.class, () -> GRPCInferenceServiceGrpc.newBlockingStub(channel)
                        .modelInfer(request.build()));
        assertEquals(
                "parameter sample_rate: found \"18446744073709551615\"; expected a positive integer",
                e.getStatus().getDescription());
    }
}
