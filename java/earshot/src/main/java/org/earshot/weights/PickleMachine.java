package org.earshot.weights;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.error.WeightsException;
import org.earshot.files.Quoted;

/**
 * Runs the few pickle instructions (protocols 2 to 5) that checkpoints need, on plain values only, as PyTorch's own
 * {@code weights_only} reader does. A general library would do more: it makes objects, hashes whatever is used as a
 * key, and allocates what a length field asks for. Here time and memory are bounded by the pickle's length and by
 * {@link #MOST_INSTRUCTIONS}: no instruction copies more than it read or took off the stack.
 *
 * <p>Values: null, {@link Boolean}, {@link Long} or {@link BigInteger}, {@link Double}, {@link String}, {@code byte[]},
 * {@code Object[]} (tuple), {@link ArrayList} (list, set), {@link LinkedHashMap} (dict), and what {@link Globals}
 * makes.
 */
final class PickleMachine {
    /** About a hundred per tensor and its optimizer state; room for forty thousand tensors. */
    private static final int MOST_INSTRUCTIONS = 4_000_000;

    /** Bytes, about, that the values may take; a tensor's description takes some 600, its name included. */
    private static final long MOST_MEMORY = 1L << 26;

    // What values cost in a JVM, rounded up.
    private static final int REFERENCE = 8;
    private static final int OBJECT = 32;
    private static final int CONTAINER = 96;
    private static final int ENTRY = 64;

    private static final int NEWEST_PROTOCOL = 5;
    private static final int LONGEST_INTEGER = 255;
    private static final int LONGEST_GLOBAL = 256;

    /** What a pickle refers to by name; decides what exists. */
    interface Globals {
        /** The object called {@code module.name}, or a {@link RefusedException}. */
        Object global(String module, String name);

        /** The result of calling one of those objects, or a {@link RefusedException}. */
        Object call(Object callable, Object[] arguments);

        /** The object kept outside the pickle under an id, or a {@link RefusedException}. */
        Object persistent(Object id);
    }

    /** What globals can be called: what lies above one on the stack is on its way to become the result. */
    interface Callee {}

    /** What a pickle asks for and does not get; the machine adds where in it that was. */
    static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final String found;
        private final String expected;

