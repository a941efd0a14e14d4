package org.earshot.backend.cpu;

import java.util.Objects;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.earshot.backend.Memory;
import org.earshot.backend.View;
import org.earshot.backend.packing.PackedLayer;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMelFrames;
import org.earshot.layer.LogMelSpectrogram;
import org.earshot.layer.Shape;

/** Frames by the kernel that computes whole clips as well, with the same bits; in native memory of its own. */
final class CpuLogMelFrames extends LogMelFrames {
    private static final int FLOATS_OF_A_DOUBLE = Double.BYTES / Float.BYTES;

    private final EarshotCpu.earshot_cpu_op operation;
    private final CpuExecution execution = new CpuExecution(1);
    private final Room clip = new Room();
    private final Room levels = new Room();
    private final Room loudest = new Room();
    private final Room scratch = new Room();
    private final long scratchFloats;
    /** Where {@link #loudest} is. */
    private DoublePointer loudestMade = new DoublePointer();

    CpuLogMelFrames(FeatureParameters parameters, InstructionSet instructionSet) {
        super(parameters);
        PackedLayer packed = PackedLayer.of(new LogMelSpectrogram(parameters));
        operation = CpuOperation.create(packed, instructionSet.code(), EarshotCpu.EARSHOT_PRECISION_FLOAT32);
        long[] needed = new long[1];
        CpuStatus.check(EarshotCpu.earshot_cpu_log_mel_frames_scratch(operation, needed));
        scratchFloats = needed[0];
        scratch.grow(scratchFloats);
    }

    /** Memory that grows. */
    private final class Room {
        private Memory memory;
        private FloatPointer start;

        /** Sees to it that there is room for so many floats, and returns whether it is new. */
        boolean grow(long floats) {
            if (memory != null && memory.floats() >= floats) {
                return false;
            }
            if (memory != null) {
                memory.close();
            }
            memory = execution.allocate(floats);
            start = CpuMemory.pointer(new View(memory, 0, Shape.of((int) floats)));
            return true;
        }
    }

    @Override
    public void compute(
            float[] pcm,
            int offset,
            int samples,
            int from,
            int to,
            float[] levelsOut,
            int levelsOffset,
            double[] loudestOut,
            int loudestOffset) {
        Objects.checkFromIndexSize(offset, samples, pcm.length);
        int frames = to - from;
        int values = frames * parameters().melBands();
        // What the frames see is handed over as a clip of its own, which begins on a frame's centre and a sample
        // early, as beyond the end frames see what lies as far before the last sample.
        int hop = parameters().hopLength();
        int centre = Math.max(0, from + Math.floorDiv(parameters().windowStart() - 1, hop));
        int first = centre * hop;
        long seen = (long) (to - 1) * hop
                + parameters().windowStart()
                + parameters().windowLength()
                - first;
        int count = (int) Math.min(samples - first, Math.max(1, seen));
        clip.grow(count);
        clip.start.put(pcm, offset + first, count);
        levels.grow(values);
        if (loudest.grow((long) FLOATS_OF_A_DOUBLE * frames)) {
            loudestMade = new DoublePointer(loudest.start);
        }
        CpuStatus.check(EarshotCpu.earshot_cpu_log_mel_frames(
                operation,
                clip.start,
                count,
                from - centre,
                to - centre,
                levels.start,
                values,
                loudestMade,
                frames,
                scratch.start,
                scratchFloats));
        levels.start.get(levelsOut, levelsOffset, values);
        loudestMade.get(loudestOut, loudestOffset, frames);
    }

    @Override
    public void close() {
        if (!operation.isNull()) {
            EarshotCpu.earshot_cpu_op_destroy(operation);
            operation.setNull();
            execution.close();
        }
    }
}
