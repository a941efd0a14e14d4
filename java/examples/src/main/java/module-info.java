/** Small programs to start from, each a class with a main, none needing another. */
module org.earshot.examples {
    requires jdk.httpserver; // UploadService
    requires org.earshot;

    exports org.earshot.examples;
}
