package org.earshot.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.earshot.dataset.DatasetException;

/**
 * Columns of rows, found by their names as Spark finds them.
 *
 * @param schema of the rows
 * @param exact whether names that differ in case are different
 */
record ColumnNames(StructType schema, boolean exact) {
    /** Those of a data frame, by its session's setting. */
    static ColumnNames of(Dataset<Row> rows) {
        return new ColumnNames(
                rows.schema(), Boolean.parseBoolean(rows.sparkSession().conf().get("spark.sql.caseSensitive")));
    }

    /** Whether two names are the same column's. */
    boolean same(String name, String other) {
        return exact ? name.equals(other) : name.equalsIgnoreCase(other);
    }

    /**
     * The position of a column.
     *
     * @param name of the column, if one was named
     * @param method that names it, for messages
     * @param types which it may have; any if none are given
     * @return -1 if none was named
     * @throws DatasetException if it is missing, there twice or of another type
     */
    int find(Optional<String> name, String method, DataType... types) {
        if (name.isEmpty()) {
            return -1;
        }
        List<String> names = List.of(schema.fieldNames());
        int[] columns = IntStream.range(0, names.size())
                .filter(column -> same(names.get(column), name.get()))
                .toArray();
        if (columns.length != 1) {
            throw new DatasetException(
                    "column " + name.get(),
                    (columns.length == 0 ? "none" : columns.length) + " of this name among " + names,
                    "one, or its name by " + method + " (a field of a struct is to be made a column before)");
        }
        int column = columns[0];
        DataType type = schema.fields()[column].dataType();
        if (types.length > 0 && Arrays.stream(types).noneMatch(known -> matches(known, type))) {
            throw new DatasetException(
                    "column " + name.get(),
                    "the type " + type.simpleString(),
                    String.join(
                            " or ",
                            Arrays.stream(types).map(DataType::simpleString).toList()));
        }
        return column;
    }

    /** Arrays may or may not hold nulls, and texts may be compared in any way. */
    private static boolean matches(DataType known, DataType type) {
        return known.equals(type)
                || (known instanceof StringType && type instanceof StringType)
                || (known instanceof ArrayType array
                        && type instanceof ArrayType other
                        && array.elementType().equals(other.elementType()));
    }
}
