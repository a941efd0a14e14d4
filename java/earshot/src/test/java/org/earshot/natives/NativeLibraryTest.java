package org.earshot.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.earshot.ChildProcess;
import org.earshot.backend.choice.Backends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeLibraryTest {
    /** Messages behind JavaCPP's own, as the JVM and the dynamic loader of glibc and musl word them. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Could not find jniEarshotCpu in class, module, and library paths. | no native library for this platform
            Could not find libearshot_cpu.so | classifier linux-x86_64
            /c/libearshot_cpu.so: failed to map segment from shared object | org.bytedeco.javacpp.cachedir
            /c/libearshot_cpu.so: failed to map segment from shared object: Operation not permitted | noexec
            /c/libearshot_cpu.so: failed to map segment from shared object: Cannot allocate memory | more
            /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found | update the system
            libstdc++.so.6: version `GLIBCXX_3.4.30' not found | update the system
            libstdc++.so.6: version `CXXABI_1.3.13' not found | update the system
            Error loading shared library ld-linux-x86-64.so.2: No such file or directory | glibc-based image
            Error relocating /c/libearshot_cpu.so: __memcpy_chk: symbol not found | glibc-based image
            Error relocating /c/libjniEarshotCpu.so: __sprintf_chk: symbol not found | Alpine
            libstdc++.so.6: cannot open shared object file: No such file or directory | libstdc++6
            /c/libearshot_cpu.so: wrong ELF class: ELFCLASS32 | check the jars
            /c/libearshot_cpu.so: invalid ELF header | check the jars
            """)
    void aFailedLoadNamesCauseAndRemedy(String message, String part) {
        UnsatisfiedLinkError wrapped = new UnsatisfiedLinkError("no jniEarshotCpu in java.library.path: /usr/lib");
        wrapped.initCause(new UnsatisfiedLinkError(message));
        String reason = NativeLibrary.reason(wrapped);
        assertTrue(reason.contains(part), reason);
        assertTrue(reason.contains(message), reason);
    }

    @Test
    void deniedNativeAccessNamesTheOption() {
        String reason =
                NativeLibrary.reason(new IllegalCallerException("Illegal native access from: unnamed module @1b2c"));
        assertTrue(reason.contains("--enable-native-access=ALL-UNNAMED"), reason);
        for (String module : List.of("org.earshot", "org.bytedeco.javacpp", "org.bytedeco.ffmpeg")) {
            assertTrue(reason.contains(module), reason);
        }
    }

    @Test
    void aBindingWithoutLibrariesIsRefusedByName() {
        String reason = NativeLibrary.load(NativeLibraryTest.class, "none", () -> 1, 1);
        assertTrue(reason.contains("classifier " + Loader.getPlatform()), reason);
        assertTrue(reason.contains("libnone.so"), reason);
    }

    /** What the first load finds is kept for the life of the process. The folder is a new one, with nothing in it. */
    @Test
    void anInterruptDoesNotKeepLibrariesFromLoading(@TempDir Path folder) throws Exception {
        ChildProcess.Ended ended = ChildProcess.run(
                ChildProcess.jvm(List.of("-D" + PrivateFolder.SETTING + "=" + folder), InterruptedStart.class));
        assertEquals("cpu true cpu", ended.output().strip());
    }

    /** The libraries that this process runs lie in our folder and nowhere else. */
    @Test
    void whatIsLoadedLiesInThePrivateFolder() throws Exception {
        assertEquals("cpu", Backends.start("cpu", 1).name());
        Path root = PrivateFolder.root().folder();
        for (String name : List.of("jnijavacpp", "jniEarshotCpu")) {
            Path file = Path.of(Loader.getLoadedLibraries().get(name));
            assertTrue(file.startsWith(root), file::toString);
        }
    }
}
