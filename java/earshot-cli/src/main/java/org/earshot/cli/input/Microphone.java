package org.earshot.cli.input;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.DataLine;
import javax.sound.sampled.LineUnavailableException;
import javax.sound.sampled.Mixer;
import javax.sound.sampled.TargetDataLine;
import org.earshot.cli.output.CommandException;

/** What the machine records by itself, through Java Sound (on Linux ALSA, and what stands behind it). */
public final class Microphone implements LiveSource {
    private static final int BITS = 16;

    private final TargetDataLine line;

    private Microphone(TargetDataLine line) {
        this.line = line;
    }

    /**
     * Begins to record.
     *
     * @param device a part of the device's name, whatever its case; null for the system's default
     * @param sampleRate Hz
     */
    public static Microphone open(String device, int sampleRate) {
        DataLine.Info wanted =
                new DataLine.Info(TargetDataLine.class, new AudioFormat(sampleRate, BITS, 1, true, false));
        try {
            TargetDataLine line = (TargetDataLine)
                    (device == null
                            ? AudioSystem.getLine(wanted)
                            : mixer(device, wanted).getLine(wanted));
            line.open();
            line.start();
            return new Microphone(line);
        } catch (LineUnavailableException | IllegalArgumentException e) {
            throw new CommandException(
                    device == null ? "microphone" : "--device " + device,
                    "none that records 16 bit mono at " + sampleRate + " Hz (" + e.getMessage() + ")",
                    "another --rate, --device with one of " + devices(wanted) + ", or --stdin",
                    e);
        }
    }

    private static Mixer mixer(String device, DataLine.Info wanted) {
        for (Mixer.Info info : AudioSystem.getMixerInfo()) {
            Mixer mixer = AudioSystem.getMixer(info);
            if (info.getName().toLowerCase(Locale.ROOT).contains(device.toLowerCase(Locale.ROOT))
                    && mixer.isLineSupported(wanted)) {
                return mixer;
            }
        }
        throw new CommandException(
                "--device " + device, "no such microphone", "a part of the name of one of " + devices(wanted));
    }

    private static String devices(DataLine.Info wanted) {
        List<String> names = new ArrayList<>();
        for (Mixer.Info info : AudioSystem.getMixerInfo()) {
            if (AudioSystem.getMixer(info).isLineSupported(wanted)) {
                names.add(info.getName());
            }
        }
        return names.isEmpty() ? "none (Java Sound finds no microphone)" : String.join(", ", names);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
        int read = line.read(bytes, offset, length);
        return read == 0 && !line.isOpen() ? -1 : read;
    }

    @Override
    public void close() {
        line.close();
    }
}
