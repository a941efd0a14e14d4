package org.earshot.cli.options;

import java.util.Arrays;
import org.earshot.backend.Precision;
import org.earshot.cli.output.Text;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The option that chooses the precision of the products. */
public final class PrecisionOption {
    @Option(
            names = "--precision",
            paramLabel = "float32|bf16|tf32",
            defaultValue = "float32",
            converter = Converter.class,
            description = "Precision of the large products; bf16 and tf32 are faster, less exact, and need a processor"
                    + " (bf16) or a device (either) that has them. Default: ${DEFAULT-VALUE}.")
    private Precision precision;

    public Precision precision() {
        return precision;
    }

    /** From the label. */
    static final class Converter implements ITypeConverter<Precision> {
        @Override
        public Precision convert(String label) {
            return Precision.of(label)
                    .orElseThrow(() -> new TypeConversionException("found \"" + Text.visible(label)
                            + "\"; expected one of "
                            + String.join(
                                    ", ",
                                    Arrays.stream(Precision.values())
                                            .map(Precision::label)
                                            .toList())));
        }
    }
}
