package org.earshot.server.grpc;

import inference.GRPCInferenceServiceGrpc;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferResponse;
import inference.OpenInferenceGrpc.ModelMetadataRequest;
import inference.OpenInferenceGrpc.ModelMetadataResponse;
import inference.OpenInferenceGrpc.ModelReadyRequest;
import inference.OpenInferenceGrpc.ModelReadyResponse;
import inference.OpenInferenceGrpc.ServerLiveRequest;
import inference.OpenInferenceGrpc.ServerLiveResponse;
import inference.OpenInferenceGrpc.ServerMetadataRequest;
import inference.OpenInferenceGrpc.ServerMetadataResponse;
import inference.OpenInferenceGrpc.ServerReadyRequest;
import inference.OpenInferenceGrpc.ServerReadyResponse;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.earshot.server.inference.Inference;
import org.earshot.server.service.Deadline;
import org.earshot.server.service.Limits;
import org.earshot.server.service.ModelRepository;
import org.earshot.server.service.ServedModel;
import org.earshot.server.service.ServedVersion;

/** The service of the specification's proto. */
final class InferenceService extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {
    private final ModelRepository models;
    private final Inference inference;
    private final Limits limits;
    private final String version;

    InferenceService(ModelRepository models, Inference inference, Limits limits, String version) {
        this.models = models;
        this.inference = inference;
        this.limits = limits;
        this.version = version;
    }

    private static <T> void answer(StreamObserver<T> observer, Supplier<T> answer) {
        T message;
        try {
            message = answer.get();
        } catch (RuntimeException e) {
            observer.onError(Codes.of(e));
            return;
        }
        observer.onNext(message);
        observer.onCompleted();
    }

    @Override
    public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> observer) {
        answer(observer, () -> ServerLiveResponse.newBuilder().setLive(true).build());
    }

    @Override
    public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> observer) {
        answer(observer, () -> ServerReadyResponse.newBuilder()
                .setReady(models.unready().isEmpty())
                .build());
    }

    @Override
    public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> observer) {
        answer(observer, () -> ModelReadyResponse.newBuilder()
                .setReady(models.model(request.getName())
                        .version(request.getVersion())
                        .health()
                        .isReady())
                .build());
    }

    @Override
    public void serverMetadata(ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> observer) {
        answer(observer, () -> ServerMetadataResponse.newBuilder()
                .setName(Inference.SERVER)
                .setVersion(version)
                .build());
    }

    @Override
    public void modelMetadata(ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
        answer(observer, () -> {
            ServedModel model = models.model(request.getName());
            ServedVersion served = model.version(request.getVersion());
            return ModelMetadataResponse.newBuilder()
                    .setName(model.name())
                    .addAllVersions(model.versions().stream()
                            .map(ServedVersion::version)
                            .toList())
                    .setPlatform(Inference.PLATFORM)
                    .addAllInputs(metadata(Inference.inputs()))
                    .addAllOutputs(metadata(Inference.outputs(served.info())))
                    .putAllProperties(Inference.properties(served.info()))
                    .build();
        });
    }

    private static List<ModelMetadataResponse.TensorMetadata> metadata(List<Inference.TensorMetadata> tensors) {
        return tensors.stream()
                .map(tensor -> ModelMetadataResponse.TensorMetadata.newBuilder()
                        .setName(tensor.name())
                        .setDatatype(tensor.datatype())
                        .addAllShape(tensor.shape())
                        .build())
                .toList();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // Their effects are all that is wanted.
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
        ServerCallStreamObserver<ModelInferResponse> call = (ServerCallStreamObserver<ModelInferResponse>) observer;
        try {
            ServedModel model = models.model(request.getModelName());
            Watch.noteModel(model.name());
            Inference.Answer answer =
                    inference.begin(model, request.getModelVersion(), Tensors.read(request), deadline());
            call.setOnCancelHandler(() -> answer.work().cancel(true));
            boolean raw = request.getRawInputContentsCount() > 0;
            answer.response().whenComplete((response, e) -> {
                if (call.isCancelled()) {
                    return;
                }
                if (e != null) {
                    call.onError(Codes.of(e));
                } else {
                    call.onNext(Tensors.write(response, raw));
                    call.onCompleted();
                }
            });
        } catch (RuntimeException | Error e) {
            call.onError(Codes.of(e));
        }
    }

    private Deadline deadline() {
        Duration most = limits.timeout();
        io.grpc.Deadline asked = Context.current().getDeadline();
        long left = asked == null ? most.toNanos() : asked.timeRemaining(TimeUnit.NANOSECONDS);
        return Deadline.in(Duration.ofNanos(Math.max(1, Math.min(most.toNanos(), left))));
    }
}
