package org.earshot;

/**
 * What callers' code throws, kept by one thread and thrown again by another. It may be anything: Kotlin, Scala and
 * Groovy throw checked exceptions where Java's compiler lets none through.
 */
final class Thrown {
    private Thrown() {}

    /**
     * Throws it as it is.
     *
     * @return nothing; for a {@code throw} where it is called
     */
    @SuppressWarnings("unchecked") // Erased: nothing is cast.
    static <X extends Throwable> RuntimeException again(Throwable failure) throws X {
        throw (X) failure;
    }
}
