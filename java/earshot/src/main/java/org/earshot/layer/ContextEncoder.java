package org.earshot.layer;

import java.util.Arrays;
import java.util.List;

/**
 * Encodes city and time of a recording: {@code [embedding(location); ReLU(M time + m)]} (SE-Trans, MobileASCNet), or a
 * projection of it, {@code c = P [embedding(location); ReLU(M time + m)] + p} (ASCMamba, "w/ L&amp;RT"). Inputs:
 * location {@code [B, 1]}, the row of the embedding as an integral float, and time features {@code [B, 8]}; output
 * {@code [B, K]}, where K is L + M without a projection.
 *
 * @param locationTable {@code [cities + 1, L]}: the trained rows, and behind them their mean, which an unknown city may
 *     ask for; see {@link #withMeanRow}
 * @param timeMapping linear layer {@code 8 -> M} with ReLU
 * @param projection linear layer {@code L + M -> K}, location first, or null for none
 */
public record ContextEncoder(Parameter locationTable, Linear timeMapping, Linear projection) implements Layer {
    /** Size of the time features. */
    public static final int TIME_FEATURES = 8;

    /** Checks the shapes. */
    public ContextEncoder {
        if (projection != null && locationTable.extent(1) + timeMapping.outputs() != projection.inputs()) {
            throw new IllegalArgumentException("projection: takes " + projection.inputs() + " values; expected "
                    + locationTable.extent(1) + " of the location and " + timeMapping.outputs() + " of the time");
        }
    }

    /**
     * Width of location and time together.
     *
     * @return L + M
     */
    public int joined() {
        return locationTable.extent(1) + timeMapping.outputs();
    }

    /**
     * Width of the output.
     *
     * @return K
     */
    public int outputs() {
        return projection == null ? joined() : projection.outputs();
    }

    /**
     * Appends the mean of all rows to a trained embedding.
     *
     * @param embedding {@code [cities, L]}, at least one city
     * @return {@code [cities + 1, L]}
     */
    public static Parameter withMeanRow(Parameter embedding) {
        int rows = embedding.extent(0);
        int width = embedding.extent(1);
        float[] values = Arrays.copyOf(embedding.values(), Math.multiplyExact(Math.addExact(rows, 1), width));
        for (int column = 0; column < width; column++) {
            double sum = 0;
            for (int row = 0; row < rows; row++) {
                sum += values[row * width + column];
            }
            values[rows * width + column] = (float) (sum / rows);
        }
        return new Parameter(Shape.of(rows + 1, width), values);
    }

    @Override
    public String kind() {
        return "context encoder";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shapes.requireCount(kind(), inputs, 2);
        Shape location = Shapes.requireRank(kind(), inputs.get(0), 2);
        Shapes.requireExtent(kind(), location, -1, 1);
        Shape time = Shapes.requireRank(kind(), inputs.get(1), 2);
        Shapes.requireExtent(kind(), time, -1, timeMapping.inputs());
        Shapes.requireExtent(kind(), time, 0, location.extent(0));
        return Shape.of(location.extent(0), outputs());
    }

    @Override
    public long parameters() {
        long trained = locationTable.shape().elements() - locationTable.extent(1);
        return trained + timeMapping.parameters() + (projection == null ? 0 : projection.parameters());
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        long projected = projection == null ? 0 : projection.weight().shape().elements();
        return timeMapping.multiplyAdds(inputs.subList(1, 2)) + inputs.get(0).extent(0) * projected;
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.contextEncoder(this);
    }
}
