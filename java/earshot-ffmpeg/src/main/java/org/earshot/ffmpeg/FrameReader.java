package org.earshot.ffmpeg;

import java.io.File;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.earshot.AudioException;

/**
 * Demuxes and decodes one audio stream, frame by frame. Frees every native object it holds, also when opening fails.
 */
final class FrameReader implements AutoCloseable {
    /** A damaged index may list packets without end that hold nothing; no real file has this many in a row. */
    private static final int MAX_SILENT_PACKETS = 100_000;

    private static final int ERROR_TEXT_BYTES = 256;

    private final Path file;
    private AVFormatContext container;
    private AVCodecContext codec;
    private AVPacket packet;
    private AVFrame frame;
    private int streamIndex;
    private boolean flushed;
    private boolean soundSeen;

    /** First packet that could not be decoded, until it is known whether anything follows it. */
    private int damage;

    FrameReader(Path file) {
        this.file = file;
        boolean opened = false;
        try {
            openContainer();
            openCodec();
            packet = allocated(avcodec.av_packet_alloc());
            frame = allocated(avutil.av_frame_alloc());
            opened = true;
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    private void openContainer() {
        container = new AVFormatContext(null);
        // "file:" keeps names with a colon in them from being taken for a protocol.
        byte[] url = ("file:" + file.toAbsolutePath() + '\0').getBytes(nameEncoding());
        AVDictionary options = new AVDictionary(null);
        try (BytePointer name = new BytePointer(url)) {
            avutil.av_dict_set(options, "protocol_whitelist", "file", 0);
            avutil.av_dict_set(options, "format_whitelist", FileSignature.DEMUXERS, 0);
            avutil.av_dict_set(options, "codec_whitelist", FileSignature.CODECS, 0);
            check(avformat.avformat_open_input(container, name, (AVInputFormat) null, options), "opening the file");
        } finally {
            avutil.av_dict_free(options);
        }
        check(avformat.avformat_find_stream_info(container, (PointerPointer<?>) null), "looking for streams");
    }

    private void openCodec() {
        AVCodec decoder = new AVCodec(null);
        streamIndex = avformat.av_find_best_stream(container, avutil.AVMEDIA_TYPE_AUDIO, -1, -1, decoder, 0);
        if (streamIndex == avutil.AVERROR_STREAM_NOT_FOUND) {
            throw new AudioException(AudioException.Reason.FORMAT, file, "no audio stream", "a recording");
        }
        check(streamIndex, "looking for an audio decoder");
        for (int i = 0; i < container.nb_streams(); i++) {
            if (i != streamIndex) {
                container.streams(i).discard(avcodec.AVDISCARD_ALL);
            }
        }
        AVStream stream = container.streams(streamIndex);
        codec = allocated(avcodec.avcodec_alloc_context3(decoder));
        check(avcodec.avcodec_parameters_to_context(codec, stream.codecpar()), "reading the codec's parameters");
        // Without it the decoder cannot cut off what the encoder added.
        codec.pkt_timebase(stream.time_base());
        if (codec.codec_id() == avcodec.AV_CODEC_ID_FLAC) {
            // Its frames carry checksums; a frame that fails is damage, not sound.
            codec.err_recognition(avcodec.AV_EF_CRCCHECK | avcodec.AV_EF_EXPLODE);
        }
        AVDictionary options = new AVDictionary(null);
        try {
            avutil.av_dict_set(options, "codec_whitelist", FileSignature.CODECS, 0);
            check(avcodec.avcodec_open2(codec, decoder, options), "opening the decoder");
        } finally {
            avutil.av_dict_free(options);
        }
    }

    /** The next frame, valid until the next call, or null at the end. */
    AVFrame next() {
        for (int packets = 0; packets < MAX_SILENT_PACKETS; packets++) {
            int status = avcodec.avcodec_receive_frame(codec, frame);
            if (status >= 0) {
                // A frame after damage: it was not just a file that breaks off.
                check(damage, "decoding");
                soundSeen = true;
                return frame;
            }
            if (status == avutil.AVERROR_EOF) {
                if (!soundSeen) {
                    check(damage, "decoding");
                }
                return null;
            }
            if (status != avutil.AVERROR_EAGAIN()) {
                noteDamage(status);
            }
            feed();
        }
        throw new AudioException(
                AudioException.Reason.DAMAGED,
                file,
                MAX_SILENT_PACKETS + " packets in a row without sound",
                "a recording");
    }

    /** Hands one packet to the decoder, or tells it that there are no more. */
    private void feed() {
        if (flushed) {
            return;
        }
        int status;
        do {
            avcodec.av_packet_unref(packet);
            status = avformat.av_read_frame(container, packet);
        } while (status >= 0 && packet.stream_index() != streamIndex);
        if (status == avutil.AVERROR_EOF) {
            flushed = true;
            noteDamage(avcodec.avcodec_send_packet(codec, null));
            return;
        }
        check(status, "reading a packet");
        noteDamage(avcodec.avcodec_send_packet(codec, packet));
    }

    private void noteDamage(int status) {
        if (status < 0 && damage == 0) {
            damage = status;
        }
    }

    /** Turns a negative status into an exception with FFmpeg's own words. */
    void check(int status, String doing) {
        if (status >= 0) {
            return;
        }
        byte[] text = new byte[ERROR_TEXT_BYTES];
        avutil.av_strerror(status, text, text.length);
        int length = 0;
        while (length < text.length && text[length] != 0) {
            length++;
        }
        throw new AudioException(
                AudioException.Reason.DAMAGED,
                file,
                "an error while " + doing + ": " + new String(text, 0, length, StandardCharsets.UTF_8),
                "an undamaged recording of a known format");
    }

    /** FFmpeg returns null only when memory has run out. */
    static <P extends Pointer> P allocated(P pointer) {
        if (pointer == null || pointer.isNull()) {
            throw new OutOfMemoryError("FFmpeg could not allocate memory");
        }
        return pointer;
    }

    /** FFmpeg takes UTF-8 on Windows and plain bytes elsewhere. */
    private static Charset nameEncoding() {
        return File.separatorChar == '\\'
                ? StandardCharsets.UTF_8
                : Charset.forName(System.getProperty("native.encoding"));
    }

    @Override
    public void close() {
        if (frame != null) {
            avutil.av_frame_free(frame);
            frame = null;
        }
        if (packet != null) {
            avcodec.av_packet_free(packet);
            packet = null;
        }
        if (codec != null) {
            avcodec.avcodec_free_context(codec);
            codec = null;
        }
        if (container != null) {
            avformat.avformat_close_input(container);
            container = null;
        }
    }
}
