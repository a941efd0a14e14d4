package org.earshot.examples.spring;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.LocalDateTime;
import org.earshot.AudioClip;
import org.earshot.CallOptions;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.earshot.audio.AudioLimits;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;
import org.earshot.error.DeadlineException;
import org.springframework.format.annotation.DateTimeFormat;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;

/** Answers an uploaded recording with its scene. */
@RestController
class SceneController {
    private static final CallOptions PATIENCE = CallOptions.none().withDeadline(Duration.ofSeconds(30));

    private final SceneClassifier classifier;
    private final AudioLimits limits;

    /** Both are the starter's, made by the properties. */
    SceneController(SceneClassifier classifier, AudioLimits limits) {
        this.classifier = classifier;
        this.limits = limits;
    }

    /** The prediction is written as JSON as it is. */
    @PostMapping("/classify")
    ScenePrediction classify(
            @RequestParam MultipartFile file,
            @RequestParam(required = false) String city,
            @RequestParam(required = false) @DateTimeFormat(iso = DateTimeFormat.ISO.DATE_TIME) LocalDateTime time)
            throws IOException {
        try (InputStream in = file.getInputStream()) {
            AudioClip clip = AudioClip.read(in, String.valueOf(file.getOriginalFilename()), limits);
            return classifier.classify(clip, RecordingContext.of(city, time), PATIENCE);
        }
    }

    @ExceptionHandler
    ProblemDetail refused(AudioException e) {
        return problem(422, e);
    }

    @ExceptionHandler
    ProblemDetail busy(BusyException e) {
        return problem(503, e);
    }

    @ExceptionHandler
    ProblemDetail late(DeadlineException e) {
        return problem(504, e);
    }

    private static ProblemDetail problem(int status, Exception e) {
        return ProblemDetail.forStatusAndDetail(HttpStatusCode.valueOf(status), e.getMessage());
    }
}
