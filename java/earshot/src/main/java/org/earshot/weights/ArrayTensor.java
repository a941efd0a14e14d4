package org.earshot.weights;

import org.earshot.layer.Shape;

/** Tensors that lie in an array, to be written or handed on. */
final class ArrayTensor {
    private ArrayTensor() {}

    static WeightTensor of(Shape shape, float[] values) {
        requireLength(shape, values.length);
        return new Floats(shape, values);
    }

    static WeightTensor of(Shape shape, long[] values) {
        requireLength(shape, values.length);
        return new Longs(shape, values);
    }

    private static void requireLength(Shape shape, int length) {
        if (shape.elements() != length) {
            throw new IllegalArgumentException(length + " values for shape " + shape);
        }
    }

    private static final class Floats implements WeightTensor {
        private final Shape shape;
        private final float[] values;

        private Floats(Shape shape, float[] values) {
            this.shape = shape;
            this.values = values;
        }

        @Override
        public WeightType type() {
            return WeightType.F32;
        }

        @Override
        public Shape shape() {
            return shape;
        }

        @Override
        public float[] floats() {
            return values.clone();
        }

        @Override
        public long[] longs() {
            throw StoredTensor.notIntegral(type());
        }
    }

    private static final class Longs implements WeightTensor {
        private final Shape shape;
        private final long[] values;

        private Longs(Shape shape, long[] values) {
            this.shape = shape;
            this.values = values;
        }

        @Override
        public WeightType type() {
            return WeightType.I64;
        }

        @Override
        public Shape shape() {
            return shape;
        }

        @Override
        public float[] floats() {
            float[] floats = new float[values.length];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = values[i];
            }
            return floats;
        }

        @Override
        public long[] longs() {
            return values.clone();
        }
    }
}
