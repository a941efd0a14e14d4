package org.earshot.ffmpeg;

import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.SizeTPointer;
import org.earshot.audio.AudioFormat;
import org.earshot.audio.AudioInput;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.LossLog;
import org.earshot.error.AudioException;

/**
 * Decodes one audio stream, frame by frame, past what cannot be decoded. Frees every native object it holds, also when
 * opening fails.
 */
final class FrameReader implements AutoCloseable {
    /** A damaged index may list packets without end that hold nothing; no real file has this many in a row. */
    private static final int MAX_SILENT_PACKETS = 100_000;

    /** Formats that say of each packet when it is to be heard, so that a gap between two shows what is missing. */
    private static final Set<AudioFormat> TIMED = EnumSet.of(AudioFormat.MATROSKA, AudioFormat.WINDOWS_MEDIA);

    private final AudioInput input;

    /** What is still to be opened, of a chain of recordings that have to be decoded one by one. */
    private final Deque<AudioInput> rest = new ArrayDeque<>();

    /** Null where the last recording of a chain cannot be opened. */
    private Demuxer demuxer;

    /** Seconds to one unit of the stream's times. */
    private double timeUnit;

    private final DecodingLosses losses = new DecodingLosses();

    /** Of an Ogg file; null of others. */
    private final OggPages pages;

    private AVCodecContext codec;
    private AVPacket packet;
    private AVFrame frame;
    private boolean flushed;
    private boolean ended;

    /** Samples in a block of FLAC, 0 before the first. */
    private int blockSize;