        RefusedException(String found, String expected) {
            super(found);
            this.found = found;
            this.expected = expected;
        }
    }

    private final String subject;
    private final byte[] pickle;
    private final ByteBuffer input;
    private final Globals globals;
    private final List<Object> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();
    private long memory;

    PickleMachine(String subject, byte[] pickle, Globals globals) {
        this.subject = subject;
        this.pickle = pickle;
        this.input = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
        this.globals = globals;
    }

    /**
     * Runs the pickle.
     *
     * @return the value it leaves
     * @throws WeightsException if it is damaged, too long, or asks for anything that is not allowed
     */
    Object run() {
        for (int i = 0; i < MOST_INSTRUCTIONS; i++) {
            int opcode = u8();
            if (opcode == '.') {
                return pop();
            }
            try {
                execute(opcode);
            } catch (RefusedException e) {
                throw wrong(e.found, e.expected);
            }
        }
        throw wrong("more than " + MOST_INSTRUCTIONS + " instructions", "a state dict");
    }

    private void execute(int opcode) {
        switch (opcode) {
            case 0x80 -> requireProtocol(u8());
            case 0x95 -> take(Long.BYTES);
            case 'N' -> push(null);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'J' -> push((long) take(Integer.BYTES).getInt());
            case 'K' -> push((long) u8());
            case 'M' -> push((long) u16());
            case 0x8a -> push(integer(u8()));
            case 0x8b -> push(integer(u32()));
            case 'G' -> push(take(Double.BYTES).order(ByteOrder.BIG_ENDIAN).getDouble());
            case 0x8c -> push(text(u8()));
            case 'X' -> push(text(u32()));
            case 0x8d -> push(text(u64()));
            case 'C' -> push(bytes(u8()));
            case 'B' -> push(bytes(u32()));
            case 0x8e, 0x96 -> push(bytes(u64()));
            case '(' -> {
                charge(OBJECT);
                marks.add(stack.size());
            }
            case ')' -> push(new Object[0]);
            case 0x85 -> push(pop(1));
            case 0x86 -> push(pop(2));
            case 0x87 -> push(pop(3));
            case 't' -> push(popToMark());
            case ']', 0x8f -> push(new ArrayList<>());
            case 0x91 -> push(new ArrayList<>(Arrays.asList(popToMark())));
            case 'a' -> append(pop(1));
            case 'e', 0x90 -> append(popToMark());
            case '}' -> push(new LinkedHashMap<>());
            case 's' -> setItems(pop(2));
            case 'u' -> setItems(popToMark());
            case 'h' -> pushAgain(recall(u8()));
            case 'j' -> pushAgain(recall(u32()));
            case 'q' -> memorize(u8());
            case 'r' -> memorize((int) u32());
            case 0x94 -> memorize(memo.size());
            case 'c' -> pushGlobal(line(), line());
            case 0x93 -> pushGlobal(pop(2));
            case 'R' -> call(pop(2));
            case 'b' -> build(pop());
            case 'Q' -> push(globals.persistent(pop()));
            default ->
                throw wrong(
                        "the instruction " + PickleOpcodes.describe(opcode),
                        "what a state dict needs in pickle protocols 2 to 5");
        }
    }

    private void requireProtocol(int protocol) {
        if (protocol > NEWEST_PROTOCOL) {
            throw wrong("pickle protocol " + protocol, "at most " + NEWEST_PROTOCOL);
        }
    }

    private void memorize(int index) {
        charge(ENTRY);
        memo.put(index, top());
    }

    private void charge(long bytes) {
        memory += bytes;
        if (memory > MOST_MEMORY) {
            throw wrong("values that take more than " + MOST_MEMORY + " bytes of memory", "a state dict, much smaller");
        }
    }

    private Object recall(long index) {
        Integer key = (int) index;
        if (!memo.containsKey(key)) {
            throw wrong("a reference to memo " + index, "one that was stored before");
        }
        return memo.get(key);
    }

    private void append(Object[] items) {
        if (!(top() instanceof ArrayList<?>)) {
            throw wrong("items for " + describe(top()), "a list to take them");
        }
        @SuppressWarnings("unchecked") // Every ArrayList on the stack was made here, as a list of objects.
        List<Object> list = (List<Object>) top();
        charge((long) items.length * REFERENCE * 2);
        // Not addAll of a copy trimmed each time: one instruction must cost no more than its own items.
        for (Object item : items) {
            list.add(item);
        }
    }

    private void setItems(Object[] items) {
        if (!(top() instanceof LinkedHashMap<?, ?>) || items.length % 2 != 0) {
            throw wrong(items.length + " keys and values for " + describe(top()), "pairs, and a dict to take them");
        }
        @SuppressWarnings("unchecked") // Every LinkedHashMap on the stack was made here or by the globals, as this.
        Map<Object, Object> dict = (Map<Object, Object>) top();
        charge((long) items.length / 2 * ENTRY);
        for (int i = 0; i < items.length; i += 2) {
            Object key = items[i];
            // Lists and dicts would be hashed, which never ends for one that holds itself; Python has no such keys.
            // Arrays are not: a tuple is told from others by being itself.
            if (key instanceof List<?> || key instanceof Map<?, ?>) {
                throw wrong("a dict key that is " + describe(key), "a string, a number or a tuple");
            }
            dict.put(key, items[i + 1]);
        }
    }

    private void pushGlobal(Object[] names) {
        if (names[0] instanceof String module && names[1] instanceof String name) {
            pushGlobal(module, name);
        } else {
            throw wrong("a global without a name", "two strings");
        }
    }

    private void pushGlobal(String module, String name) {
        push(globals.global(module, name));
    }

    private void call(Object[] callableAndArguments) {
        if (!(callableAndArguments[1] instanceof Object[] arguments)) {
            throw wrong("a call with " + describe(callableAndArguments[1]), "a tuple of arguments");
        }
        push(globals.call(callableAndArguments[0], arguments));
    }

    /** Attributes of an object: an OrderedDict's {@code _metadata}, which nobody needs. */
    private void build(Object state) {
        if (!(top() instanceof LinkedHashMap<?, ?>) || !(state instanceof LinkedHashMap<?, ?>)) {
            throw wrong("the instruction BUILD on " + describe(top()), "attributes of an OrderedDict only");
        }
    }

    private void push(Object value) {
        charge(REFERENCE + cost(value));
        stack.add(value);
    }

    /** A value that was paid for before. */
    private void pushAgain(Object value) {
        charge(REFERENCE);
        stack.add(value);
    }

    /** Of what was made for the value; what only refers to others counts what it holds of its own. */
    private static long cost(Object value) {
        if (value == null || value instanceof Boolean) {
            return 0;
        } else if (value instanceof Object[] tuple) {
            return OBJECT + (long) tuple.length * REFERENCE;
        } else if (value instanceof String text) {
            return 2 * OBJECT + (long) text.length() * Character.BYTES;
        } else if (value instanceof byte[] bytes) {
            return (long) OBJECT + bytes.length;
        } else if (value instanceof Number) {
            return OBJECT;
        }
        return CONTAINER;
    }

    private Object top() {
        if (stack.size() <= floor()) {
            throw wrong("an instruction without its operand", "a complete pickle");
        }
        return stack.get(stack.size() - 1);
    }

    private Object pop() {
        Object value = top();
        stack.remove(stack.size() - 1);
        return value;
    }

    private Object[] pop(int count) {
        if (stack.size() - count < floor()) {
            throw wrong("an instruction without its operands", "a complete pickle");
        }
        return popFrom(stack.size() - count);
    }

    private Object[] popToMark() {
        if (marks.isEmpty()) {
            throw wrong("an instruction without its mark", "a complete pickle");
        }
        return popFrom(marks.remove(marks.size() - 1));
    }

    private Object[] popFrom(int start) {
        List<Object> top = stack.subList(start, stack.size());
        Object[] values = top.toArray();
        top.clear();
        return values;
    }

    /** Values below the last mark are out of reach until it is taken off. */
    private int floor() {
        return marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
    }

    private int u8() {
        return Byte.toUnsignedInt(take(1).get());
    }

    private int u16() {
        return Short.toUnsignedInt(take(Short.BYTES).getShort());
    }

    private long u32() {
        return Integer.toUnsignedLong(take(Integer.BYTES).getInt());
    }

    /** A length of 64 bits; those beyond a long's range come out negative and are refused by {@link #take}. */
    private long u64() {
        return take(Long.BYTES).getLong();
    }

    private Object integer(long length) {
        if (length > LONGEST_INTEGER) {
            throw wrong("an integer of " + length + " bytes", "at most " + LONGEST_INTEGER);
        }
        byte[] bytes = bytes(length);
        for (int i = 0; i < bytes.length / 2; i++) {
            byte low = bytes[i];
            bytes[i] = bytes[bytes.length - 1 - i];
            bytes[bytes.length - 1 - i] = low;
        }
        if (bytes.length <= Long.BYTES) {
            return bytes.length == 0 ? 0L : new BigInteger(bytes).longValueExact();
        }
        return new BigInteger(bytes);
    }

    private String text(long length) {
        return StandardCharsets.UTF_8.decode(take(length)).toString();
    }

    private byte[] bytes(long length) {
        ByteBuffer bytes = take(length);
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return copy;
    }

    private String line() {
        int start = input.position();
        int end = start;
        while (end < pickle.length && pickle[end] != '\n') {
            end++;
        }
        if (end == pickle.length || end - start > LONGEST_GLOBAL) {
            throw wrong("a global's name without an end", "a line of at most " + LONGEST_GLOBAL + " bytes");
        }
        input.position(end + 1);
        return new String(pickle, start, end - start, StandardCharsets.UTF_8);
    }

    /** The next bytes; checked to be there before anyone allocates for them. */
    private ByteBuffer take(long length) {
        if (length < 0 || length > input.remaining()) {
            throw wrong(
                    "the end of the pickle, " + Long.toUnsignedString(length) + " bytes wanted and " + input.remaining()
                            + " left",
                    "a complete pickle");
        }
        ByteBuffer bytes = input.slice(input.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
        input.position(input.position() + (int) length);
        return bytes;
    }

    /** What kind of value something is, for messages. */
    static String describe(Object value) {
        if (value == null) {
            return "None";
        } else if (value instanceof Boolean || value instanceof Number) {
            return "the value " + Quoted.of(value.toString());
        } else if (value instanceof String text) {
            return "the string " + Quoted.of(text);
        } else if (value instanceof byte[] bytes) {
            return bytes.length + " bytes";
        } else if (value instanceof Object[] tuple) {
            return "a tuple of " + tuple.length;
        } else if (value instanceof List<?> list) {
            return "a list of " + list.size();
        } else if (value instanceof Map<?, ?> dict) {
            return "a dict of " + dict.size();
        } else if (value instanceof WeightTensor tensor) {
            return "a tensor " + tensor.type() + " " + tensor.shape();
        }
        return value.toString();
    }

    private WeightsException wrong(String found, String expected) {
        String place = place();
        return new WeightsException(
                subject + ", byte " + input.position() + (place.isEmpty() ? "" : ": " + Quoted.of(place)),
                found,
                expected);
    }

    /**
     * The keys that lead to the value in the making: of each dict on the way, the one that was pushed last. What is
     * behind a dict on the stack, or behind a mark there, is to become its keys and values.
     */
    private String place() {
        StringBuilder place = new StringBuilder();
        int at = 0;
        while (at < stack.size()) {
            int first = at + 1;
            int mark = marks.lastIndexOf(first);
            int end = mark >= 0 && mark + 1 < marks.size() ? marks.get(mark + 1) : stack.size();
            if (stack.get(at) instanceof Map<?, ?>) {
                int key = first;
                while (key + 2 < end && !(stack.get(key + 1) instanceof Callee)) {
                    key += 2;
                }
                if (key >= end || !(stack.get(key) instanceof String || stack.get(key) instanceof Number)) {
                    break;
                }
                place.append(place.length() == 0 ? "" : ".").append(stack.get(key));
                at = key + 1;
            } else {
                // Of a list, or of arguments, the last.
                at = Math.max(first, end - 1);
            }
        }
        return place.toString();
    }
}
