package org.earshot.weights;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.error.WeightsException;
import org.earshot.files.Quoted;
import org.earshot.layer.Shape;

/**
 * The only names a checkpoint's pickle may use, and what they make: tensors that lie in the archive's storages, and the
 * plain containers of an optimizer's or trainer's state. Everything else is refused by name.
 */
final class TorchGlobals implements PickleMachine.Globals {
    private static final Map<String, WeightType> STORAGES = Map.of(
            "torch.DoubleStorage", WeightType.F64,
            "torch.FloatStorage", WeightType.F32,
            "torch.HalfStorage", WeightType.F16,
            "torch.BFloat16Storage", WeightType.BF16,
            "torch.LongStorage", WeightType.I64,
            "torch.IntStorage", WeightType.I32,
            "torch.ShortStorage", WeightType.I16,
            "torch.CharStorage", WeightType.I8,
            "torch.ByteStorage", WeightType.U8,
            "torch.BoolStorage", WeightType.BOOL);

    private final WeightFile file;
    private final String subject;
    private final String folder;
    private final Map<String, ZipDirectory.Range> entries;

    /** Callables, each with its Python name. */
    private enum Callable {
        ORDERED_DICT("collections.OrderedDict"),
        COUNTER("collections.Counter"),
        SET("builtins.set"),
        SET_2("__builtin__.set"),
        SIZE("torch.Size"),
        DEVICE("torch.device"),
        TENSOR("torch._utils._rebuild_tensor_v2"),
        PARAMETER("torch._utils._rebuild_parameter");

        private final String pythonName;

        Callable(String pythonName) {
            this.pythonName = pythonName;
        }

        @Override
        public String toString() {
            return pythonName;
        }
    }

    /** A storage class; only ever named inside a persistent id. */
    private record StorageClass(WeightType type) {}

    /** A storage's bytes in the file. */
    private record Storage(WeightType type, ZipDirectory.Range range) {
        long elements() {
            return range.size() / type.bytes();
        }
    }

    /** A value that says something about the training and is never used. */
    private record Inert(String description) {
        @Override
        public String toString() {
            return description;
        }
    }

    /**
     * Prepares for one checkpoint.
     *
     * @param subject what messages are about
     * @param folder of the archive, with a slash at its end, where {@code data.pkl} was found
     * @param entries of the archive
     */
    TorchGlobals(WeightFile file, String subject, String folder, Map<String, ZipDirectory.Range> entries) {
        this.file = file;
        this.subject = subject;
        this.folder = folder;
        this.entries = entries;
    }

    @Override
    public Object global(String module, String name) {
        String full = module + "." + name;
        WeightType type = STORAGES.get(full);
        if (type != null) {
            return new StorageClass(type);
        }
        for (Callable callable : Callable.values()) {
            if (callable.pythonName.equals(full)) {
                return callable;
            }
        }
        throw wrong(
                "the Python object " + Quoted.of(full),
                "only tensors and plain containers (save again with torch.save(model.state_dict(), file))");
    }

    @Override
    public Object call(Object callable, Object[] arguments) {
        if (!(callable instanceof Callable known)) {
            throw wrong("a call of " + PickleMachine.describe(callable), "a call of one of the allowed objects");
        }
        return switch (known) {
            case ORDERED_DICT -> {
                requireArguments(known, arguments, 0, 0);
                yield new LinkedHashMap<>();
            }
            case COUNTER -> only(known, arguments, LinkedHashMap.class);
            case SET, SET_2 -> only(known, arguments, ArrayList.class);
            case SIZE -> only(known, arguments, Object[].class);
            case DEVICE -> {
                requireArguments(known, arguments, 1, 2);
                yield new Inert("a device");
            }
            case TENSOR -> tensor(arguments);
            case PARAMETER -> {
                requireArguments(known, arguments, 3, 3);
                yield argument(known, arguments, 0, WeightTensor.class);
            }
        };
    }

