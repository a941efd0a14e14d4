package org.earshot.natives;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeLibraryTest {
    /** Messages behind JavaCPP's own, as the JVM and the dynamic loader of glibc and musl word them. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Could not find jniEarshotCpu in class, module, and library paths. | no native library for this platform
            /c/libearshot_cpu.so: failed to map segment from shared object | org.bytedeco.javacpp.cachedir
            /c/libearshot_cpu.so: failed to map segment from shared object: Operation not permitted | noexec
            /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found | update the system
            libstdc++.so.6: version `GLIBCXX_3.4.30' not found | update the system
            Error loading shared library ld-linux-x86-64.so.2: No such file or directory | glibc-based image
            """)
    void aFailedLoadNamesCauseAndRemedy(String message, String part) {
        UnsatisfiedLinkError wrapped = new UnsatisfiedLinkError("no jniEarshotCpu in java.library.path: /usr/lib");
        wrapped.initCause(new UnsatisfiedLinkError(message));
        String reason = NativeLibrary.reason(wrapped);
        assertTrue(reason.contains(part), reason);
    }
}
