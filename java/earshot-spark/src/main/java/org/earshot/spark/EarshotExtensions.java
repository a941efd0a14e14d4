package org.earshot.spark;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.classic.UserDefinedFunctionUtils;
import org.apache.spark.sql.expressions.SparkUserDefinedFunction;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Gives sessions of every language the functions {@code earshot_classify(path, city, time)} and
 * {@code earshot_embed(path)}, by settings alone:
 *
 * <pre>{@code
 * --jars earshot-spark.jar --conf spark.sql.extensions=org.earshot.spark.EarshotExtensions
 * --conf spark.earshot.model=DIR
 * SELECT path, earshot_classify(path, city, time).label FROM recordings
 * }</pre>
 *
 * <p>{@code earshot_classify} gives a struct with the columns of {@link EarshotSpark#classify}, {@code earshot_embed}
 * an array of floats, null for what cannot be read. The model is read when a query first names a function;
 * {@code spark.earshot.backend} chooses the backend. They take one recording at a time, where {@code classify} takes
 * several at once: on a GPU, prefer that.
 */
public final class EarshotExtensions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
    /** Made by Spark, by the name of the class. */
    public EarshotExtensions() {}

    @Override
    public BoxedUnit apply(SparkSessionExtensions extensions) {
        inject(
                extensions,
                SqlFunctions.CLASSIFY,
                3,
                "_FUNC_(path, city, time) - the scene of the recording at path, a struct of label, probability, ranking"
                        + " and what else there is to say; city and time may be null");
        inject(
                extensions,
                SqlFunctions.EMBED,
                1,
                "_FUNC_(path) - the embedding of the recording at path, an array of floats; null if it cannot be read");
        return BoxedUnit.UNIT;
    }

    private static void inject(SparkSessionExtensions extensions, String name, int arguments, String usage) {
        extensions.injectFunction(new Tuple3<>(
                new FunctionIdentifier(name),
                new ExpressionInfo(
                        EarshotExtensions.class.getName(), null, name, usage, "", "", "", "", "", "", "java_udf"),
                new Builder(name, arguments)));
    }

    /** Makes a call of a function. */
    private static final class Builder extends AbstractFunction1<Seq<Expression>, Expression> {
        private final String name;
        private final int arguments;

        Builder(String name, int arguments) {
            this.name = name;
            this.arguments = arguments;
        }

        @Override
        public Expression apply(Seq<Expression> given) {
            if (given.length() != arguments) {
                throw new IllegalArgumentException(
                        name + ": found " + given.length() + " arguments; expected " + arguments);
            }
            return UserDefinedFunctionUtils.toScalaUDF(
                    (SparkUserDefinedFunction)
                            SqlFunctions.of(SparkSession.active()).get(name),
                    given);
        }
    }
}
