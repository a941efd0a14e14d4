package org.earshot.spring;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;

/** Says instead of a stack trace which property is wrong, where it is set, and what to do. */
final class EarshotFailureAnalyzer extends AbstractFailureAnalyzer<EarshotPropertyException> {
    private final Environment environment;

    /**
     * Prepares the analysis.
     *
     * @param environment where properties are set
     */
    EarshotFailureAnalyzer(Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, EarshotPropertyException cause) {
        StringBuilder description = new StringBuilder(cause.getMessage());
        for (String property : cause.properties()) {
            description.append(System.lineSeparator()).append("    ").append(found(property));
        }
        return new FailureAnalysis(description.toString(), cause.action(), cause);
    }

    private String found(String property) {
        ConfigurationPropertyName name = ConfigurationPropertyName.of(property);
        for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
            ConfigurationProperty set = source.getConfigurationProperty(name);
            if (set != null) {
                String origin = set.getOrigin() == null ? "" : " (" + set.getOrigin() + ")";
                return property + " = " + set.getValue() + origin;
            }
        }
        return property + " is not set";
    }
}
