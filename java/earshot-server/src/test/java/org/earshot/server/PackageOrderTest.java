package org.earshot.server;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.Architectures;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PackageOrderTest {
    /** The service knows no protocol, and neither protocol the other. */
    @Test
    void aPackageKnowsOnlyThoseThatItBuildsOn() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .ensureAllClassesAreContainedInArchitecture()
                .layer("messages")
                .definedBy("inference")
                .layer("service")
                .definedBy("org.earshot.server.service")
                .layer("decoding")
                .definedBy("org.earshot.server.decoding")
                .layer("observation")
                .definedBy("org.earshot.server.observation")
                .layer("protocol")
                .definedBy("org.earshot.server.inference")
                .layer("http")
                .definedBy("org.earshot.server.http")
                .layer("grpc")
                .definedBy("org.earshot.server.grpc")
                .layer("server")
                .definedBy("org.earshot.server")
                .whereLayer("messages")
                .mayNotAccessAnyLayer()
                .whereLayer("service")
                .mayNotAccessAnyLayer()
                .whereLayer("decoding")
                .mayOnlyAccessLayers("service")
                .whereLayer("observation")
                .mayNotAccessAnyLayer()
                .whereLayer("protocol")
                .mayOnlyAccessLayers("service")
                .whereLayer("http")
                .mayOnlyAccessLayers("service", "observation", "protocol")
                .whereLayer("grpc")
                .mayOnlyAccessLayers("service", "observation", "protocol", "messages")
                .whereLayer("server")
                .mayOnlyAccessLayers("service", "decoding", "observation", "protocol", "http", "grpc")
                .check(new ClassFileImporter().importPath(Path.of("target", "classes")));
    }
}
