package org.earshot.benchmarks.gpu;

import java.util.List;
import org.earshot.backend.Precision;
import org.earshot.layer.Shape;

/** The libraries' calls of a work, several times over. */
final class LibraryContender implements Contender {
    private final List<LibraryCall> calls;
    private final Libraries.Recording recording;

    LibraryContender(Work work, Shape shape, Precision precision) {
        Libraries libraries = Libraries.open();
        calls = work.calls(libraries, shape, precision);
        // What is loaded or chosen at the first call is no part of a graph.
        calls.forEach(LibraryCall::enqueue);
        libraries.await();
        recording = libraries.record(() -> {
            for (int i = 0; i < REPEATS; i++) {
                calls.forEach(LibraryCall::enqueue);
            }
        });
    }

    @Override
    public void run() {
        recording.run();
    }

    @Override
    public void close() {
        recording.close();
        calls.forEach(LibraryCall::close);
    }
}
