/** Earshot by HTTP and gRPC. */
module org.earshot.server {
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires com.google.protobuf;
    requires io.grpc;
    requires io.grpc.netty.shaded;
    requires io.grpc.protobuf;
    requires io.grpc.services;
    requires io.grpc.stub;
    requires io.grpc.util;
    requires java.logging;
    requires java.management;
    requires micrometer.core;
    requires micrometer.registry.prometheus;
    requires org.earshot.micrometer;
    requires org.eclipse.jetty.server;
    requires org.eclipse.jetty.websocket.server;
    requires transitive org.earshot;

    exports org.earshot.server;
    exports org.earshot.server.observation to
            org.earshot.cli;
    exports org.earshot.server.service to
            org.earshot.cli;
}
