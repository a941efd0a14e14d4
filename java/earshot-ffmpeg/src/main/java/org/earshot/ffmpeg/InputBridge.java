package org.earshot.ffmpeg;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.Read_packet_Pointer_BytePointer_int;
import org.bytedeco.ffmpeg.avformat.Seek_Pointer_long_int;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.Cast;
import org.earshot.audio.AudioInput;

/** Gives FFmpeg the bytes of an input. What goes wrong in Java meanwhile is kept: nothing may be thrown through C. */
final class InputBridge implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 15;

    private static final int SEEK_SET = 0;
    private static final int SEEK_CURRENT = 1;
    private static final int SEEK_END = 2;

    /** By the number that FFmpeg hands back: it can hold no reference to an object. */
    private static final Map<Long, InputBridge> OPEN = new ConcurrentHashMap<>();

    private static final AtomicLong NUMBERS = new AtomicLong();

    /** For all inputs: JavaCPP has room for a few functions only. Made once, when first needed. */
    private static Reader reader;

    private static Seeker seeker;

    private final long number = NUMBERS.incrementAndGet();
    private final AudioInput input;
    private AVIOContext context;
    private long position;
    private Throwable failure;

    InputBridge(AudioInput input) {
        this.input = input;
        OPEN.put(number, this);
        Pointer buffer = Memory.allocated(avutil.av_malloc(BUFFER_BYTES));
        context = avformat.avio_alloc_context(
                new BytePointer(buffer), BUFFER_BYTES, 0, new Handle(number), reader(), null, seeker());
        if (context == null || context.isNull()) {
            OPEN.remove(number);
            avutil.av_free(buffer);
            throw Memory.exhausted();
        }
    }

    AVIOContext context() {
        return context;
    }

    /** Throws what went wrong while FFmpeg was reading, if anything did. */
    void rethrow() {
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    private int read(BytePointer target, int size) {
        if (failure != null) {
            return avutil.AVERROR_EXTERNAL;
        }
        int read = input.read(position, target.capacity(size).asByteBuffer());
        if (read < 0) {
            return avutil.AVERROR_EOF;
        }
        position += read;
        return read;
    }

    private long seek(long offset, int whence) {
        if ((whence & avformat.AVSEEK_SIZE) != 0) {
            return input.size();
        }
        long base =
                switch (whence & ~avformat.AVSEEK_FORCE) {
                    case SEEK_SET -> 0;
                    case SEEK_CURRENT -> position;
                    case SEEK_END -> input.size();
                    default -> -1;
                };
        if (base < 0 || base + offset < 0) {
            return avutil.AVERROR_EXTERNAL;
        }
        position = base + offset;
        return position;
    }

    @Override
    public void close() {
        if (context != null) {
            // FFmpeg may have replaced the buffer.
            avutil.av_free(context.buffer());
            avformat.avio_context_free(context);
            context = null;
        }
        OPEN.remove(number);
        input.close();
    }

    private static synchronized Reader reader() {
        if (reader == null) {
            reader = new Reader();
        }
        return reader;
    }

    private static synchronized Seeker seeker() {
        if (seeker == null) {
            seeker = new Seeker();
        }
        return seeker;
    }

    /** A number in the place of an address. */
    private static final class Handle extends Pointer {
        Handle(long number) {
            address = number;
        }
    }

    private static final class Reader extends Read_packet_Pointer_BytePointer_int {
        @Override
        public int call(Pointer opaque, @Cast("uint8_t*") BytePointer target, int size) {
            InputBridge bridge = OPEN.get(opaque.address());
            try {
                return bridge.read(target, size);
            } catch (Throwable e) {
                bridge.failure = e;
                return avutil.AVERROR_EXTERNAL;
            }
        }

        /** Kept for as long as the process lives, so that JavaCPP need not count it: see {@link Memory}. */
        @Override
        @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // As it is in JavaCPP.
        protected <P extends Pointer> P deallocator(Deallocator deallocator) {
            return (P) this;
        }
    }

    private static final class Seeker extends Seek_Pointer_long_int {
        @Override
        public long call(Pointer opaque, long offset, int whence) {
            return OPEN.get(opaque.address()).seek(offset, whence);
        }

        @Override
        @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // As it is in JavaCPP.
        protected <P extends Pointer> P deallocator(Deallocator deallocator) {
            return (P) this;
        }
    }
}
