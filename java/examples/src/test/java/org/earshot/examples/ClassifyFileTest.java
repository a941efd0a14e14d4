package org.earshot.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.earshot.SceneClassifier;
import org.junit.jupiter.api.Test;

class ClassifyFileTest {
    @Test
    void theSampleIsWhatItIsCalled() throws Exception {
        List<String> lines = Samples.printed(() -> ClassifyFile.main(new String[] {
            Samples.MODEL.toString(), Samples.of("public-square").toString(), "Dandong", "2023-06-03T19:43:42"
        }));
        assertEquals(3, lines.size(), lines.toString());
        assertTrue(lines.get(0).startsWith("Public square"), lines.toString());
    }

    @Test
    void withoutContextToo() throws Exception {
        List<String> lines = Samples.printed(() -> ClassifyFile.main(
                new String[] {Samples.MODEL.toString(), Samples.of("metro").toString()}));
        assertTrue(lines.get(0).startsWith("Metro"), lines.toString());
    }

    /**
     * As its user has it: a named module, to which only what the library exports is open, and the native jar beside it.
     */
    @Test
    void theExamplesAreAModuleThatFindsTheKernels() {
        assertTrue(ClassifyFile.class.getModule().isNamed());
        try (SceneClassifier classifier =
                SceneClassifier.builder(Samples.MODEL).backend("cpu").load()) {
            assertTrue(classifier.backend().startsWith("cpu["), classifier.backend());
        }
    }
}
