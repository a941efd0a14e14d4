package org.earshot.cli.options;

import java.util.OptionalInt;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that chooses one of several GPUs. */
public final class DeviceOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--device",
            paramLabel = "N",
            description = "GPU to compute on, from 0 on, of those that CUDA_VISIBLE_DEVICES leaves. Default: the first,"
                    + " if there is one.")
    private Integer device;

    /** The GPU asked for. */
    public OptionalInt device() {
        if (device == null) {
            return OptionalInt.empty();
        }
        if (device < 0) {
            throw new ParameterException(spec.commandLine(), "--device: found " + device + "; expected 0 or more");
        }
        return OptionalInt.of(device);
    }
}
