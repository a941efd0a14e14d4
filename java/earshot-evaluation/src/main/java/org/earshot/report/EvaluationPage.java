package org.earshot.report;

import org.earshot.evaluation.Evaluation;

/** All that an evaluation says, in the order in which a reader asks. */
final class EvaluationPage {
    private EvaluationPage() {}

    static String of(Evaluation evaluation, Spectrograms spectrograms) {
        int models = evaluation.models().size();
        String summary = Numbers.clips(evaluation.clips()) + ", " + models + (models == 1 ? " model." : " models.");
        return new Page("Evaluation on " + evaluation.set(), summary)
                .section("summary", "Summary", page -> ScoreTables.summary(page, evaluation))
                .section("classes", "Classes", page -> ScoreTables.classes(page, evaluation))
                .section(
                        "distribution",
                        "Where and when",
                        page -> DistributionSection.write(page, evaluation.distribution()))
                .write();
    }
}
