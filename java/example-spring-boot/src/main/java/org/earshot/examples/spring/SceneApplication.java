package org.earshot.examples.spring;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The application: {@code java -jar earshot-example-spring-boot-...-service.jar --server.port=8080}. */
@SpringBootApplication
public class SceneApplication {
    /** For Spring. */
    public SceneApplication() {}

    /**
     * Serves until the process is ended.
     *
     * @param args properties, as {@code --earshot.model=/models/mine}
     */
    public static void main(String[] args) {
        SpringApplication.run(SceneApplication.class, args);
    }
}
