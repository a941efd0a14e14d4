package org.earshot.audio;

/**
 * The first frames of MPEG audio (ISO 11172-3, ISO 13818-3) or of AAC in ADTS (ISO 13818-7, 6.2) in a stretch of bytes.
 * A header alone says little, as its pattern turns up in any data; three that follow each other at the distances that
 * they state do.
 *
 * @param format MP3 or AAC
 * @param offset first byte of the first frame
 */
record MpegFrames(AudioFormat format, int offset) {
    private static final int FRAMES_WANTED = 3;

    private static final int MPEG_HEADER_BYTES = 4;
    private static final int ADTS_HEADER_BYTES = 7;
    private static final int ADTS_MAX_FRAME_BYTES = 1 << 13;

    /** Bytes that the frames wanted can take. */
    static final int WINDOW_BYTES = FRAMES_WANTED * ADTS_MAX_FRAME_BYTES;

    /** kbit/s by index; of MPEG-1 by layer, then of MPEG-2 and 2.5, whose layers II and III are alike. */
    private static final int[][] BIT_RATES = {
        {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
        {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
    };

    private static final int[] MPEG1_RATES = {44_100, 48_000, 32_000};

    /**
     * Looks for frames.
     *
     * @param bytes of the file, to its end or to {@link #WINDOW_BYTES} behind the last place to look at
     * @param places how many first bytes to try
     * @return the first place that frames follow each other from, or null
     */
    static MpegFrames find(byte[] bytes, int places) {
        for (int offset = 0; offset < Math.min(places, bytes.length - 1); offset++) {
            if ((bytes[offset] & 0xff) != 0xff) {
                continue;
            }
            // Where a file is expected to begin, less evidence will do: damage may come early.
            int wanted = offset > 0 ? FRAMES_WANTED : FRAMES_WANTED - 1;
            if (follow(bytes, offset, wanted, false)) {
                return new MpegFrames(AudioFormat.MP3, offset);
            }
            if (follow(bytes, offset, wanted, true)) {
                return new MpegFrames(AudioFormat.AAC, offset);
            }
        }
        return null;
    }

    /** Whether frames of one kind follow each other, as many as wanted or up to the end of the file. */
    private static boolean follow(byte[] bytes, int offset, int wanted, boolean adts) {
        int position = offset;
        int kind = 0;
        for (int frame = 0; frame < wanted; frame++) {
            // A file may be shorter than what is wanted, and is often cut in a frame. Where none is expected, though, a
            // header whose frame would reach beyond the end is chance.
            if (position >= bytes.length) {
                return offset == 0 && frame > 0;
            }
            int length = adts ? adtsFrameBytes(bytes, position) : mpegFrameBytes(bytes, position);
            if (length == 0 || (offset > 0 && !adts && layer(bytes, position) == 1)) {
                return false;
            }
            int here = kind(bytes, position, adts);
            if (frame > 0 && here != kind) {
                return false;
            }
            kind = here;
            position += length;
        }
        return true;
    }

    /** What all frames of a file have in common: version, layer and sample rate. */
    private static int kind(byte[] bytes, int position, boolean adts) {
        int rate = adts ? bytes[position + 2] & 0xfc : bytes[position + 2] & 0x0c;
        return ((bytes[position + 1] & (adts ? 0xf6 : 0xfe)) << 8) | rate;
    }

    /** I to III of MPEG audio; 4 is reserved. */
    private static int layer(byte[] bytes, int position) {
        return 4 - ((bytes[position + 1] >> 1) & 3);
    }

    /** Length of the frame with its header, or 0 if there is none. */
    private static int mpegFrameBytes(byte[] bytes, int position) {
        if (bytes.length - position < MPEG_HEADER_BYTES || (bytes[position] & 0xff) != 0xff) {
            return 0;
        }
        int second = bytes[position + 1] & 0xff;
        int third = bytes[position + 2] & 0xff;
        int version = (second >> 3) & 3;
        int layer = layer(bytes, position);
        int rateIndex = (third >> 2) & 3;
        int bitRateIndex = third >> 4;
        // Version 1 and layer 4 are reserved. A free bit rate (index 0) is decoded by nobody.
        if (second < 0xe0 || version == 1 || layer == 4 || rateIndex == 3 || bitRateIndex == 0 || bitRateIndex == 15) {
            return 0;
        }
        boolean mpeg1 = version == 3;
        int row = mpeg1 ? layer - 1 : Math.min(layer + 2, 4);
        int bitRate = 1000 * BIT_RATES[row][bitRateIndex];
        // MPEG-2 halves the rates, MPEG-2.5 (version 0) quarters them.
        int sampleRate = MPEG1_RATES[rateIndex] >> (mpeg1 ? 0 : version == 2 ? 1 : 2);
        int padding = (third >> 1) & 1;
        if (layer == 1) {
            return (12 * bitRate / sampleRate + padding) * 4;
        }
        int slots = layer == 3 && !mpeg1 ? 72 : 144;
        return slots * bitRate / sampleRate + padding;
    }

    private static int adtsFrameBytes(byte[] bytes, int position) {
        if (bytes.length - position < ADTS_HEADER_BYTES
                || (bytes[position] & 0xff) != 0xff
                || (bytes[position + 1] & 0xf6) != 0xf0) {
            return 0;
        }
        int rateIndex = (bytes[position + 2] >> 2) & 0xf;
        int length = ((bytes[position + 3] & 3) << 11)
                | ((bytes[position + 4] & 0xff) << 3)
                | ((bytes[position + 5] & 0xff) >> 5);
        return rateIndex > 12 || length < ADTS_HEADER_BYTES ? 0 : length;
    }
}
