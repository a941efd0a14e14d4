package org.earshot.audio;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.earshot.AudioException;

/** Opens recordings of every format that a decoder is present for. */
public final class AudioFiles {
    private static final System.Logger LOGGER = System.getLogger(AudioFiles.class.getName());

    private AudioFiles() {}

    /**
     * Opens a recording with the first decoder that knows its first bytes: WAV, then those that {@link ServiceLoader}
     * finds.
     *
     * @param file a regular file
     * @return its PCM, which the caller closes
     * @throws AudioException if the file is missing, empty, unreadable, damaged, or of a format no decoder knows
     */
    public static AudioStream open(Path file) {
        byte[] head = head(file);
        AudioDecoder wav = new WavDecoder();
        if (wav.accepts(head)) {
            return wav.open(file);
        }
        List<AudioDecoder> others = others(file);
        for (AudioDecoder decoder : others) {
            if (decoder.accepts(head.clone())) {
                return decoder.open(file);
            }
        }
        String present = Stream.concat(Stream.of(wav), others.stream())
                .map(AudioDecoder::name)
                .collect(Collectors.joining(", "));
        String remedy = others.isEmpty()
                ? "; the module earshot-ffmpeg adds FLAC, Ogg, MP3, Opus, M4A and others, and is not present"
                : "";
        throw new AudioException(
                AudioException.Reason.FORMAT,
                file,
                "a format that begins with " + describe(head),
                "one that a decoder present (" + present + ") knows" + remedy);
    }

    private static List<AudioDecoder> others(Path file) {
        try {
            // The loader of this library rather than the thread's: the optional module lies beside this one.
            return ServiceLoader.load(AudioDecoder.class, AudioDecoder.class.getClassLoader()).stream()
                    .map(ServiceLoader.Provider::get)
                    .toList();
        } catch (ServiceConfigurationError e) {
            throw new AudioException(
                    AudioException.Reason.UNAVAILABLE,
                    file,
                    "a decoder that does not load (" + e.getMessage() + ")",
                    "one that does",
                    e);
        }
    }

    private static byte[] head(Path file) {
        if (Files.isDirectory(file)) {
            throw new AudioException(AudioException.Reason.FORMAT, file, "a directory", "a recording");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new AudioException(AudioException.Reason.FORMAT, file, "a device, pipe or socket", "a regular file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] head = in.readNBytes(AudioDecoder.HEAD_BYTES);
            if (head.length == 0) {
                throw new AudioException(AudioException.Reason.FORMAT, file, "an empty file", "a recording");
            }
            return head;
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static String describe(byte[] head) {
        StringBuilder hex = new StringBuilder();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(8, head.length); i++) {
            hex.append(String.format("%02X ", head[i]));
            text.append(head[i] >= ' ' && head[i] < 0x7f ? (char) head[i] : '.');
        }
        return hex + "(\"" + text + "\")";
    }

    /** The one place that words an I/O error. */
    static AudioException unreadable(Path file, IOException e) {
        if (e instanceof NoSuchFileException) {
            return new AudioException(AudioException.Reason.IO, file, "no such file", "a recording", e);
        }
        if (e instanceof AccessDeniedException) {
            return new AudioException(
                    AudioException.Reason.IO, file, "a file that may not be read (access denied)", "a readable one", e);
        }
        return new AudioException(AudioException.Reason.IO, file, "an I/O error (" + e + ")", "a readable file", e);
    }

    /** Closes what was only read from: a failure to do so loses nothing, so it is logged and not thrown. */
    static void closeQuietly(Closeable closeable) {
        if (closeable == null) {
            return;
        }
        try {
            closeable.close();
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "closing a recording failed", e);
        }
    }
}
