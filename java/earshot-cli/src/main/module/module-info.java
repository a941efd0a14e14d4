/** The command line. */
open module org.earshot.cli {
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires HdrHistogram;
    requires info.picocli;
    requires java.desktop;
    requires java.logging;
    requires java.management;
    requires java.xml;
    requires me.tongfei.progressbar;
    requires org.apache.commons.csv;
    requires org.earshot;
    requires org.earshot.evaluation;
    requires org.earshot.server;
}
