package org.earshot.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.earshot.error.EarshotException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class RecordingFilesTest {
    private static final String TEMPORARY = "java.io.tmpdir";

    @TempDir
    private Path folder;

    @Test
    void whoHasNoPlaceForACopyIsToldWhere() throws IOException {
        Configuration hadoop = new Configuration();
        hadoop.set("fs.other.impl", OtherFileSystem.class.getName());
        RecordingFiles files = new RecordingFiles(hadoop);
        String there = "other:" + Files.write(folder.resolve("there.wav"), new byte[10]);
        assertEquals(10L, files.<Long>with(there, RecordingFilesTest::size));
        String before = System.setProperty(TEMPORARY, folder.resolve("missing").toString());
        try {
            assertTold("column.wav", () -> files.with("column.wav", new byte[10], RecordingFilesTest::size));
            assertTold(there, () -> files.with(there, RecordingFilesTest::size));
        } finally {
            System.setProperty(TEMPORARY, before);
        }
    }

    private static long size(Path file) {
        return file.toFile().length();
    }

    private void assertTold(String path, Executable call) {
        String told = assertThrows(EarshotException.class, call).getMessage();
        assertTrue(told.startsWith(path + ": found no place for a copy of it in " + folder.resolve("missing")), told);
        assertTrue(told.contains("-D" + TEMPORARY + " in spark.executor.extraJavaOptions"), told);
    }
}
