/** Classifiers as beans of Spring Boot. */
// Spring's modules have names only by their jars' manifests, and no application has both versions' health indicators.
@SuppressWarnings({"requires-automatic", "module"})
module org.earshot.spring {
    requires org.earshot;
    requires static micrometer.core;
    requires static org.earshot.micrometer;
    requires spring.beans;
    requires spring.boot;
    requires spring.boot.autoconfigure;
    requires spring.context;
    requires spring.core;
    requires static spring.boot.actuator;
    requires static spring.boot.actuator.autoconfigure;
    requires static spring.boot.health;

    exports org.earshot.spring;

    opens org.earshot.spring to
            spring.beans,
            spring.boot,
            spring.context,
            spring.core;
}
