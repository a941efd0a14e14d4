package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import inference.GRPCInferenceServiceGrpc;
import inference.OpenInferenceGrpc.InferParameter;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferResponse;
import inference.OpenInferenceGrpc.ModelMetadataRequest;
import inference.OpenInferenceGrpc.ModelMetadataResponse;
import inference.OpenInferenceGrpc.ModelReadyRequest;
import inference.OpenInferenceGrpc.ServerLiveRequest;
import inference.OpenInferenceGrpc.ServerMetadataRequest;
import inference.OpenInferenceGrpc.ServerReadyRequest;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.earshot.AudioClip;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The protocol by gRPC. */
class InferenceGrpcTest {
    private static final byte[] BUS = Served.sample("bus");

    private static Served served;
    private static ManagedChannel channel;
    private static GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub;

    @BeforeAll
    static void start() {
        served = new Served();
        channel = ManagedChannelBuilder.forAddress("localhost", served.server.grpcPort())
                .usePlaintext()
                .build();
        stub = GRPCInferenceServiceGrpc.newBlockingStub(channel);
    }

    @AfterAll
    static void stop() {
        channel.shutdownNow();
        served.close();
    }

    @Test
    void tellsWhatItServes() {
        assertTrue(stub.serverLive(ServerLiveRequest.getDefaultInstance()).getLive());
        assertTrue(stub.serverReady(ServerReadyRequest.getDefaultInstance()).getReady());
        assertEquals(
                "earshot",
                stub.serverMetadata(ServerMetadataRequest.getDefaultInstance()).getName());
        assertTrue(stub.modelReady(ModelReadyRequest.newBuilder()
                        .setName(Served.NAME)
                        .setVersion("1")
                        .build())
                .getReady());
        ModelMetadataResponse model = stub.modelMetadata(
                ModelMetadataRequest.newBuilder().setName(Served.NAME).build());
        assertEquals("BYTES", model.getInputs(0).getDatatype());
        assertEquals(4, model.getOutputsCount());
        assertEquals("ascmamba", model.getPropertiesOrThrow("architecture"));
    }

    @Test
    void answersAsTheLibrary() {
        ModelInferResponse answer = stub.modelInfer(Served.audio(BUS, Served.sample("metro"))
                .setId("7")
                .putParameters(
                        "city",
                        InferParameter.newBuilder().setStringParam("Beijing").build())
                .build());
        assertEquals("7", answer.getId());
        assertEquals("1", answer.getModelVersion());
        try (SceneClassifier classifier = SceneClassifier.load(Served.MODEL)) {
            ScenePrediction expected =
                    classifier.classify(AudioClip.read(BUS, "bus"), RecordingContext.of("Beijing", null));
            assertEquals(
                    expected.label(),
                    answer.getOutputs(0).getContents().getBytesContents(0).toStringUtf8());
            assertEquals(
                    expected.probability(), answer.getOutputs(1).getContents().getFp32Contents(0));
        }
        assertEquals(
                "Metro", answer.getOutputs(0).getContents().getBytesContents(1).toStringUtf8());
    }

    /** Who sends bytes gets bytes. */
    @Test
    void answersRawAsItIsAsked() {
        float[] pcm = Served.samples(BUS);
        ByteBuffer raw = ByteBuffer.allocate(pcm.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(pcm);
        ModelInferRequest.Builder request = ModelInferRequest.newBuilder()
                .setModelName(Served.NAME)
                .addRawInputContents(ByteString.copyFrom(raw.array()));
        request.addInputsBuilder()
                .setName("PCM")
                .setDatatype("FP32")
                .addShape(pcm.length)
                .putParameters(
                        "sample_rate",
                        InferParameter.newBuilder().setInt64Param(48_000).build());
        request.addOutputsBuilder().setName("label");
        ModelInferResponse answer = stub.modelInfer(request.build());
        ByteBuffer label = answer.getRawOutputContents(0).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        assertEquals("Bus".length(), label.getInt());
        assertEquals("Bus", ByteString.copyFrom(label).toStringUtf8());
        assertEquals(0, answer.getOutputs(0).getContents().getBytesContentsCount());
    }

    private static void assertRefused(Status.Code code, String begin, ModelInferRequest request) {
        StatusRuntimeException e = assertThrows(StatusRuntimeException.class, () -> stub.modelInfer(request));
        assertEquals(code, e.getStatus().getCode(), e::getMessage);
        assertTrue(e.getStatus().getDescription().startsWith(begin), e::getMessage);
    }

    @Test
    void saysWhatIsWrong() {
        assertRefused(
                Status.Code.NOT_FOUND,
                "model: found \"other\"",
                Served.audio(BUS).setModelName("other").build());
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "AUDIO[0]: found ",
                Served.audio(new byte[] {1}).build());
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "raw_input_contents: found 2 of them",
                Served.audio(BUS)
                        .addRawInputContents(ByteString.EMPTY)
                        .addRawInputContents(ByteString.EMPTY)
                        .build());
    }

    @Test
    void aDeadlineStopsTheWork() {
        double before = served.outcomes("answered");
        ModelInferRequest request = Served.audio(Served.noise(300)).build();
        StatusRuntimeException e =
                assertThrows(StatusRuntimeException.class, () -> stub.withDeadlineAfter(300, TimeUnit.MILLISECONDS)
                        .modelInfer(request));
        assertEquals(Status.Code.DEADLINE_EXCEEDED, e.getStatus().getCode());
        // On a busy machine the time may be over before the call has begun at all.
        Served.await(() -> served.pending() == 0);
        assertEquals(before, served.outcomes("answered"), "it was not answered for nobody");
    }

    @Test
    void whoLeavesStopsTheWork() {
        double before = served.outcomes("cancelled");
        GRPCInferenceServiceGrpc.GRPCInferenceServiceFutureStub futures =
                GRPCInferenceServiceGrpc.newFutureStub(channel);
        ModelInferRequest request = Served.audio(Served.noise(300)).build();
        Future<ModelInferResponse> answer = futures.modelInfer(request);
        Served.await(() -> served.pending() > 0);
        answer.cancel(true);
        assertThrows(CancellationException.class, answer::get);
        Served.await(() -> served.outcomes("cancelled") == before + 1);
    }
}
