package org.earshot.ffmpeg;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PackageOrderTest {
    @Test
    void aDecoderKnowsOfTheLibraryOnlyWhatDecodersNeed() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "org.earshot.ffmpeg",
                        "org.earshot.audio",
                        "org.earshot.error",
                        "org.earshot.natives",
                        "org.bytedeco..",
                        "java..")
                .check(new ClassFileImporter().importPath(Path.of("target", "classes")));
    }
}
