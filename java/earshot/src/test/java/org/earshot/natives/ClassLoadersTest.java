package org.earshot.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ref.WeakReference;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.earshot.backend.cpu.EarshotCpu;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Earshot in several class loaders of one process, as in web applications, one of them of another version. */
class ClassLoadersTest {
    private static final Path MODEL =
            Path.of("src/test/resources/golden/ascmamba-small").toAbsolutePath();
    private static final Path CLASSES = Path.of("target/classes");

    @TempDir
    Path folder;

    @Test
    void eachRunsItsOwnKernelsThoughTheJarsHaveOneName() throws Exception {
        Path first = uberJar(folder.resolve("first"), "baseline");
        Path second = uberJar(folder.resolve("second"), "rivalset");
        assertEquals(first.getFileName(), second.getFileName());
        assertEquals(Files.size(first), Files.size(second));
        try (URLClassLoader one = loader(first);
                URLClassLoader other = loader(second);
                URLClassLoader again = loader(first)) {
            String answer = use(one);
            assertTrue(answer.startsWith("baseline, "), answer);
            assertEquals(answer.replace("baseline", "rivalset"), use(other));
            assertEquals(answer, use(again), "the same version in a further class loader");
        }
    }

    @Test
    void aClassLoaderCanBeCollectedAfterItsLastClassifier() throws Exception {
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            loaders.add(useAndForget());
        }
        for (int i = 0; i < 200 && loaders.stream().anyMatch(loader -> loader.get() != null); i++) {
            System.gc();
            Thread.sleep(20);
        }
        for (WeakReference<ClassLoader> loader : loaders) {
            assertNull(
                    loader.get(),
                    () -> "still there; threads: " + Thread.getAllStackTraces().keySet());
        }
    }

    @Test
    void anotherInterfaceIsRefused() {
        String reason = NativeLibrary.load(
                EarshotCpu.class, "earshot_cpu", EarshotCpu::earshot_cpu_abi, EarshotCpu.EARSHOT_CPU_ABI + 1);
        assertEquals(
                "the native library has interface " + EarshotCpu.EARSHOT_CPU_ABI + ", this jar needs "
                        + (EarshotCpu.EARSHOT_CPU_ABI + 1) + " (take both jars of one version)",
                reason);
    }

    /** Here a class of the JDK's, as in a server whose own folder holds JavaCPP. */
    @Test
    void javaCppInAnotherClassLoaderIsNamed() {
        String reason = NativeLibrary.load(URL.class, "earshot_cpu", () -> 1, 1);
        assertTrue(reason.contains("another class loader"), reason);
    }

    private static WeakReference<ClassLoader> useAndForget() throws Exception {
        try (URLClassLoader loader = loader(CLASSES)) {
            use(loader);
            return new WeakReference<>(loader);
        }
    }

    @SuppressWarnings("unchecked")
    private static String use(ClassLoader loader) throws ReflectiveOperationException {
        Object use = Class.forName(IsolatedUse.class.getName(), true, loader)
                .getConstructor()
                .newInstance();
        assertEquals(loader, use.getClass().getClassLoader());
        return ((Function<Path, String>) use).apply(MODEL);
    }

    /** Sees the given classes, the tests' and what they need; nothing of this class loader. */
    private static URLClassLoader loader(Path classes) throws MalformedURLException {
        List<URL> path = new ArrayList<>(List.of(classes.toUri().toURL()));
        String here = CLASSES.toAbsolutePath().toString();
        for (String property : List.of("jdk.module.path", "java.class.path", "surefire.test.class.path")) {
            for (String entry : System.getProperty(property, "").split(File.pathSeparator, -1)) {
                if (!entry.isEmpty() && !entry.equals(here)) {
                    path.add(Path.of(entry).toUri().toURL());
                }
            }
        }
        path.add(Path.of("target/test-classes").toUri().toURL());
        // Not the platform's class loader, which knows the modules of the application.
        return new URLClassLoader(path.toArray(URL[]::new), null);
    }

    /** The library's classes in a jar called app.jar, the kernels' name for their simplest set replaced. */
    private static Path uberJar(Path folder, String name) throws IOException {
        Path jar = Files.createDirectories(folder).resolve("app.jar");
        List<Path> files;
        try (Stream<Path> all = Files.walk(CLASSES)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setLevel(0);
            for (Path file : files) {
                ZipEntry entry = new ZipEntry(CLASSES.relativize(file).toString());
                entry.setTime(1_767_225_600_000L);
                zip.putNextEntry(entry);
                byte[] content = Files.readAllBytes(file);
                if (file.endsWith("libearshot_cpu.so")) {
                    String text = new String(content, StandardCharsets.ISO_8859_1);
                    assertTrue(text.contains("\0baseline\0"));
                    content = text.replace("\0baseline\0", "\0" + name + "\0").getBytes(StandardCharsets.ISO_8859_1);
                }
                zip.write(content);
            }
        }
        return jar;
    }
}
