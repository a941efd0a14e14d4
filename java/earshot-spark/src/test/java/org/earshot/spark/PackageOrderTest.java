package org.earshot.spark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PackageOrderTest {
    @Test
    void whatIsComputedKnowsNothingOfTheCommands() {
        noClasses()
                .that()
                .resideInAPackage("org.earshot.spark")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.earshot.spark.job", "picocli..")
                .check(new ClassFileImporter().importPath(Path.of("target", "classes")));
    }
}
