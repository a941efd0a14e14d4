package org.earshot.spring;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Whether {@code earshot.replaceable} is true, in all the words that Spring binds: its own condition compares texts,
 * and {@code yes} would be neither {@code true} nor {@code false}.
 */
final class Replaceable implements Condition {
    private static boolean isSet(ConditionContext context) {
        return Binder.get(context.getEnvironment())
                .bind("earshot.replaceable", Boolean.class)
                .orElse(false);
    }

    @Override
    public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
        return isSet(context);
    }

    /** Whether it is not. */
    static final class Not implements Condition {
        @Override
        public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
            return !isSet(context);
        }
    }
}
