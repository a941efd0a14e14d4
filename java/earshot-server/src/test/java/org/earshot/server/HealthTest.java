package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What gRPC has of its own for probes and tools: health and reflection. */
class HealthTest {
    private static final String SERVICE = "inference.GRPCInferenceService";

    private static ManagedChannel channel(Served served) {
        return ManagedChannelBuilder.forAddress("localhost", served.server.grpcPort())
                .usePlaintext()
                .build();
    }

    private static HealthCheckRequest of(String service) {
        return HealthCheckRequest.newBuilder().setService(service).build();
    }

    /** What comes of a call, one after another: messages, and then a status. */
    private static final class Taken<T> implements StreamObserver<T> {
        private final BlockingQueue<Object> all = new LinkedBlockingQueue<>();

        @Override
        public void onNext(T value) {
            all.add(value);
        }

        @Override
        public void onError(Throwable t) {
            all.add(Status.fromThrowable(t));
        }

        @Override
        public void onCompleted() {
            all.add(Status.OK);
        }

        Object next() throws InterruptedException {
            Object next = all.poll(60, TimeUnit.SECONDS);
            assertTrue(next != null, "nothing came");
            return next;
        }
    }

    private static ServingStatus status(Object response) {
        return ((HealthCheckResponse) response).getStatus();
    }

    @Test
    void healthIsToldToWhoAsksAndToWhoWatches() throws InterruptedException {
        // Long enough for who waits for a watch as for work to be seen to.
        Served served = new Served(builder -> builder.token("secret").drain(Duration.ofMinutes(5)));
        ManagedChannel channel = channel(served);
        try {
            HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(channel);
            for (String service : List.of("", SERVICE)) {
                assertEquals(ServingStatus.SERVING, status(health.check(of(service))), "without the token");
            }
            StatusRuntimeException unknown =
                    assertThrows(StatusRuntimeException.class, () -> health.check(of("another")));
            assertEquals(Status.Code.NOT_FOUND, unknown.getStatus().getCode());
            Taken<HealthCheckResponse> watched = new Taken<>();
            HealthGrpc.newStub(channel).watch(of(SERVICE), watched);
            assertEquals(ServingStatus.SERVING, status(watched.next()));
            served.close();
            assertEquals(ServingStatus.NOT_SERVING, status(watched.next()), "before it is cut off");
            assertEquals(Status.Code.UNAVAILABLE, ((Status) watched.next()).getCode());
        } finally {
            channel.shutdownNow();
            served.close();
        }
    }

    @Test
    void servicesAreDescribedToWhoHasTheToken() throws Exception {
        try (Served served = new Served()) {
            ManagedChannel channel = channel(served);
            try {
                Taken<ServerReflectionResponse> taken = new Taken<>();
                StreamObserver<ServerReflectionRequest> asking =
                        ServerReflectionGrpc.newStub(channel).serverReflectionInfo(taken);
                asking.onNext(
                        ServerReflectionRequest.newBuilder().setListServices("").build());
                List<String> names = ((ServerReflectionResponse) taken.next())
                        .getListServicesResponse().getServiceList().stream()
                                .map(ServiceResponse::getName)
                                .sorted()
                                .toList();
                assertEquals(List.of("grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", SERVICE), names);
                asking.onNext(ServerReflectionRequest.newBuilder()
                        .setFileContainingSymbol(SERVICE)
                        .build());
                assertTrue(
                        ((ServerReflectionResponse) taken.next())
                                .getFileDescriptorResponse().getFileDescriptorProtoList().stream()
                                        .flatMap(bytes -> methods(bytes.toByteArray()))
                                        .anyMatch("ModelInfer"::equals),
                        "the proto of the specification");
                // As long as it is asked, and no message takes more than some bytes.
                String symbol = "x".repeat(1000);
                for (int i = 0; i < 100; i++) {
                    asking.onNext(ServerReflectionRequest.newBuilder()
                            .setFileContainingSymbol(symbol)
                            .build());
                    assertTrue(((ServerReflectionResponse) taken.next()).hasErrorResponse());
                }
                ServerReflectionRequest large = ServerReflectionRequest.newBuilder()
                        .setFileContainingSymbol(symbol.repeat(100))
                        .build();
                asking.onNext(large);
                assertEquals(Status.Code.CANCELLED, ((Status) taken.next()).getCode(), "cut off");
                ServerReflectionGrpc.newStub(channel)
                        .serverReflectionInfo(taken)
                        .onNext(large);
                Status refused = (Status) taken.next();
                assertEquals(Status.Code.RESOURCE_EXHAUSTED, refused.getCode(), refused::toString);
                assertEquals(
                        "message: found more than 65536 bytes; expected at most so many", refused.getDescription());
                Served.await(() -> served.metric("earshot_uploads_bytes") == 0);
            } finally {
                channel.shutdownNow();
            }
        }
        try (Served served = new Served(builder -> builder.token("secret"))) {
            ManagedChannel channel = channel(served);
            try {
                Taken<ServerReflectionResponse> taken = new Taken<>();
                ServerReflectionGrpc.newStub(channel).serverReflectionInfo(taken);
                assertEquals(Status.Code.UNAUTHENTICATED, ((Status) taken.next()).getCode());
            } finally {
                channel.shutdownNow();
            }
        }
    }

    private static Stream<String> methods(byte[] file) {
        try {
            return FileDescriptorProto.parseFrom(file).getServiceList().stream()
                    .flatMap(service -> service.getMethodList().stream())
                    .map(method -> method.getName());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }
}
