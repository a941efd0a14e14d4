package org.earshot.ffmpeg;

import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swresample;
import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.Loader;
import org.earshot.natives.NativeBundle;
import org.earshot.natives.NativeLibrary;

/** Loads FFmpeg's libraries once. */
final class NativeLibraries {
    /** None of them knows one behind it. */
    private static final List<Class<?>> BINDINGS =
            List.of(avutil.class, swresample.class, avcodec.class, avformat.class);

    /** FFmpeg's own bound is 2 GiB. No honest file of less than thirty hours needs more than this at once. */
    private static final long MAX_ALLOCATION_BYTES = 1L << 27;

    private static boolean loaded;

    private NativeLibraries() {}

    /**
     * Makes sure that they are loaded. Tried again after a failure: memory may have come free since.
     *
     * @return why they cannot be, or null if they are
     */
    static synchronized String failure() {
        if (!loaded) {
            String failure = NativeLibrary.undisturbed(NativeLibraries::tryToLoad);
            if (failure != null) {
                return failure;
            }
            loaded = true;
        }
        return null;
    }

    /** Before any class of FFmpeg's is initialised: one that fails then stays unusable. */
    private static String tryToLoad() {
        try {
            List<NativeBundle.Library> libraries = new ArrayList<>();
            List<String> names = new ArrayList<>();
            for (Class<?> binding : BINDINGS) {
                find(binding, libraries, names);
            }
            String failure = NativeLibrary.load(
                    avutil.class, new NativeBundle("ffmpeg", libraries, NativeBundle.Identity.CHECKSUM), names);
            if (failure != null) {
                return failure;
            }
            // Finds them loaded, and initialises the classes.
            BINDINGS.forEach(Loader::load);
        } catch (LinkageError e) {
            return NativeLibrary.reason(e);
        } catch (OutOfMemoryError e) {
            return e + "; a bound of JavaCPP's on the whole process is set by -Dorg.bytedeco.javacpp.maxPhysicalBytes";
        }
        if (avutil.av_log_get_level() == avutil.AV_LOG_INFO) {
            avutil.av_log_set_level(avutil.AV_LOG_QUIET);
        }
        avutil.av_max_alloc(MAX_ALLOCATION_BYTES);
        return null;
    }

    /** What JavaCPP would load for a class, in its order. */
    private static void find(Class<?> binding, List<NativeBundle.Library> libraries, List<String> names) {
        ClassProperties properties = Loader.loadProperties(binding, Loader.loadProperties(), true);
        List<String> wanted = new ArrayList<>(properties.get("platform.preload"));
        wanted.addAll(properties.get("platform.link"));
        String glue = properties.getProperty("platform.library");
        wanted.add(glue);
        for (String name : wanted) {
            if (!names.contains(name)) {
                URL[] found = Loader.findLibrary(binding, properties, name);
                if (found.length > 0) {
                    libraries.add(library(found[0]));
                    names.add(name);
                } else if (name.equals(glue)) {
                    throw new UnsatisfiedLinkError("Could not find " + name);
                }
            }
        }
    }

    /** JavaCPP writes behind a # what a library is to be called once unpacked. */
    private static NativeBundle.Library library(URL found) {
        String text = found.toString();
        String source = text.substring(
                0, text.length() - (found.getRef() == null ? 0 : found.getRef().length() + 1));
        String file = found.getRef() == null ? source.substring(source.lastIndexOf('/') + 1) : found.getRef();
        try {
            return new NativeBundle.Library(URI.create(source).toURL(), file);
        } catch (MalformedURLException e) {
            throw new IllegalStateException(e); // It was a URL before.
        }
    }
}
