package org.earshot.testing;

import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.earshot.backend.Precision;
import org.earshot.error.EarshotException;
import org.earshot.parity.Comparison;
import org.earshot.parity.ParityResult;
import org.earshot.parity.Tolerances;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/** Makes a test of each golden, backend and output; behind {@link ParityTest}. */
final class ParityExtension implements TestTemplateInvocationContextProvider {
    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return context.getRequiredTestMethod().isAnnotationPresent(ParityTest.class);
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        ParityTest test = context.getRequiredTestMethod().getAnnotation(ParityTest.class);
        Path model = Path.of(test.model());
        ParityRuns runs = new ParityRuns(model, Tolerances.read(model, Precision.FLOAT32), test.isolated());
        List<Path> goldens = runs.goldens();
        // One after another, as JUnit asks for them: results hold all values.
        return ParityRuns.backends(test.backends()).stream()
                .flatMap(backend -> backend.starts()
                        ? goldens.stream().flatMap(golden -> outputs(runs, golden, backend.name()))
                        : Stream.of(new Case(backend.name() + " does not start here", null, () -> {
                            throw new TestAbortedException(backend.description());
                        })));
    }

    private static Stream<TestTemplateInvocationContext> outputs(ParityRuns runs, Path golden, String backend) {
        ParityResult result;
        try {
            result = runs.check(golden, backend);
        } catch (EarshotException e) {
            return Stream.of(new Case(golden.getFileName() + ", " + backend, null, () -> {
                throw e;
            }));
        }
        return result.comparisons().stream()
                .map(one -> new Case(golden.getFileName() + ", " + result.backend() + ", " + one.name(), one, () -> {
                    if (!one.passes()) {
                        throw new AssertionFailedError(ParityAssertions.message(result, one));
                    }
                }));
    }

    /** One output on one backend, or the reason why there is none. */
    private record Case(String name, Comparison comparison, Runnable assertion)
            implements TestTemplateInvocationContext, InvocationInterceptor, ParameterResolver {
        @Override
        public String getDisplayName(int invocationIndex) {
            return name;
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(this);
        }

        @Override
        public void interceptTestTemplateMethod(
                Invocation<Void> invocation,
                ReflectiveInvocationContext<Method> invocationContext,
                ExtensionContext extensionContext)
                throws Throwable {
            try {
                assertion.run();
            } catch (Throwable e) {
                invocation.skip();
                throw e;
            }
            invocation.proceed();
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Comparison.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return comparison;
        }
    }
}
