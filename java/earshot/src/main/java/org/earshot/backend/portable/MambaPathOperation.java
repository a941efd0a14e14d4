package org.earshot.backend.portable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.PreNorm;
import org.earshot.layer.Shape;

/**
 * A path of a dual-path block: {@code x + projection([forward(h); backward(h)])}, {@code h = norm(x, c)}.
 *
 * <p>A task takes a few whole sequences. For each direction it reads them into rows (the backward direction simply
 * reads from the other end), normalises, applies the layers tile by tile, and adds its half of the projection to the
 * output.
 */
final class MambaPathOperation extends PortableOperation {
    /** Positions of a tile. */
    private static final int TILE = 512;

    private final MambaPath layer;
    private final List<List<PreparedMambaLayer>> directions;
    /** The projection's half for each direction, {@code [C, C]}, output first. */
    private final List<float[]> projections;

    private final float epsilon;

    MambaPathOperation(MambaPath layer, Epsilons epsilons) {
        super(layer);
        this.layer = layer;
        epsilon = epsilons.norm();
        directions =
                List.of(prepare(layer.forward(), epsilons.rootMean()), prepare(layer.backward(), epsilons.rootMean()));
        projections = List.of(half(0), half(layer.channels()));
    }

    private static List<PreparedMambaLayer> prepare(List<MambaLayer> layers, float epsilon) {
        return layers.stream()
                .map(layer -> new PreparedMambaLayer(layer, epsilon))
                .toList();
    }

    private float[] half(int firstInput) {
        int channels = layer.channels();
        float[] weights = layer.projectionWeight().values();
        float[] half = new float[channels * channels];
        for (int o = 0; o < channels; o++) {
            for (int i = 0; i < channels; i++) {
                half[o * channels + i] = weights[(firstInput + i) * channels + o];
            }
        }
        return half;
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        Run run = new Run(execution, inputs, output);
        return run::run;
    }

    /** The operation bound to its arguments. */
    private final class Run {
        private final PortableExecution execution;
        private final View input;
        private final View condition;
        private final View output;
        private final int channels = layer.channels();
        private final int clips;
        /** Sequences of a clip, and positions of a sequence. */
        private final int sequences;

        private final int positions;
        /** Floats from one sequence to the next, from one position to the next, and from one clip to the next. */
        private final int sequenceStride;

        private final int positionStride;
        private final int clipStride;
        /** Sequences a task takes, tasks of a clip, and positions of a tile. */
        private final int grouped;

        private final int groups;
        private final int tile;
        private final float[] normScale;
        private final float[] normShift;
        private final List<TaskRows> workspaces = new ArrayList<>();
        private final Team.Task task = this::task;

        Run(PortableExecution execution, List<View> inputs, View output) {
            this.execution = execution;
            this.input = inputs.get(0);
            this.condition = inputs.size() > 1 ? inputs.get(1) : null;
            this.output = output;
            Shape shape = input.shape();
            boolean overTime = layer.axis() == MambaPath.Axis.TIME;
            clips = shape.extent(0);
            sequences = overTime ? shape.extent(2) : shape.extent(1);
            positions = overTime ? shape.extent(1) : shape.extent(2);
            int frameStride = shape.extent(2) * channels;
            sequenceStride = overTime ? channels : frameStride;
            positionStride = overTime ? frameStride : channels;
            clipStride = shape.extent(1) * frameStride;
            int share = ceilDivide(sequences, ceilDivide(execution.threads(), Math.max(clips, 1)));
            groups = ceilDivide(sequences, Math.max(1, Math.min(share, TILE / Math.max(positions, 1))));
            grouped = ceilDivide(sequences, Math.max(groups, 1));
            int tiles = ceilDivide(positions, TILE);
            tile = tiles > 1 ? ceilDivide(positions, tiles) : grouped * positions;
            normScale = new float[clips * channels];
            normShift = new float[clips * channels];
            if (layer.norm() instanceof LayerNorm plain) {
                for (int b = 0; b < clips; b++) {
                    System.arraycopy(plain.scale().values(), 0, normScale, b * channels, channels);
                    System.arraycopy(plain.shift().values(), 0, normShift, b * channels, channels);
                }
            }
            for (int worker = 0; worker < execution.threads(); worker++) {
                workspaces.add(new TaskRows(execution.pool(worker).taker()));
            }
        }

        /** What one worker needs: the sequences of a task in tiles, two rows for statistics, and the layers' own. */
        private final class TaskRows {
            final float[][][] tiles = new float[Math.max(1, ceilDivide(positions, tile))][][];
            final float[] mean;
            final float[] scale;
            final float[][] projected;
            final List<List<PreparedMambaLayer.TileRows>> layers = new ArrayList<>();

