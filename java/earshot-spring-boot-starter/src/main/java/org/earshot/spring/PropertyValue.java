package org.earshot.spring;

import java.util.List;
import java.util.function.BiFunction;

/**
 * A property as it was bound, or several that make one choice.
 *
 * @param <V> its type
 * @param value null if it is not set
 * @param names in their canonical form
 */
record PropertyValue<V>(V value, List<String> names) {
    static <V> PropertyValue<V> of(String name, V value) {
        return new PropertyValue<>(value, List.of(name));
    }

    /**
     * Sets something by it.
     *
     * @param target what is set
     * @param setter refuses a value that is not allowed with an IllegalArgumentException
     * @return what the setter returns, or the target if the property is not set
     * @throws EarshotPropertyException naming the properties if the value is refused
     */
    <T> T apply(T target, BiFunction<T, V, T> setter) {
        if (value == null) {
            return target;
        }
        try {
            return setter.apply(target, value);
        } catch (IllegalArgumentException e) {
            throw new EarshotPropertyException(
                    names,
                    e.getMessage(),
                    "Give " + String.join(", ", names) + " what is expected, or leave it out.",
                    e);
        }
    }
}
