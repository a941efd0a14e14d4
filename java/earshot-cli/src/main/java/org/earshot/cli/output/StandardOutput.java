package org.earshot.cli.output;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The process's standard output, which tells a reader that has gone from a disk that is full. */
public final class StandardOutput extends OutputStream {
    private static final Path PATH = Path.of("/proc/self/fd/1");

    private final OutputStream out = new FileOutputStream(FileDescriptor.out);

    /** The pipe's other end is closed. */
    public static final class ClosedPipe extends IOException {
        private static final long serialVersionUID = 1L;

        public ClosedPipe(IOException cause) {
            super("the reader has gone", cause);
        }
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            throw isPipe() ? new ClosedPipe(e) : e;
        }
    }

    /** The message would be in the system's language. Where Linux does not tell, it is the common case. */
    private static boolean isPipe() {
        try {
            String target = Files.readSymbolicLink(PATH).toString();
            return target.startsWith("pipe:") || target.startsWith("socket:");
        } catch (IOException | UnsupportedOperationException e) {
            return true;
        }
    }
}
