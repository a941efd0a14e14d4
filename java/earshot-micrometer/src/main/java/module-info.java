/** What a service's monitoring is told of its classifiers, by Micrometer. */
// Micrometer's modules have names only by their jars' manifests.
@SuppressWarnings({"requires-transitive-automatic", "module"})
module org.earshot.micrometer {
    requires transitive micrometer.core;
    requires transitive org.earshot;

    exports org.earshot.micrometer;
}
