package org.earshot.cli;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.Architectures;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PackageOrderTest {
    /** Commands know the options they take, what they read and how they speak, none of which knows a command. */
    @Test
    void aPackageKnowsOnlyThoseThatItBuildsOn() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .ensureAllClassesAreContainedInArchitecture()
                .layer("output")
                .definedBy("org.earshot.cli.output")
                .layer("input")
                .definedBy("org.earshot.cli.input")
                .layer("options")
                .definedBy("org.earshot.cli.options")
                .layer("commands")
                .definedBy("org.earshot.cli.commands")
                .layer("main")
                .definedBy("org.earshot.cli")
                .whereLayer("output")
                .mayNotAccessAnyLayer()
                .whereLayer("input")
                .mayOnlyAccessLayers("output")
                .whereLayer("options")
                .mayOnlyAccessLayers("output")
                .whereLayer("commands")
                .mayOnlyAccessLayers("output", "input", "options")
                .check(new ClassFileImporter().importPath(Path.of("target", "classes")));
    }
}
