package org.earshot.audio;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.earshot.error.AudioException;
import org.earshot.files.IoReason;

/**
 * Opens recordings of every format that a decoder is present for ({@link AudioFormat}), judged by their bytes and never
 * by their names: WAV here, the others by those that {@link ServiceLoader} finds.
 */
public final class AudioFiles {
    private static final System.Logger LOGGER = System.getLogger(AudioFiles.class.getName());

    private static final String REMEDY =
            "the module earshot-ffmpeg on the class path or module path, which is not" + " present";

    private AudioFiles() {}

    /**
     * Opens a recording within the default limits.
     *
     * @param file a regular file of any file system (also in a zip archive, or in memory)
     * @return its PCM, which the caller closes
     * @throws AudioException as {@link #open(Path, AudioLimits)}
     */
    public static AudioStream open(Path file) {
        return open(file, AudioLimits.defaults());
    }

    /**
     * Opens a recording.
     *
     * @param file a regular file of any file system (also in a zip archive, or in memory)
     * @param limits bounds that also hold while it is read
     * @return its PCM, which the caller closes
     * @throws AudioException if the file is missing, empty, unreadable, without any sound that can be decoded, of a
     *     format that no decoder knows, or too large
     */
    public static AudioStream open(Path file, AudioLimits limits) {
        return open(AudioInput.open(file, limits), limits);
    }

    /**
     * Opens a recording in memory.
     *
     * @param file the content of the whole file; not copied, so not to be changed before the stream is closed
     * @param name what messages call it
     * @param limits bounds that also hold while it is read
     * @return its PCM, which the caller closes
     * @throws AudioException as {@link #open(Path, AudioLimits)}
     */
    public static AudioStream open(byte[] file, String name, AudioLimits limits) {
        return open(AudioInput.of(file, name, limits), limits);
    }

    /**
     * Opens a recording in memory, with one decoder in the place of those that {@link ServiceLoader} finds: for a
     * service that has what is not WAV decoded elsewhere.
     *
     * @param file the content of the whole file; not copied, so not to be changed before the stream is closed
     * @param name what messages call it
     * @param limits bounds that also hold while it is read
     * @param decoder of all that the library does not decode itself
     * @return its PCM, which the caller closes
     * @throws AudioException as {@link #open(Path, AudioLimits)}
     */
    public static AudioStream open(byte[] file, String name, AudioLimits limits, AudioDecoder decoder) {
        return open(AudioInput.of(file, name, limits), limits, input -> List.of(decoder));
    }

    /**
     * Reads a recording into memory, as it came, and opens it.
     *
     * @param in the content of the whole file, at most 256 MiB; read to its end, not closed
     * @param name what messages call it
     * @param limits bounds that also hold while it is read
     * @return its PCM, which the caller closes
     * @throws AudioException as {@link #open(Path, AudioLimits)}
     */
    public static AudioStream open(InputStream in, String name, AudioLimits limits) {
        return open(AudioInput.of(in, name, limits), limits);
    }

    private static AudioStream open(AudioInput input, AudioLimits limits) {
        return open(input, limits, AudioFiles::others);
    }

    private static AudioStream open(
            AudioInput input, AudioLimits limits, Function<AudioInput, List<AudioDecoder>> others) {
        AudioStream decoded = null;
        boolean opened = false;
        try {
            decoded = decode(input, others);
            AudioStream stream = new BoundedStream(decoded, input, limits);
            opened = true;
            return stream;
        } finally {
            if (!opened) {
                if (decoded != null) {
                    decoded.close();
                }
                input.close();
            }
        }
    }

    private static AudioStream decode(AudioInput input, Function<AudioInput, List<AudioDecoder>> others) {
        WavHeader header = null;
        if (input.format() == AudioFormat.WAV) {
            header = WavHeader.parse(input);
            if (header.coding() != null) {
                return new WavStream(input, header);
            }
        }
        for (AudioDecoder decoder : others.apply(input)) {
            if (decoder.formats().contains(input.format())) {
                return StreamContract.open(decoder, input);
            }
        }
        String found = header == null ? input.format().title() : header.codingName();
        throw new AudioException(
                AudioException.Reason.UNAVAILABLE,
                input.name(),
                found,
                "WAV with integers, floating point, A-law or mu-law; for other formats and codings " + REMEDY);
    }

    private static List<AudioDecoder> others(AudioInput input) {
        try {
            // The loader of this library rather than the thread's: the optional module lies beside this one.
            return ServiceLoader.load(AudioDecoder.class, AudioDecoder.class.getClassLoader()).stream()
                    .map(ServiceLoader.Provider::get)
                    .toList();
        } catch (ServiceConfigurationError e) {
            throw new AudioException(
                    AudioException.Reason.UNAVAILABLE,
                    input.name(),
                    "a decoder that does not load (" + e.getMessage() + ")",
                    "one that does",
                    e);
        }
    }

    /** All formats, for messages. */
    static String supported() {
        return "a recording in one of the formats "
                + Arrays.stream(AudioFormat.values()).map(AudioFormat::title).collect(Collectors.joining(", "));
    }

    /** The one place that words an I/O error. */
    static AudioException unreadable(Object subject, IOException e) {
        if (e instanceof NoSuchFileException) {
            return new AudioException(AudioException.Reason.IO, subject, "no such file", "a recording", e);
        }
        if (e instanceof AccessDeniedException) {
            return new AudioException(
                    AudioException.Reason.IO,
                    subject,
                    "a file that may not be read (access denied)",
                    "a readable one",
                    e);
        }
        // A channel is closed by the interrupt of its reader, or by another thread that gave the call up. What a
        // socket throws that waited in vain is an InterruptedIOException too, and nobody was interrupted.
        if (e instanceof ClosedChannelException
                || (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException))) {
            return new AudioException(
                    AudioException.Reason.INTERRUPTED,
                    subject,
                    "an interrupt or a close by another thread while it was being read",
                    "to be left to read on (nothing is known to be wrong with the recording)",
                    e);
        }
        return new AudioException(
                AudioException.Reason.IO, subject, "an I/O error (" + IoReason.of(e) + ")", "a readable file", e);
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
