package org.earshot.weights;

import java.nio.file.Path;
import org.earshot.WeightsException;

/** Reads weight files of every known format. */
public final class WeightFiles {
    private WeightFiles() {}

    /**
     * Reads a safetensors file or a PyTorch checkpoint, told apart by their first bytes, whatever the file is called.
     *
     * @param path the file
     * @return its tensors
     * @throws WeightsException if it is neither, or {@link Safetensors} or {@link PyTorchCheckpoint} refuses it
     */
    public static Weights read(Path path) {
        MappedFile file = MappedFile.open(path);
        FileKind kind = FileKind.of(file);
        return switch (kind) {
            case SAFETENSORS -> Safetensors.read(file);
            case ZIP -> PyTorchCheckpoint.read(file);
            case OTHER ->
                throw new WeightsException(
                        path,
                        kind.description(file),
                        "a safetensors file, or a PyTorch checkpoint written by torch.save(model.state_dict(), file)");
        };
    }
}
