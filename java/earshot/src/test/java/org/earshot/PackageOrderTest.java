package org.earshot;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.Architectures;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a package may know: those in the rows above its own in {@link #ROWS}, and no other. */
class PackageOrderTest {
    /** From what knows nothing to what users touch. A new package gets its place here. */
    private static final List<List<String>> ROWS = List.of(
            List.of("org.earshot.error", "org.earshot.files", "org.earshot.segmentation"),
            List.of("org.earshot.audio", "org.earshot.features", "org.earshot.natives"),
            List.of("org.earshot.layer", "org.earshot.config"),
            List.of("org.earshot.weights", "org.earshot.backend"),
            List.of("org.earshot.backend.common"),
            List.of(
                    "org.earshot.backend.packing",
                    "org.earshot.backend.cpu.presets",
                    "org.earshot.backend.cuda.presets"),
            List.of("org.earshot.backend.portable", "org.earshot.backend.cpu", "org.earshot.backend.cuda"),
            List.of("org.earshot.backend.choice", "org.earshot.network"),
            List.of("org.earshot.architecture"),
            List.of("org.earshot.model"),
            List.of("org.earshot.parity", "org.earshot"));

    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter().importPath(Path.of("target", "classes"));
    }

    @Test
    void aPackageKnowsOnlyThoseInTheRowsAboveIt() {
        LayeredArchitecture order = Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .ensureAllClassesAreContainedInArchitecture();
        for (List<String> row : ROWS) {
            for (String name : row) {
                order = order.layer(name).definedBy(name);
            }
        }
        List<String> above = new ArrayList<>();
        for (List<String> row : ROWS) {
            String[] allowed = above.toArray(String[]::new);
            for (String name : row) {
                order = allowed.length == 0
                        ? order.whereLayer(name).mayNotAccessAnyLayer()
                        : order.whereLayer(name).mayOnlyAccessLayers(allowed);
            }
            above.addAll(row);
        }
        order.check(classes);
    }

    /** What computes a network is chosen when the program runs: no other package is written for one of them. */
    @Test
    void onlyTheChoiceKnowsTheImplementationsOfBackends() {
        noClasses()
                .that()
                .resideOutsideOfPackages("org.earshot.backend..")
                .or()
                .resideInAPackage("org.earshot.backend")
                .should()
                .dependOnClassesThat(resideInAPackage("org.earshot.backend..")
                        .and(not(resideInAnyPackage("org.earshot.backend", "org.earshot.backend.choice"))))
                .check(classes);
    }

    /** Follows from the order; whoever breaks it learns here by which arrows the circle closes. */
    @Test
    void packagesFormNoCircle() {
        slices().assignedFrom(new SliceAssignment() {
                    @Override
                    public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
                        return SliceIdentifier.of(javaClass.getPackageName());
                    }

                    @Override
                    public String getDescription() {
                        return "packages";
                    }
                })
                .should()
                .beFreeOfCycles()
                .check(classes);
    }
}
