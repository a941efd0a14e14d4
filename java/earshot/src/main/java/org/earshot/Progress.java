package org.earshot;

/** Whether what is being computed is still wanted, and who is told where its time went. */
@FunctionalInterface
interface Progress {
    /** For what nobody gives up. */
    Progress GOES_ON = stage -> {};

    /**
     * Fails if it is not wanted any more; what it throws ends the work.
     *
     * @param stage how far it came
     */
    void requireWanted(String stage);

    /** The time that is left, at most 0 if none is. */
    default long remainingNanos() {
        return Call.LONGEST.toNanos();
    }

    /** Tells what was computed. */
    default void computed(WindowRunner.Outputs outputs) {}
}
