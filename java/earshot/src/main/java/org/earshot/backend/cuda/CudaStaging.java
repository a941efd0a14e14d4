package org.earshot.backend.cuda;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * The staging memory of a stream, through which all copies to and from the device pass: what is written comes to lie in
 * it by one copy, and goes on to the device piece by piece while the next piece is being written. Values written to
 * neighbouring places of one block go together. For one caller at a time.
 */
final class CudaStaging {
    private static final int CAPACITY = EarshotCuda.EARSHOT_CUDA_STAGING_FLOATS;
    /** Half a megabyte: on its way in about the time that starting its copy takes. */
    private static final int PIECE = 1 << 17;

    private final EarshotCuda.earshot_cuda_stream stream;
    private final FloatBuffer values;
    /** What copies may be using, from the start. */
    private int used;

    /** What was written last and is not on its way yet: a place on the device, and how many values end at used. */
    private EarshotCuda.earshot_cuda_memory target;

    private long targetOffset;
    private int pending;

    /** What was copied out last: where it was, and where it lies here. */
    private EarshotCuda.earshot_cuda_memory source;

    private long sourceOffset;
    private int fetched;
    private int fetchedPlace;
    private boolean arrived;

    CudaStaging(EarshotCuda.earshot_cuda_stream stream) {
        this.stream = stream;
        FloatPointer pointer = EarshotCuda.earshot_cuda_staging(stream);
        values = pointer.capacity(CAPACITY).asBuffer();
    }

    /** Copies values to a place on the device; the last of them are on their way after {@link #send}. */
    void write(float[] from, int count, EarshotCuda.earshot_cuda_memory memory, long offset) {
        forgetFetched();
        int done = 0;
        while (done < count) {
            boolean follows = memory.equals(target) && offset + done == targetOffset + pending;
            if (!follows || pending == PIECE || used == CAPACITY) {
                send();
                if (used == CAPACITY) {
                    await();
                }
                target = memory;
                targetOffset = offset + done;
            }
            int size = Math.min(count - done, Math.min(PIECE - pending, CAPACITY - used));
            CudaStatus.check(EarshotCuda.earshot_cuda_stage(stream, used, from, done, size));
            used += size;
            pending += size;
            done += size;
        }
    }

    /** Sends what was written. */
    void send() {
        if (pending > 0) {
            int count = pending;
            pending = 0;
            CudaStatus.check(EarshotCuda.earshot_cuda_upload(stream, used - count, count, target, targetOffset));
        }
    }

    /** Begins to copy out, if there is room for all of it. */
    void fetch(EarshotCuda.earshot_cuda_memory memory, long offset, long count) {
        forgetFetched();
        send();
        if (count > CAPACITY - used) {
            return;
        }
        CudaStatus.check(EarshotCuda.earshot_cuda_download(stream, memory, offset, count, used));
        source = memory;
        sourceOffset = offset;
        fetched = (int) count;
        fetchedPlace = used;
        used += fetched;
    }

    /** Copies values from a place on the device, after all work before. */
    void read(EarshotCuda.earshot_cuda_memory memory, long offset, float[] to, int count) {
        if (memory.equals(source) && offset >= sourceOffset && offset + count <= sourceOffset + fetched) {
            if (!arrived) {
                await();
                arrived = true;
            }
            values.get(fetchedPlace + (int) (offset - sourceOffset), to, 0, count);
            return;
        }
        forgetFetched();
        send();
        if (count > CAPACITY - used) {
            await();
        }
        int done = 0;
        do {
            int size = Math.min(count - done, CAPACITY - used);
            int place = used;
            CudaStatus.check(EarshotCuda.earshot_cuda_download(stream, memory, offset + done, size, place));
            await();
            values.get(place, to, done, size);
            done += size;
        } while (done < count);
    }

    /** What was copied out is no longer what a read would give. */
    void forgetFetched() {
        source = null;
        fetched = 0;
        arrived = false;
    }

    /** A block of memory is no more. */
    void forget(EarshotCuda.earshot_cuda_memory memory) {
        if (memory.equals(target)) {
            target = null;
            pending = 0;
        }
        forgetFetched();
    }

    /** Sends what was written, and waits for all work of the stream. */
    void await() {
        send();
        CudaStatus.check(EarshotCuda.earshot_cuda_wait(stream));
        used = 0;
    }
}
