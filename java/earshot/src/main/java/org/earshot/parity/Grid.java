package org.earshot.parity;

import org.earshot.layer.Shape;

/**
 * Values as activations lie, {@code [B, T, F, C]}, C fastest; a vector of each clip is {@code [B, 1, 1, C]}. Immutable,
 * if nobody changes the array.
 */
public final class Grid {
    private final int clips;
    private final int frames;
    private final int bands;
    private final int channels;
    private final float[] values;

    /**
     * Wraps values.
     *
     * @param clips B
     * @param frames T
     * @param bands F
     * @param channels C
     * @param values row-major, not copied; not to be changed
     * @throws IllegalArgumentException if there are not as many
     */
    public Grid(int clips, int frames, int bands, int channels, float[] values) {
        if ((long) clips * frames * bands * channels != values.length) {
            throw new IllegalArgumentException(
                    values.length + " values; expected " + clips + " x " + frames + " x " + bands + " x " + channels);
        }
        this.clips = clips;
        this.frames = frames;
        this.bands = bands;
        this.channels = channels;
        this.values = values;
    }

    /**
     * B.
     *
     * @return number of clips
     */
    public int clips() {
        return clips;
    }

    /**
     * T.
     *
     * @return number of frames
     */
    public int frames() {
        return frames;
    }

    /**
     * F.
     *
     * @return number of bands
     */
    public int bands() {
        return bands;
    }

    /**
     * C.
     *
     * @return number of channels
     */
    public int channels() {
        return channels;
    }

    /**
     * The values themselves, not a copy; not to be changed.
     *
     * @return row-major
     */
    public float[] values() {
        return values;
    }

    /** Values of a shape that a layer has: {@code [B, T, F, C]} or {@code [B, C]}. */
    static Grid of(Shape shape, float[] values) {
        boolean vector = shape.rank() == 2;
        return new Grid(
                shape.extent(0), vector ? 1 : shape.extent(1), vector ? 1 : shape.extent(2), shape.extent(-1), values);
    }

    /**
     * Where a value lies.
     *
     * @param b clip
     * @param t frame
     * @param f band
     * @param c channel
     * @return its index in {@link #values}
     */
    public int index(int b, int t, int f, int c) {
        return ((b * frames + t) * bands + f) * channels + c;
    }

    /** Whether the extents are another's. */
    boolean fits(Grid other) {
        return clips == other.clips && frames == other.frames && bands == other.bands && channels == other.channels;
    }

    /** The place [b, t, f, c] of an index; of a vector [b, c]. */
    String place(int index) {
        int c = index % channels;
        int f = index / channels % bands;
        int t = index / channels / bands % frames;
        int b = index / channels / bands / frames;
        return frames == 1 && bands == 1 ? "[" + b + ", " + c + "]" : "[" + b + ", " + t + ", " + f + ", " + c + "]";
    }

    /** What a value is made of: all others of the same extents. */
    interface Source {
        float at(int b, int t, int f, int c);
    }

    /** A grid of the same clips whose values are said one by one. */
    Grid made(int newFrames, int newBands, int newChannels, Source source) {
        float[] made = new float[Math.toIntExact((long) clips * newFrames * newBands * newChannels)];
        int i = 0;
        for (int b = 0; b < clips; b++) {
            for (int t = 0; t < newFrames; t++) {
                for (int f = 0; f < newBands; f++) {
                    for (int c = 0; c < newChannels; c++) {
                        made[i++] = source.at(b, t, f, c);
                    }
                }
            }
        }
        return new Grid(clips, newFrames, newBands, newChannels, made);
    }

    /** A grid of the same extents whose values are said one by one. */
    Grid made(Source source) {
        return made(frames, bands, channels, source);
    }

    /** One value. */
    float at(int b, int t, int f, int c) {
        return values[index(b, t, f, c)];
    }

    /** Each value less another's. */
    Grid minus(Grid other) {
        return made((b, t, f, c) -> at(b, t, f, c) - other.at(b, t, f, c));
    }

    /** Each value and another's. */
    Grid plus(Grid other) {
        return made((b, t, f, c) -> at(b, t, f, c) + other.at(b, t, f, c));
    }

    /** Some channels. */
    Grid channels(int first, int count) {
        return made(frames, bands, count, (b, t, f, c) -> at(b, t, f, first + c));
    }

    /** Another's channels behind these. */
    Grid beside(Grid other) {
        return made(
                frames,
                bands,
                channels + other.channels,
                (b, t, f, c) -> c < channels ? at(b, t, f, c) : other.at(b, t, f, c - channels));
    }

    @Override
    public String toString() {
        return frames == 1 && bands == 1
                ? "[" + clips + ", " + channels + "]"
                : "[" + clips + ", " + frames + ", " + bands + ", " + channels + "]";
    }
}
