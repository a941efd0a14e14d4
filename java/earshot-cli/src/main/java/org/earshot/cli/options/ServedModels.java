package org.earshot.cli.options;

import java.util.ArrayList;
import java.util.List;
import org.earshot.server.service.ModelSource;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that names what is served. */
public final class ServedModels {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "[NAME=]DIR",
            description = "Model directory, or a folder of them whose names are the numbers of their versions; as often"
                    + " as there are models. Requests call it by its folder's name unless there is another."
                    + " Default: the demonstration model.")
    private List<String> models = new ArrayList<>();

    /** The models that were named, or the one that the start script offers. */
    public ModelSource[] sources() {
        if (models.isEmpty()) {
            String preset = System.getProperty("earshot.model");
            if (preset == null || preset.isEmpty()) {
                throw new ParameterException(spec.commandLine(), "which model? Give --model DIR");
            }
            return new ModelSource[] {ModelSource.parse(preset)};
        }
        return models.stream().map(ModelSource::parse).toArray(ModelSource[]::new);
    }
}
