/** Small programs to start from, each a class with a main, none needing another. */
module org.earshot.examples {
    requires jdk.httpserver; // UploadService, MeteredService
    requires micrometer.registry.prometheus; // MeteredService
    requires org.earshot;
    requires org.earshot.micrometer;

    exports org.earshot.examples;
}