    /** {@code ('storage', class, key, location, elements)} names the entry {@code data/key} of the archive. */
    @Override
    public Object persistent(Object id) {
        if (!(id instanceof Object[] parts)
                || parts.length != 5
                || !"storage".equals(parts[0])
                || !(parts[1] instanceof StorageClass storage)
                || !(parts[2] instanceof String key)
                || !(parts[4] instanceof Long elements)) {
            throw wrong("a persistent id that is " + PickleMachine.describe(id), "a storage of the archive");
        }
        ZipDirectory.Range range = entries.get(folder + "data/" + key);
        if (range == null) {
            throw wrong("no entry for storage " + Quoted.of(key), "data/" + key + " in the archive");
        }
        int width = storage.type().bytes();
        if (elements < 0 || elements > range.size() / width || elements * width != range.size()) {
            throw wrong(
                    range.size() + " bytes in storage " + Quoted.of(key),
                    elements + " elements of " + storage.type() + ", as the pickle says");
        }
        return new Storage(storage.type(), range);
    }

    /** {@code _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks[, metadata])}. */
    private WeightTensor tensor(Object[] arguments) {
        Callable callable = Callable.TENSOR;
        requireArguments(callable, arguments, 6, 7);
        Storage storage = argument(callable, arguments, 0, Storage.class);
        long offset = argument(callable, arguments, 1, Long.class);
        long[] extents = numbers(argument(callable, arguments, 2, Object[].class), Integer.MAX_VALUE);
        long[] strides = numbers(argument(callable, arguments, 3, Object[].class), Long.MAX_VALUE);
        if (strides.length != extents.length) {
            throw wrong(
                    "a tensor with " + extents.length + " extents and " + strides.length + " strides",
                    "as many of both");
        }
        Shape shape = TensorLimits.shape(
                file.path(),
                "data.pkl",
                Arrays.stream(extents).mapToInt(Math::toIntExact).toArray());
        // An expanded tensor (stride 0) could claim gigabytes for one number.
        if (shape.elements() > storage.elements()) {
            throw wrong(
                    "a tensor " + shape + " with strides " + Arrays.toString(strides),
                    "no more elements than its storage's " + storage.elements()
                            + " (expanded tensors are not read: save tensor.contiguous())");
        }
        if (offset < 0 || offset > storage.elements()) {
            throw outside(storage, offset, shape, strides);
        }
        if (shape.elements() > 0) {
            long left = storage.elements() - 1 - offset;
            for (int i = 0; i < extents.length; i++) {
                // Divided, not multiplied: no overflow.
                if (left < 0 || (extents[i] > 1 && strides[i] > left / (extents[i] - 1))) {
                    throw outside(storage, offset, shape, strides);
                }
                left -= (extents[i] - 1) * strides[i];
            }
            if (left < 0) {
                throw outside(storage, offset, shape, strides);
            }
        }
        return new StoredTensor(
                file, storage.range().position() + offset * storage.type().bytes(), storage.type(), shape, strides);
    }

    private WeightsException outside(Storage storage, long offset, Shape shape, long[] strides) {
        return wrong(
                "a tensor " + shape + " with strides " + Arrays.toString(strides) + " at element " + offset,
                "one that lies within its storage of " + storage.elements() + " elements");
    }

    private long[] numbers(Object[] values, long largest) {
        if (values.length > TensorLimits.MOST_DIMENSIONS) {
            throw wrong("a tensor of " + values.length + " dimensions", "at most " + TensorLimits.MOST_DIMENSIONS);
        }
        long[] numbers = new long[values.length];
        for (int i = 0; i < numbers.length; i++) {
            if (!(values[i] instanceof Long number) || number < 0 || number > largest) {
                throw wrong(
                        "a tensor with an extent or stride that is " + PickleMachine.describe(values[i]),
                        "a whole number from 0 to " + largest);
            }
            numbers[i] = number;
        }
        return numbers;
    }

    private <T> T only(Callable callable, Object[] arguments, Class<T> type) {
        requireArguments(callable, arguments, 1, 1);
        return argument(callable, arguments, 0, type);
    }

    private <T> T argument(Callable callable, Object[] arguments, int index, Class<T> type) {
        if (!type.isInstance(arguments[index])) {
            throw wrong(
                    callable + " with " + PickleMachine.describe(arguments[index]) + " as argument " + index,
                    "what PyTorch writes there");
        }
        return type.cast(arguments[index]);
    }

    private void requireArguments(Callable callable, Object[] arguments, int least, int most) {
        if (arguments.length < least || arguments.length > most) {
            throw wrong(callable + " with " + arguments.length + " arguments", List.of(least, most) + " of them");
        }
    }

    private WeightsException wrong(String found, String expected) {
        return new WeightsException(subject, found, expected);
    }
}
