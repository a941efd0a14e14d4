package org.earshot.weights;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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

    /** {@code torch.float32} and the like, which hyper-parameters name. */
    private static final Pattern DATA_TYPE =
            Pattern.compile("torch\\.(bool|bfloat16|(float|complex|q?u?int|bits)\\d\\w*)");

    private static final Pattern OTHER_STORAGE = Pattern.compile("torch\\.(Q?U?Int|Complex)\\w*Storage");

    /** What tensors are made by that no network has, and what they are. */
    private static final Map<String, String> OTHER_TENSORS = Map.of(
            "torch._utils._rebuild_tensor_v3", "a tensor of a type such as float8 or uint16",
            "torch._utils._rebuild_sparse_tensor", "a sparse tensor",
            "torch._utils._rebuild_qtensor", "a quantized tensor",
            "torch._utils._rebuild_nested_tensor", "a nested tensor",
            "torch._utils._rebuild_meta_tensor_no_storage", "a tensor on the device \"meta\", without values",
            "torch._utils._rebuild_parameter_with_state", "a parameter with attributes",
            "torch._tensor._rebuild_from_type_v2", "a tensor with attributes");

    /** What a {@code defaultdict} is made with; protocol 2 has Python 2's names for two of them. */
    private static final Set<String> TYPES = Set.of(
            "builtins.list",
            "builtins.dict",
            "builtins.tuple",
            "builtins.str",
            "builtins.unicode",
            "builtins.int",
            "builtins.long",
            "builtins.float",
            "builtins.bool");

    private final WeightFile file;
    private final String folder;
    private final Map<String, ZipDirectory.Range> entries;

    /** Callables, each with its Python name. */
    private enum Callable implements PickleMachine.Callee {
        ORDERED_DICT("collections.OrderedDict"),
        DEFAULT_DICT("collections.defaultdict"),
        COUNTER("collections.Counter"),
        SET("builtins.set"),
        FROZEN_SET("builtins.frozenset"),
        COMPLEX("builtins.complex"),
        BYTES("builtins.bytes"),
        BYTE_ARRAY("builtins.bytearray"),
        ENCODE("_codecs.encode"),
        SIZE("torch.Size"),
        LAYOUT("torch.serialization._get_layout"),
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

    /** A storage class; of use inside a persistent id only. */
    private record StorageClass(WeightType type) {
        @Override
        public String toString() {
            return "a class of storages";
        }
    }

    /** A storage's bytes in the file. */
    private record Storage(WeightType type, ZipDirectory.Range range) {
        long elements() {
            return range.size() / type.bytes();
        }

        @Override
        public String toString() {
            return "a storage of " + elements() + " " + type;
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
     * @param folder of the archive, with a slash at its end, where {@code data.pkl} was found
     * @param entries of the archive
     */
    TorchGlobals(WeightFile file, String folder, Map<String, ZipDirectory.Range> entries) {
        this.file = file;
        this.folder = folder;
        this.entries = entries;
    }

    @Override
    public Object global(String module, String name) {
        // Python 2's name, which protocol 2 writes.
        String full = (module.equals("__builtin__") ? "builtins" : module) + "." + name;
        WeightType type = STORAGES.get(full);
        if (type != null) {
            return new StorageClass(type);
        }
        for (Callable callable : Callable.values()) {
            if (callable.pythonName.equals(full)) {
                return callable;
            }
        }
        if (DATA_TYPE.matcher(full).matches()) {
            return new Inert(full);
        }
        if (TYPES.contains(full)) {
            return new Inert("a type of Python's");
        }
        String tensor =
                OTHER_STORAGE.matcher(full).matches() ? "a tensor of a type such as complex" : OTHER_TENSORS.get(full);
        if (tensor != null) {
            throw wrong(
                    tensor + " (" + full + ")",
                    "dense tensors of "
                            + STORAGES.values().stream()
                                    .sorted()
                                    .map(Enum::name)
                                    .collect(Collectors.joining(", "))
                            + " (convert it before saving, such as by tensor.detach(), tensor.float() or"
                            + " tensor.to_dense(), or leave it out)");
        }
        throw wrong(
                "the Python object " + Quoted.of(module + "." + name),
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
            case DEFAULT_DICT -> {
                requireArguments(known, arguments, 0, 1);
                yield new LinkedHashMap<>();
            }
            case COUNTER -> only(known, arguments, LinkedHashMap.class);
            case SET, FROZEN_SET -> only(known, arguments, ArrayList.class);
            case COMPLEX -> {
                requireArguments(known, arguments, 2, 2);
                yield new Inert("a complex number");
            }
            case BYTES, BYTE_ARRAY, ENCODE -> {
                requireArguments(known, arguments, 0, 2);
                yield new Inert("bytes");
            }
            case LAYOUT -> {
                requireArguments(known, arguments, 1, 1);
                yield new Inert("a layout");
            }
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
                        Arrays.stream(extents).mapToInt(Math::toIntExact).toArray())
                .orElseThrow(() -> wrong(
                        "a tensor " + Arrays.toString(extents), "at most " + TensorLimits.MOST_ELEMENTS + " elements"));
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

    private static PickleMachine.RefusedException outside(Storage storage, long offset, Shape shape, long[] strides) {
        return wrong(
                "a tensor " + shape + " with strides " + Arrays.toString(strides) + " at element " + offset,
                "one that lies within its storage of " + storage.elements() + " elements");
    }

    private static long[] numbers(Object[] values, long largest) {
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

    private static <T> T only(Callable callable, Object[] arguments, Class<T> type) {
        requireArguments(callable, arguments, 1, 1);
        return argument(callable, arguments, 0, type);
    }

    private static <T> T argument(Callable callable, Object[] arguments, int index, Class<T> type) {
        if (!type.isInstance(arguments[index])) {
            throw wrong(
                    callable + " with " + PickleMachine.describe(arguments[index]) + " as argument " + index,
                    "what PyTorch writes there");
        }
        return type.cast(arguments[index]);
    }

    private static void requireArguments(Callable callable, Object[] arguments, int least, int most) {
        if (arguments.length < least || arguments.length > most) {
            throw wrong(callable + " with " + arguments.length + " arguments", List.of(least, most) + " of them");
        }
    }

    private static PickleMachine.RefusedException wrong(String found, String expected) {
        return new PickleMachine.RefusedException(found, expected);
    }
}
