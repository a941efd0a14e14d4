package org.earshot.spring;

import io.micrometer.core.instrument.MeterRegistry;
import org.earshot.ClassifierListener;
import org.earshot.ComputePool;
import org.earshot.SceneClassifier;
import org.earshot.SceneClassifierHolder;
import org.earshot.audio.AudioLimits;
import org.earshot.micrometer.ClassifierMetrics;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.io.ResourceLoader;

/**
 * One classifier of the application, loaded as {@link EarshotProperties} say: a {@link SceneClassifier}, or with
 * {@code earshot.replaceable} a {@link SceneClassifierHolder}. Steps back for a bean of either type that the
 * application defines.
 *
 * <p>Beans of type {@link ClassifierListener}, {@link ComputePool} (one) and {@link SceneClassifierBuilderCustomizer}
 * take part. With a registry of Micrometer there are {@link ClassifierMetrics}, and with Actuator a health indicator.
 */
@AutoConfiguration(
        afterName = {
            // Of Boot 4, and of Boot 3.
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration"
        })
@EnableConfigurationProperties(EarshotProperties.class)
@Import({HealthConfiguration.class, ActuatorHealthConfiguration.class})
public class EarshotAutoConfiguration {
    /** For Spring. */
    public EarshotAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    AudioLimits earshotAudioLimits(EarshotProperties properties) {
        return properties.audio().limits();
    }

    @Bean
    @ConditionalOnMissingBean
    SceneClassifierBuilders sceneClassifierBuilders(
            EarshotProperties properties,
            AudioLimits limits,
            ResourceLoader resources,
            ObjectProvider<ClassifierListener> listeners,
            ObjectProvider<ComputePool> pool,
            ObjectProvider<SceneClassifierBuilderCustomizer> customizers) {
        return new SceneClassifierBuilders(
                properties,
                limits,
                resources,
                new Listeners(listeners.orderedStream().toList()),
                pool.stream().findFirst(),
                customizers.orderedStream().toList());
    }

    @Bean
    @ConditionalOnMissingBean({SceneClassifier.class, SceneClassifierHolder.class})
    @Conditional(Replaceable.Not.class)
    SceneClassifier sceneClassifier(EarshotProperties properties, SceneClassifierBuilders builders) {
        return Loading.load(properties, builders, SceneClassifier.Builder::load);
    }

    @Bean
    @ConditionalOnMissingBean({SceneClassifier.class, SceneClassifierHolder.class})
    @Conditional(Replaceable.class)
    SceneClassifierHolder sceneClassifierHolder(EarshotProperties properties, SceneClassifierBuilders builders) {
        return Loading.load(properties, builders, SceneClassifierHolder::load);
    }

    /** Meters, where there is a registry for them. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterRegistry.class)
    @ConditionalOnBean(MeterRegistry.class)
    static class MetricsConfiguration {
        @Bean
        @ConditionalOnMissingBean
        ClassifierMetrics classifierMetrics(MeterRegistry registry) {
            return new ClassifierMetrics(registry);
        }
    }
}