    /** Takes over the input: closing this closes it. */
    FrameReader(AudioInput input) {
        this.input = input;
        pages = input.format() == AudioFormat.OGG ? OggPages.of(input) : null;
        boolean opened = false;
        try {
            List<Long> starts = pages == null ? List.of(0L) : pages.starts();
            for (int i = 1; i < starts.size(); i++) {
                rest.add(input.part(starts.get(i), i + 1 < starts.size() ? starts.get(i + 1) : input.size()));
            }
            demuxer = new Demuxer(starts.size() == 1 ? input : input.part(0, starts.get(1)));
            openCodec();
            packet = Memory.allocated(avcodec.av_packet_alloc());
            frame = Memory.allocated(avutil.av_frame_alloc());
            opened = true;
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    private void openCodec() {
        codec = Memory.allocated(avcodec.avcodec_alloc_context3(demuxer.decoder()));
        check(
                avcodec.avcodec_parameters_to_context(codec, demuxer.stream().codecpar()),
                "reading the codec's parameters");
        // Without it the decoder cannot cut off what the encoder added.
        timeUnit = demuxer.timeUnit();
        codec.pkt_timebase(demuxer.stream().time_base());
        if (codec.codec_id() == avcodec.AV_CODEC_ID_FLAC) {
            // Its frames carry checksums; a frame that fails is damage, not sound.
            codec.err_recognition(avcodec.AV_EF_CRCCHECK | avcodec.AV_EF_EXPLODE);
        }
        AVDictionary options = new AVDictionary(null);
        try {
            avutil.av_dict_set(options, "codec_whitelist", Codecs.decoders(), 0);
            check(avcodec.avcodec_open2(codec, demuxer.decoder(), options), "opening the decoder");
        } finally {
            avutil.av_dict_free(options);
        }
    }

    /** The next frame, valid until the next call, or null at the end. */
    AVFrame next() {
        if (ended) {
            return null;
        }
        for (int packets = 0; packets < MAX_SILENT_PACKETS; packets++) {
            int status = avcodec.avcodec_receive_frame(codec, frame);
            if (status >= 0) {
                losses.decoded(frame, start());
                return frame;
            }
            if (status == avutil.AVERROR_EOF) {
                if (openNext()) {
                    continue;
                }
                end();
                return null;
            }
            if (status != avutil.AVERROR_EAGAIN()) {
                damaged(status);
            }
            feed();
        }
        throw new AudioException(
                AudioException.Reason.DAMAGED,
                input.name(),
                MAX_SILENT_PACKETS + " packets in a row without sound",
                "a recording");
    }

    /** Goes on to the next recording of a chain that can be opened; false if there is none. */
    private boolean openNext() {
        if (!rest.isEmpty()) {
            losses.endOfLink(demuxer.failure());
        }
        while (!rest.isEmpty()) {
            closeLink();
            try {
                demuxer = new Demuxer(rest.remove());
                openCodec();
                flushed = false;
                return true;
            } catch (AudioException e) {
                if (e.reason() != AudioException.Reason.FORMAT && e.reason() != AudioException.Reason.DAMAGED) {
                    throw e;
                }
                losses.unopened(e.getMessage());
            }
        }
        return false;
    }

    /** Hands one packet to the decoder, or tells it that there are no more. */
    private void feed() {
        if (flushed) {
            return;
        }
        if (!demuxer.next(packet)) {
            flushed = true;
            avcodec.av_packet_unref(packet);
            avcodec.avcodec_send_packet(codec, null);
            return;
        }
        if (hasSideData(avcodec.AV_PKT_DATA_NEW_EXTRADATA) || hasSideData(avcodec.AV_PKT_DATA_STRINGS_METADATA)) {
            losses.startAnew();
        }
        int status = avcodec.avcodec_send_packet(codec, packet);
        if (status < 0) {
            damaged(status);
        }
    }

    private void damaged(int status) {
        // What is left of PCM behind its last whole frame is no packet.
        int frameBytes = demuxer.stream().codecpar().ch_layout().nb_channels()
                * avcodec.av_get_bits_per_sample(codec.codec_id())
                / Byte.SIZE;
        if (packet.size() == 0 || packet.size() >= frameBytes || !demuxer.isPcm()) {
            losses.damaged(packet, status, timeUnit);
        }
    }

    /** When the frame is to be heard by the file, in seconds; NaN if the file does not say. */
    private double start() {
        if (input.format() == AudioFormat.FLAC) {
            blockSize = blockSize == 0 ? frame.nb_samples() : blockSize;
            long first = packet.size() <= 0
                    ? -1
                    : FlacFrames.firstSample(
                            packet.data().capacity(packet.size()).asByteBuffer().order(ByteOrder.BIG_ENDIAN),
                            blockSize);
            return first < 0 ? Double.NaN : (double) first / frame.sample_rate();
        }
        long time = frame.best_effort_timestamp();
        boolean timed = TIMED.contains(input.format()) && time != avutil.AV_NOPTS_VALUE;
        return timed ? time * timeUnit : Double.NaN;
    }

    /** Headers in front of a packet: another recording begins, as in Ogg files that were put one behind the other. */
    private boolean hasSideData(int kind) {
        return avcodec.av_packet_get_side_data(packet, kind, (SizeTPointer) null) != null;
    }

    private void end() {
        if (!ended) {
            losses.end(demuxer == null ? 0 : demuxer.seconds(), demuxer == null ? 0 : demuxer.failure());
        }
        ended = true;
        if (!losses.anythingDecoded()) {
            check(losses.lastFailure(), "decoding");
            throw new AudioException(
                    AudioException.Reason.FORMAT,
                    input.name(),
                    "an audio stream without a single frame",
                    "a recording");
        }
    }

    /** What could not be decoded so far. */
    List<AudioLoss> losses() {
        if (pages == null || pages.gaps().isEmpty()) {
            return losses.list();
        }
        LossLog log = new LossLog();
        OggLosses.enter(pages, ended ? losses.secondsDecoded() : -1, timeUnit, log);
        return log.losses();
    }

    private void check(int status, String doing) {
        FfmpegErrors.check(status, input.name(), doing);
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
        closeLink();
        // A chain's parts leave it open.
        input.close();
    }

    private void closeLink() {
        if (codec != null) {
            avcodec.avcodec_free_context(codec);
            codec = null;
        }
        if (demuxer != null) {
            demuxer.close();
            demuxer = null;
        }
    }
}
