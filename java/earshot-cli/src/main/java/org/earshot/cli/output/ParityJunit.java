package org.earshot.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.earshot.parity.Comparison;
import org.earshot.parity.ParityResult;

/**
 * Parity as JUnit's XML, which CI systems show: a suite for each golden file on each backend, a case for each tensor; a
 * backend that does not start is a case that was skipped, with the reason.
 */
public final class ParityJunit {
    private final XMLStreamWriter xml;

    private ParityJunit(XMLStreamWriter xml) {
        this.xml = xml;
    }

    public static void write(OutputStream out, ParityRun run) throws IOException {
        try {
            XMLStreamWriter xml = XMLOutputFactory.newInstance().createXMLStreamWriter(out, "UTF-8");
            xml.writeStartDocument("UTF-8", "1.0");
            new ParityJunit(xml).suites(run);
            xml.writeEndDocument();
            xml.flush();
        } catch (XMLStreamException e) {
            throw new IOException(e);
        }
    }

    private void suites(ParityRun run) throws XMLStreamException {
        xml.writeStartElement("testsuites");
        for (ParityRun.Entry entry : run.entries()) {
            suite(entry.model(), entry.result());
        }
        if (!run.failures().isEmpty()) {
            begin("parity", run.failures().size(), run.failures().size(), 0);
            for (ParityRun.Failure failure : run.failures()) {
                startCase(failure.subject(), "parity");
                failure(failure.message(), failure.message());
                xml.writeEndElement();
            }
            xml.writeEndElement();
        }
        if (!run.skipped().isEmpty()) {
            begin("backends", run.skipped().size(), 0, run.skipped().size());
            for (ParityRun.Skipped skipped : run.skipped()) {
                startCase(skipped.backend(), "backends");
                xml.writeEmptyElement("skipped");
                attribute("message", skipped.reason());
                xml.writeEndElement();
            }
            xml.writeEndElement();
        }
        xml.writeEndElement();
    }

    private void suite(String model, ParityResult result) throws XMLStreamException {
        String name = model + "/" + result.golden().getFileName() + " on " + result.backend();
        long failed = result.comparisons().stream().filter(one -> !one.passes()).count();
        begin(name, result.comparisons().size(), failed, 0);
        for (Comparison one : result.comparisons()) {
            startCase(one.name(), name);
            if (!one.passes()) {
                String message = one.name() + " differs by "
                        + String.format(Locale.ROOT, "%.2e", one.measured())
                        + ", more than " + String.format(Locale.ROOT, "%.2e", one.tolerance())
                        + ", most at " + one.difference().worst()
                        + (one.guess().isEmpty() ? "" : "; " + one.guess());
                failure(message, one.difference().toString());
            }
            xml.writeEndElement();
        }
        xml.writeEndElement();
    }

    private void begin(String name, long tests, long failures, long skipped) throws XMLStreamException {
        xml.writeStartElement("testsuite");
        attribute("name", name);
        attribute("tests", Long.toString(tests));
        attribute("failures", Long.toString(failures));
        attribute("skipped", Long.toString(skipped));
        attribute("errors", "0");
    }

    private void startCase(String name, String suite) throws XMLStreamException {
        xml.writeStartElement("testcase");
        attribute("name", name);
        attribute("classname", suite);
    }

    private void failure(String message, String text) throws XMLStreamException {
        xml.writeStartElement("failure");
        attribute("message", message);
        xml.writeCharacters(Text.visible(text));
        xml.writeEndElement();
    }

    /** What a terminal must not get is no XML either. */
    private void attribute(String name, String value) throws XMLStreamException {
        xml.writeAttribute(name, Text.visible(value));
    }
}
