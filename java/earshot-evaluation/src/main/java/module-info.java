/**
 * What surrounds a model while it is made: sets of recordings and their cached features, pseudo-labels, evaluation and
 * its report. A service that only classifies does not need it.
 */
module org.earshot.evaluation {
    requires com.fasterxml.jackson.databind;
    requires java.desktop;
    requires org.apache.commons.csv;
    requires transitive org.earshot;

    exports org.earshot.dataset;
    exports org.earshot.evaluation;
    exports org.earshot.labelling;
    exports org.earshot.report;
}
