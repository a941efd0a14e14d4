package org.earshot.server.grpc;

import inference.GRPCInferenceServiceGrpc;
import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import org.earshot.server.service.ModelRepository;

/** gRPC's own protocol of health, for Kubernetes' probes and for clients that choose among servers. */
final class Health {
    private final HealthStatusManager manager = new HealthStatusManager();
    private final ModelRepository models;

    Health(ModelRepository models) {
        this.models = models;
        look();
    }

    BindableService service() {
        return manager.getHealthService();
    }

    /** Tells what is so now to whoever watches or asks. */
    void look() {
        ServingStatus now = models.unready().isEmpty() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
        manager.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, now);
        manager.setStatus(GRPCInferenceServiceGrpc.SERVICE_NAME, now);
    }

    /** Tells that nothing more is served, for good. */
    void end() {
        manager.enterTerminalState();
    }
}
