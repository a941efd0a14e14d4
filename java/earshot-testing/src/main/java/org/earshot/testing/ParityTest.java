package org.earshot.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test that a model computes what PyTorch computed: run once for each golden file of the model directory, each
 * backend, and each output or module in the file. A backend that does not start on the machine is a test that is
 * skipped, with the reason; an output that differs fails, with the place, and with a guess at what the reference does
 * otherwise. The method's body runs after its output was found to agree, and may take the
 * {@link org.earshot.parity.Comparison} as a parameter.
 *
 * <pre>
 * &#64;ParityTest(model = "src/test/resources/my-model")
 * void agreesWithPyTorch() {}
 * </pre>
 *
 * <p>How large a difference may be, the directory's {@code parity.json} says, else the defaults of
 * {@link org.earshot.parity.Tolerances}.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(ParityExtension.class)
public @interface ParityTest {
    /**
     * The model directory, with golden files in it.
     *
     * @return a path, relative to the folder that the tests run in
     */
    String model();

    /**
     * Backends to be checked.
     *
     * @return their names, or none for all
     */
    String[] backends() default {};

    /**
     * Whether each layer is fed what the reference fed it, as far as the golden file says.
     *
     * @return false for a run as in use
     */
    boolean isolated() default false;
}
