package org.earshot.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.backend.Precision;
import org.earshot.backend.View;
import org.earshot.backend.packing.PackedLayer;
import org.earshot.layer.Concatenation;
import org.earshot.layer.Shape;
import org.earshot.layer.Signature;
import org.junit.jupiter.api.Test;

/** What becomes of arguments on their way to the native side. */
class CpuOperationTest {
    /** A layer of three inputs, of which there is none yet. */
    private record Three() implements Signature {
        @Override
        public String kind() {
            return "three";
        }

        @Override
        public Shape outputShape(List<Shape> inputs) {
            return Shape.of(1, 5);
        }
    }

    @Test
    void aThirdInputIsRefused() {
        CpuBackend backend = new CpuBackend(InstructionSet.best(), 1, Precision.FLOAT32);
        try (Operation operation = backend.operation(new Three(), PackedLayer.of(new Concatenation(2, 3)));
                Execution execution = backend.open()) {
            View first = new View(execution.allocate(2), 0, Shape.of(1, 2));
            View second = new View(execution.allocate(3), 0, Shape.of(1, 3));
            View third = new View(execution.allocate(4), 0, Shape.of(1, 4));
            View output = new View(execution.allocate(5), 0, Shape.of(1, 5));
            View scratch = new View(execution.allocate(1), 0, Shape.of(1));
            operation.bind(execution, List.of(first, second), output, scratch);
            String expected = "three: 3 inputs; a native library takes at most 2";
            List<View> inputs = List.of(first, second, third);
            assertEquals(
                    expected,
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () -> operation.bind(execution, inputs, output, scratch))
                            .getMessage());
            List<Shape> shapes = inputs.stream().map(View::shape).toList();
            assertEquals(
                    expected,
                    assertThrows(IllegalArgumentException.class, () -> operation.scratch(shapes, execution))
                            .getMessage());
        }
    }
}
