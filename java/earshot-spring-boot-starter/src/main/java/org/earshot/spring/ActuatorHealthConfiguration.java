package org.earshot.spring;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The health indicator of Boot 3; {@link HealthConfiguration} is its like for Boot 4. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
class ActuatorHealthConfiguration {
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
