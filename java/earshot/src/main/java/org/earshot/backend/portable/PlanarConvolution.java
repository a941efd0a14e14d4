package org.earshot.backend.portable;

import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.Convolution;
import org.earshot.layer.Shape;

/** A convolution bound to its places: reads the planes of one clip and writes planes {@code [O][T' * F']}. */
final class PlanarConvolution {
    private final PortableExecution execution;
    private final TiledConvolution convolution;
    private final List<TiledConvolution.ConvolutionRows> workspaces = new ArrayList<>();
    private final TiledConvolution.Planes planes;
    private final int clipStride;
    private final View target;
    private final int offset;
    private final int bands;
    private final int plane;
    private final Team.Task tile = this::tile;
    private int base;

    /**
     * Binds.
     *
     * @param execution where it runs
     * @param convolution the weights
     * @param planes what the first clip's planes are
     * @param clipStride from one clip's planes to the next clip's
     * @param out the output's shape
     * @param target where the output's planes go
     * @param offset of the first of them, absolute
     */
    PlanarConvolution(
            PortableExecution execution,
            Convolution convolution,
            TiledConvolution.Planes planes,
            int clipStride,
            Shape out,
            View target,
            int offset) {
        this.execution = execution;
        this.convolution = new TiledConvolution(convolution);
        this.planes = planes;
        this.clipStride = clipStride;
        this.target = target;
        this.offset = offset;
        bands = out.extent(2);
        plane = out.extent(1) * bands;
        for (int worker = 0; worker < execution.threads(); worker++) {
            workspaces.add(
                    this.convolution.new ConvolutionRows(execution.pool(worker).taker()));
        }
    }

    /** Binds to an input {@code [B, T, F, I]} as it lies in memory. */
    static PlanarConvolution ofChannelsLast(
            PortableExecution execution, Convolution convolution, View input, View target, int offset) {
        Shape in = input.shape();
        List<Integer> channels = new ArrayList<>();
        for (int c = 0; c < in.extent(3); c++) {
            channels.add(PortableMemory.offset(input) + c);
        }
        return new PlanarConvolution(
                execution,
                convolution,
                new TiledConvolution.Planes(input, channels, channels.size(), in.extent(1), in.extent(2)),
                in.extent(1) * in.extent(2) * in.extent(3),
                convolution.outputShape(in),
                target,
                offset);
    }

    /** Computes one clip. */
    void run(int clip) {
        base = clip * clipStride;
        execution.team().parallel((plane + TiledConvolution.TILE - 1) / TiledConvolution.TILE, tile);
    }

    private void tile(int task, int worker) {
        int first = task * TiledConvolution.TILE;
        int length = Math.min(TiledConvolution.TILE, plane - first);
        convolution.run(
                workspaces.get(worker),
                planes,
                base,
                bands,
                first,
                length,
                PortableMemory.values(target),
                offset,
                plane);
    }
}
