package org.earshot;

import org.earshot.audio.AudioStream;

/** Half a second of nothing. */
class SilentRecording implements AudioStream {
    private int left = SmallModel.RATE / 2;

    @Override
    public int sampleRate() {
        return SmallModel.RATE;
    }

    @Override
    public int channels() {
        return 1;
    }

    @Override
    public int read(float[] interleaved, int offset, int frames) {
        int read = Math.min(frames, left);
        left -= read;
        return read == 0 ? -1 : read;
    }

    @Override
    public void close() {
        // There is nothing to close.
    }
}
