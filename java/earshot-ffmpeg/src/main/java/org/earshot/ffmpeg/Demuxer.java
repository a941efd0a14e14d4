package org.earshot.ffmpeg;

import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecDescriptor;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIndexEntry;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.earshot.audio.AudioFormat;
import org.earshot.audio.AudioInput;
import org.earshot.error.AudioException;

/** The packets of a file's best audio stream. Frees every native object it holds, also when opening fails. */
final class Demuxer implements AutoCloseable {
    /** Real files have a handful; each may have an index of its own. */
    private static final String MAX_STREAMS = "32";

    /** FFmpeg's default: what is read at most to find out about the streams. */
    private static final String PROBE_BYTES = "5000000";

    /** Reads in a row that bring nothing yet. */
    private static final int MAX_RETRIES = 1000;

    /** Entries of an index that may lie over each other: some files share the bytes of silence. */
    private static final int MAX_SHARES = 2;

    /** Of a track whose true coding, which takes its place, is not known; otherwise its packets tell. */
    private static final int ENCRYPTED = tag("enca");

    private static final int ITUNES_PROTECTED = tag("drms");
    private static final String WEBM_KEY_NAME = "enc_key_id";

    private final AudioInput input;
    private final InputBridge bridge;
    private AVFormatContext container;
    private AVCodec decoder = new AVCodec(null);
    private int streamIndex;
    private int failure;

