package org.earshot;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A program of its own, run with few file descriptors: many threads classify a file at the same time. */
final class ManyCallers {
    private ManyCallers() {}

    /** Takes a model directory, a recording and the number of callers; prints how many got an answer. */
    public static void main(String[] arguments) throws InterruptedException {
        Path recording = Path.of(arguments[1]);
        int callers = Integer.parseInt(arguments[2]);
        AtomicInteger answers = new AtomicInteger();
        CountDownLatch all = new CountDownLatch(callers);
        try (SceneClassifier classifier = SceneClassifier.builder(Path.of(arguments[0]))
                .backend("portable")
                .threads(1)
                .sessions(2)
                .load()) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                Thread thread = new Thread(null, () -> call(classifier, recording, all, answers), "caller", 1 << 18);
                threads.add(thread);
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        System.out.println(answers + " answers");
    }

    private static void call(SceneClassifier classifier, Path recording, CountDownLatch all, AtomicInteger answers) {
        all.countDown();
        try {
            all.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        classifier.classify(recording, RecordingContext.unknown());
        answers.incrementAndGet();
    }
}
