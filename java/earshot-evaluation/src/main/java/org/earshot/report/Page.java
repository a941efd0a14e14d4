package org.earshot.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The frame of a page: its head, its title, its list of contents, its sections. */
final class Page {
    private static final String STYLE = "report.css";

    /** Forbids whatever is not in the page itself; a script that got in would not run. */
    private static final String POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

    /** What a section shows; not called where there is nothing to show. */
    interface Content {
        void write(Markup page);
    }

    private record Section(String id, String heading, Content content) {}

    private final String title;
    private final String summary;
    private final List<Section> sections = new ArrayList<>();

    Page(String title, String summary) {
        this.title = title;
        this.summary = summary;
    }

    /** @param id our own, for links within the page */
    Page section(String id, String heading, Content content) {
        sections.add(new Section(id, heading, content));
        return this;
    }

    String write() {
        Markup page = new Markup();
        page.verbatim("<!DOCTYPE html>\n").open("html", "lang", "en", "xmlns", "http://www.w3.org/1999/xhtml");
        page.open("head").empty("meta", "charset", "utf-8");
        page.empty("meta", "http-equiv", "Content-Security-Policy", "content", POLICY);
        page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        page.empty("meta", "name", "color-scheme", "content", "light dark");
        page.leaf("title", title).open("style").verbatim(style()).close().close();
        page.open("body").open("header").leaf("h1", title).leaf("p", summary).close();
        page.open("nav", "aria-label", "Contents").open("ul");
        for (Section section : sections) {
            page.open("li").leaf("a", section.heading, "href", "#" + section.id).close();
        }
        page.close().close().open("main");
        for (Section section : sections) {
            page.open("section", "aria-labelledby", section.id).leaf("h2", section.heading, "id", section.id);
            section.content.write(page);
            page.close();
        }
        return page.close().close().close().finish();
    }

    private static String style() {
        try (InputStream in = Page.class.getResourceAsStream(STYLE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