            TaskRows(RowPool.Taker rows) {
                for (int i = 0; i < tiles.length; i++) {
                    tiles[i] = rows.take(channels, tile);
                }
                mean = rows.take(tile);
                scale = rows.take(tile);
                projected = rows.take(channels, tile);
                int mark = rows.mark();
                for (List<PreparedMambaLayer> direction : directions) {
                    List<PreparedMambaLayer.TileRows> own = new ArrayList<>();
                    for (PreparedMambaLayer prepared : direction) {
                        rows.reset(mark);
                        own.add(prepared.new TileRows(rows, tile));
                    }
                    layers.add(own);
                }
            }
        }

        void run() {
            if (layer.norm() instanceof PreNorm.Conditional norm) {
                float[] c = PortableMemory.values(condition);
                for (int b = 0; b < clips; b++) {
                    int from = PortableMemory.offset(condition) + b * norm.conditionWidth();
                    LinearOperation.apply(norm.gamma(), c, from, normScale, b * channels);
                    LinearOperation.apply(norm.beta(), c, from, normShift, b * channels);
                }
            }
            execution.team().parallel(clips * groups, task);
        }

        private void task(int task, int worker) {
            TaskRows work = workspaces.get(worker);
            int clip = task / groups;
            int first = task % groups * grouped;
            int count = Math.min(grouped, sequences - first);
            for (int direction = 0; direction < 2; direction++) {
                int from = clip * clipStride + first * sequenceStride;
                for (int i = 0; i < work.tiles.length; i++) {
                    read(work.tiles[i], from, i * tile, tileLength(i, count), direction == 1);
                    normalize(work, work.tiles[i], clip, tileLength(i, count));
                }
                for (int k = 0; k < directions.get(direction).size(); k++) {
                    PreparedMambaLayer prepared = directions.get(direction).get(k);
                    for (int i = 0; i < work.tiles.length; i++) {
                        prepared.apply(
                                work.layers.get(direction).get(k),
                                work.tiles[i],
                                tileLength(i, count),
                                positions,
                                i > 0);
                    }
                }
                for (int i = 0; i < work.tiles.length; i++) {
                    project(work, direction, work.tiles[i], from, i * tile, tileLength(i, count));
                }
            }
        }

        private int tileLength(int i, int count) {
            return Math.min(tile, count * positions - i * tile);
        }

        /** Where position i of the task's sequences lies, relative to the first. */
        private int address(int i, boolean backward) {
            int t = i % positions;
            return i / positions * sequenceStride + (backward ? positions - 1 - t : t) * positionStride;
        }

        private void read(float[][] rows, int from, int firstPosition, int length, boolean backward) {
            float[] x = PortableMemory.values(input);
            int base = PortableMemory.offset(input) + from;
            for (int i = 0; i < length; i++) {
                int at = base + address(firstPosition + i, backward);
                for (int c = 0; c < channels; c++) {
                    rows[c][i] = x[at + c];
                }
            }
        }

        private void normalize(TaskRows work, float[][] rows, int clip, int length) {
            if (layer.norm() instanceof PreNorm.None) {
                return;
            }
            Arrays.fill(work.mean, 0, length, 0f);
            Arrays.fill(work.scale, 0, length, 0f);
            for (float[] row : rows) {
                MatrixProduct.addOne(work.mean, row, 1f / channels, length);
            }
            for (float[] row : rows) {
                Rows.addSquaredDistance(work.scale, row, work.mean, length);
            }
            Rows.inverseRoot(work.scale, channels, epsilon, length);
            for (int c = 0; c < channels; c++) {
                int at = clip * channels + c;
                Rows.normalize(rows[c], work.mean, work.scale, normScale[at], normShift[at], length);
            }
        }

        /** Adds one direction's half: the forward one sets {@code x + bias + ...}, the backward one adds to it. */
        private void project(TaskRows work, int direction, float[][] rows, int from, int firstPosition, int length) {
            boolean backward = direction == 1;
            float[] bias = layer.projectionBias().values();
            for (int c = 0; c < channels; c++) {
                Arrays.fill(work.projected[c], 0, length, backward ? 0f : bias[c]);
            }
            MatrixProduct.accumulate(
                    work.projected, channels, rows, channels, projections.get(direction), 0, channels, length);
            float[] y = PortableMemory.values(output);
            float[] x = backward ? y : PortableMemory.values(input);
            int to = PortableMemory.offset(output) + from;
            int residual = backward ? to : PortableMemory.offset(input) + from;
            for (int i = 0; i < length; i++) {
                int at = address(firstPosition + i, backward);
                for (int c = 0; c < channels; c++) {
                    y[to + at + c] = x[residual + at + c] + work.projected[c][i];
                }
            }
        }
    }

    private static int ceilDivide(int a, int b) {
        return (a + b - 1) / b;
    }
}
