/** FLAC, Ogg Vorbis, MP3, Opus, M4A and others for Earshot, decoded by FFmpeg's libraries. */
module org.earshot.ffmpeg {
    requires org.bytedeco.ffmpeg;
    requires org.earshot;

    exports org.earshot.ffmpeg;

    provides org.earshot.audio.AudioDecoder with
            org.earshot.ffmpeg.FfmpegDecoder;
}