    /** Takes over the input: closing this closes it. */
    Demuxer(AudioInput input) {
        this.input = input;
        bridge = new InputBridge(input);
        boolean opened = false;
        try {
            open();
            chooseStream();
            checkIndex();
            opened = true;
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    private void open() {
        container = Memory.allocated(avformat.avformat_alloc_context());
        container.pb(bridge.context());
        AVInputFormat format = avformat.av_find_input_format(Codecs.demuxer(input.format()));
        AVDictionary options = new AVDictionary(null);
        try {
            avutil.av_dict_set(options, "protocol_whitelist", "none", 0);
            avutil.av_dict_set(options, "format_whitelist", Codecs.demuxers(), 0);
            avutil.av_dict_set(options, "codec_whitelist", Codecs.decoders(), 0);
            avutil.av_dict_set(options, "max_streams", MAX_STREAMS, 0);
            avutil.av_dict_set(options, "probesize", PROBE_BYTES, 0);
            check(avformat.avformat_open_input(container, (String) null, format, options), "opening the file");
        } finally {
            avutil.av_dict_free(options);
        }
        check(avformat.avformat_find_stream_info(container, (PointerPointer<?>) null), "looking for streams");
    }

    private void chooseStream() {
        streamIndex = avformat.av_find_best_stream(container, avutil.AVMEDIA_TYPE_AUDIO, -1, -1, decoder, 0);
        if (streamIndex == avutil.AVERROR_STREAM_NOT_FOUND) {
            throw new AudioException(AudioException.Reason.FORMAT, input.name(), "no audio stream", "a recording");
        }
        if (streamIndex < 0 || !Codecs.mayDecode(decoder.name().getString())) {
            streamIndex = firstThatMayBeDecoded();
        }
        int tag = stream().codecpar().codec_tag();
        if (tag == ENCRYPTED
                || tag == ITUNES_PROTECTED
                || avutil.av_dict_get(stream().metadata(), WEBM_KEY_NAME, null, 0) != null) {
            throw encrypted();
        }
        for (int i = 0; i < container.nb_streams(); i++) {
            if (i != streamIndex) {
                container.streams(i).discard(avcodec.AVDISCARD_ALL);
            }
        }
    }

    private AudioException encrypted() {
        return new AudioException(
                AudioException.Reason.FORMAT, input.name(), "an encrypted recording", "one that is not encrypted");
    }

    private int firstThatMayBeDecoded() {
        String found = "";
        for (int i = 0; i < container.nb_streams(); i++) {
            if (container.streams(i).codecpar().codec_type() != avutil.AVMEDIA_TYPE_AUDIO) {
                continue;
            }
            int id = container.streams(i).codecpar().codec_id();
            AVCodec candidate = avcodec.avcodec_find_decoder(id);
            if (candidate != null && Codecs.mayDecode(candidate.name().getString())) {
                decoder = candidate;
                return i;
            }
            found += (found.isEmpty() ? "" : ", ") + codecName(id);
        }
        throw new AudioException(
                AudioException.Reason.FORMAT,
                input.name(),
                input.format().title() + " with sound in " + found + ", which is not supported",
                "a codec such as PCM, ADPCM, FLAC, ALAC, Vorbis, Opus, MP3, AAC, AC-3, GSM or AMR");
    }

    private static String codecName(int id) {
        AVCodecDescriptor descriptor = avcodec.avcodec_descriptor_get(id);
        if (id == avcodec.AV_CODEC_ID_NONE || descriptor == null) {
            return "a codec that is not known";
        }
        BytePointer longName = descriptor.long_name();
        return longName == null ? descriptor.name().getString() : longName.getString();
    }

    /** Packets that lie over each other make days of sound out of a small file. Those that were cut off make none. */
    private void checkIndex() {
        int entries = avformat.avformat_index_get_entries_count(stream());
        long bytes = 0;
        for (int i = 0; i < entries; i++) {
            AVIndexEntry entry = avformat.avformat_index_get_entry(stream(), i);
            bytes += Math.max(0, Math.min(entry.size(), input.size() - entry.pos()));
            if (bytes > MAX_SHARES * input.size()) {
                throw new AudioException(
                        AudioException.Reason.LIMIT,
                        input.name(),
                        "an index whose first " + (i + 1) + " packets have " + bytes + " bytes, in a file of "
                                + input.size(),
                        "packets that do not lie over each other");
            }
        }
    }

    AVStream stream() {
        return container.streams(streamIndex);
    }

    AVCodec decoder() {
        return decoder;
    }

    boolean isPcm() {
        return decoder.name().getString().startsWith("pcm_");
    }

    /** Seconds to one unit of the stream's times. */
    double timeUnit() {
        return (double) stream().time_base().num() / stream().time_base().den();
    }

    /**
     * How long the stream says that it is.
     *
     * @return seconds, or 0 if that is not known, or only estimated
     */
    double seconds() {
        if (input.format() == AudioFormat.OGG) {
            return 0;
        }
        if (input.format() == AudioFormat.AIFF && !isPcm()) {
            // FFmpeg takes blocks for frames there. Its codings have a constant bit rate, if FFmpeg knows it.
            long bitRate = stream().codecpar().bit_rate();
            return bitRate > 0 ? (double) Byte.SIZE * AiffChunks.soundBytes(input) / bitRate : 0;
        }
        if (container.duration_estimation_method() == avformat.AVFMT_DURATION_FROM_BITRATE) {
            // Of CAF's header FFmpeg keeps how much sound there is to be, in frames as the stream's times are.
            return input.format() == AudioFormat.CAF ? Math.max(0, stream().nb_frames()) * timeUnit() : 0;
        }
        if (stream().duration() > 0) {
            return stream().duration() * timeUnit();
        }
        // The container's is that of its longest stream.
        return container.nb_streams() == 1 ? Math.max(0, (double) container.duration() / avutil.AV_TIME_BASE) : 0;
    }

    /**
     * Reads the next packet of the stream.
     *
     * @return false at the end, also where nothing can be read behind damage, see {@link #failure}
     */
    boolean next(AVPacket packet) {
        int retries = 0;
        while (retries < MAX_RETRIES) {
            avcodec.av_packet_unref(packet);
            int status = avformat.av_read_frame(container, packet);
            bridge.rethrow();
            if (status == avutil.AVERROR_EAGAIN()) {
                retries++;
            } else if (status < 0) {
                failure = status == avutil.AVERROR_EOF ? 0 : status;
                return false;
            } else if (packet.stream_index() == streamIndex) {
                if (avcodec.av_packet_get_side_data(packet, avcodec.AV_PKT_DATA_ENCRYPTION_INFO, null) != null) {
                    throw encrypted();
                }
                return true;
            }
        }
        failure = avutil.AVERROR_INVALIDDATA;
        return false;
    }

    /** Why reading ended before the file did; 0 if it did not. */
    int failure() {
        return failure;
    }

    private void check(int status, String doing) {
        // What went wrong in reading the file explains what FFmpeg makes of it.
        bridge.rethrow();
        FfmpegErrors.check(status, input.name(), doing);
    }

    private static int tag(String letters) {
        int tag = 0;
        for (int i = 0; i < letters.length(); i++) {
            tag |= letters.charAt(i) << (8 * i);
        }
        return tag;
    }

    @Override
    public void close() {
        if (container != null) {
            avformat.avformat_close_input(container);
            container = null;
        }
        bridge.close();
    }
}
