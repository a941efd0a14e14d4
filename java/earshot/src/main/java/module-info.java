/**
 * Earshot: acoustic scene classification for the JVM.
 *
 * <p>Most users need only {@link org.earshot}: a {@link org.earshot.SceneClassifier} is loaded from a model directory
 * and answers which scene a recording was made in. The other packages are the rooms it is built from.
 */
// org.earshot.evaluation, org.earshot.ffmpeg, org.earshot.server and org.earshot.cli are built after this module, which
// cannot see them yet, and Jackson 3 need not be there.
@SuppressWarnings("module")
module org.earshot {
    requires com.fasterxml.jackson.annotation;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires JTransforms;
    requires jdk.jfr;
    requires org.bytedeco.javacpp;

    exports org.earshot;
    // Jackson 2 and 3 write the answers.
    opens org.earshot to
            com.fasterxml.jackson.databind,
            tools.jackson.databind;

    exports org.earshot.architecture;
    exports org.earshot.audio;
    exports org.earshot.backend;
    exports org.earshot.backend.choice;
    exports org.earshot.config;
    exports org.earshot.error;
    exports org.earshot.features;
    exports org.earshot.files to
            org.earshot.cli,
            org.earshot.evaluation,
            org.earshot.server;
    exports org.earshot.layer;
    exports org.earshot.model;
    exports org.earshot.natives to
            org.earshot.ffmpeg;
    exports org.earshot.network;
    exports org.earshot.parity;
    exports org.earshot.segmentation;

    opens org.earshot.segmentation to
            com.fasterxml.jackson.databind,
            tools.jackson.databind;

    exports org.earshot.weights;

    uses org.earshot.audio.AudioDecoder;
    uses org.earshot.audio.ResamplingProducts;

    provides org.earshot.audio.ResamplingProducts with
            org.earshot.backend.cpu.CpuResamplingProducts;
}
