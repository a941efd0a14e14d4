package org.earshot.spark;

import java.util.Iterator;
import java.util.function.Function;
import org.apache.spark.sql.Row;

/** Rows that are made of others when they are asked for. */
record MappedRows(Iterator<Row> rows, Function<Row, Row> function) implements Iterator<Row> {
    @Override
    public boolean hasNext() {
        return rows.hasNext();
    }

    @Override
    public Row next() {
        return function.apply(rows.next());
    }
}
