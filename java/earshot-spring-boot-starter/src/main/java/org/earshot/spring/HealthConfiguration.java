package org.earshot.spring;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The health indicator of Boot 4; {@link ActuatorHealthConfiguration} is its like for Boot 3. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
class HealthConfiguration {
    @Bean
    @ConditionalOnMissingBean(name = "earshotHealthIndicator")
    @ConditionalOnEnabledHealthIndicator("earshot")
    HealthIndicator earshotHealthIndicator(ListableBeanFactory beans) {
        ClassifierHealths healths = new ClassifierHealths(beans);
        return () -> (healths.areReady() ? Health.up() : Health.down())
                .withDetails(healths.details())
                .build();
    }
}
