/** Parity with PyTorch as JUnit tests: for whoever has a model and a golden file of it, and keeps both in a build. */
module org.earshot.testing {
    requires transitive org.earshot;
    requires transitive org.junit.jupiter.api;

    exports org.earshot.testing;

    // JUnit makes the extension behind the annotation.
    opens org.earshot.testing to
            org.junit.platform.commons;
}
