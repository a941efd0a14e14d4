package org.earshot.cli.input;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.earshot.SceneStream;

/** How the samples of live sound are coded, by FFmpeg's names; mono, little endian. */
public enum SampleFormat {
    /** 16 bit. */
    S16LE(Short.BYTES) {
        @Override
        public void push(SceneStream stream, ByteBuffer samples) {
            stream.push(samples);
        }
    },
    /** Float, full scale being 1. */
    F32LE(Float.BYTES) {
        @Override
        public void push(SceneStream stream, ByteBuffer samples) {
            FloatBuffer floats = samples.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
            float[] pcm = new float[floats.remaining()];
            floats.get(pcm);
            stream.push(pcm, 0, pcm.length);
            samples.position(samples.position() + pcm.length * Float.BYTES);
        }
    };

    private final int bytes;

    SampleFormat(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of a sample. */
    public int bytes() {
        return bytes;
    }

    /** Pushes whole samples, and leaves a part of one in the buffer. */
    public abstract void push(SceneStream stream, ByteBuffer samples);
}
