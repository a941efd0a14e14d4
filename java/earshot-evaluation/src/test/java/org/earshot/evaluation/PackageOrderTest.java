package org.earshot.evaluation;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.Architectures;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PackageOrderTest {
    /** Sets of recordings know nothing of what is done with them, and what is done nothing of how it is shown. */
    @Test
    void aPackageKnowsOnlyThoseThatItBuildsOn() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .ensureAllClassesAreContainedInArchitecture()
                .layer("dataset")
                .definedBy("org.earshot.dataset")
                .layer("evaluation")
                .definedBy("org.earshot.evaluation")
                .layer("labelling")
                .definedBy("org.earshot.labelling")
                .layer("report")
                .definedBy("org.earshot.report")
                .whereLayer("dataset")
                .mayNotAccessAnyLayer()
                .whereLayer("evaluation")
                .mayOnlyAccessLayers("dataset")
                .whereLayer("labelling")
                .mayOnlyAccessLayers("dataset")
                .whereLayer("report")
                .mayOnlyAccessLayers("dataset", "evaluation", "labelling")
                .check(new ClassFileImporter().importPath(Path.of("target", "classes")));
    }
}
