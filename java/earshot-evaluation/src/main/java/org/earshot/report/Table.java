package org.earshot.report;

import java.util.ArrayList;
import java.util.List;

/** A table whose first column names its rows; what follows are figures, in groups where that is wanted. */
final class Table {
    private record Group(String name, List<String> columns) {}

    private final String caption;
    private final String rows;
    private final List<Group> groups = new ArrayList<>();
    private final List<List<String>> body = new ArrayList<>();

    /** @param rows heading of the first column */
    Table(String caption, String rows) {
        this.caption = caption;
        this.rows = rows;
    }

    /** Adds a column that stands alone. */
    Table column(String name) {
        groups.add(new Group(null, List.of(name)));
        return this;
    }

    /** Adds columns below a common heading. */
    Table group(String name, String... columns) {
        groups.add(new Group(name, List.of(columns)));
        return this;
    }

    Table row(List<String> cells) {
        body.add(cells);
        return this;
    }

    /** Writes the table into a box that can be scrolled where the page is narrow. */
    void write(Markup page) {
        page.open("div", "class", "scroll", "role", "region", "aria-label", caption, "tabindex", "0");
        page.open("table").open("caption").leaf("span", caption).close().open("thead");
        boolean grouped = groups.stream().anyMatch(group -> group.name != null);
        int height = grouped ? 2 : 1;
        page.open("tr").leaf("th", rows, "scope", "col", "rowspan", height);
        for (Group group : groups) {
            if (group.name == null) {
                page.leaf("th", group.columns.get(0), "scope", "col", "rowspan", height);
            } else {
                page.leaf("th", group.name, "scope", "colgroup", "colspan", group.columns.size(), "class", "group");
            }
        }
        page.close();
        if (grouped) {
            page.open("tr");
            for (Group group : groups) {
                if (group.name != null) {
                    group.columns.forEach(column -> page.leaf("th", column, "scope", "col"));
                }
            }
            page.close();
        }
        page.close().open("tbody");
        for (List<String> cells : body) {
            page.open("tr").leaf("th", cells.get(0), "scope", "row");
            cells.subList(1, cells.size()).forEach(cell -> page.leaf("td", cell));
            page.close();
        }
        page.close().close().close();
    }

    /** Writes the table folded away, for who cannot see or wants to copy the figures of a chart. */
    void writeFolded(Markup page) {
        page.open("details").leaf("summary", "As a table");
        write(page);
        page.close();
    }
}
