package org.earshot.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.earshot.examples.ServiceLoop.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceLoopTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @Test
    void everyCallerGetsHisAnswer() throws Exception {
        List<Path> samples = Samples.all();
        String[] args = Stream.concat(Stream.of(Samples.MODEL), samples.stream())
                .map(Path::toString)
                .toArray(String[]::new);
        Set<String> expected = new HashSet<>();
        samples.forEach(sample -> expected.add(sample + ": 200 " + Samples.label(sample)));
        assertEquals(expected, new HashSet<>(Samples.printed(() -> ServiceLoop.main(args))));
    }

    @Test
    void whatIsNoRecordingIsTheCallersFault() {
        try (ServiceLoop service = new ServiceLoop(Samples.MODEL)) {
            for (Path file : List.of(Path.of("nothing-of-this-name.wav"), Samples.MODEL.resolve("config.json"))) {
                Answer answer = service.answer(file, LONG);
                assertEquals(422, answer.status(), answer.text());
                assertTrue(answer.text().startsWith(file.toString()), answer.text());
            }
        }
    }

    @Test
    void whoHasNoPatienceIsToldSoAndBlocksNobody(@TempDir Path folder) throws Exception {
        Path minutes = Samples.joined(folder.resolve("minutes.wav"), Collections.nCopies(60, Samples.of("bus")));
        try (ServiceLoop service = new ServiceLoop(Samples.MODEL)) {
            assertEquals(504, service.answer(minutes, Duration.ofNanos(1)).status());
            assertEquals(504, service.answer(minutes, Duration.ofMillis(1)).status());
            assertEquals(new Answer(200, "Bus"), service.answer(Samples.of("bus"), LONG));
        }
    }

    /** Twelve ask at once, of whom two can be served and four may wait: sooner or later one comes to a full house. */
    @Test
    void whoComesWhenAllAreBusyIsToldSo() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(12);
        try (ServiceLoop service = new ServiceLoop(Samples.MODEL)) {
            Set<Answer> answers = new HashSet<>();
            while (answers.size() < 2) {
                List<Callable<Answer>> calls = Collections.nCopies(12, () -> service.answer(Samples.of("bar"), LONG));
                for (Future<Answer> answer : callers.invokeAll(calls)) {
                    answers.add(answer.get());
                }
            }
            assertTrue(answers.remove(new Answer(200, "Bar")), answers.toString());
            assertEquals(503, answers.iterator().next().status(), answers.toString());
        } finally {
            callers.shutdown();
        }
    }
}
