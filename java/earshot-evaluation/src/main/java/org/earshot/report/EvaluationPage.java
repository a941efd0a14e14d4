package org.earshot.report;

import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.ModelEvaluation;

/** All that an evaluation says, in the order in which a reader asks. */
final class EvaluationPage {
    private EvaluationPage() {}

    static String of(Evaluation evaluation, Spectrograms spectrograms, Timelines timelines) {
        int models = evaluation.models().size();
        String summary = Numbers.clips(evaluation.clips()) + ", " + models + (models == 1 ? " model." : " models.");
        Page page = new Page("Evaluation on " + evaluation.set(), summary)
                .section("summary", "Summary", markup -> ScoreTables.summary(markup, evaluation))
                .section("classes", "Classes", markup -> ScoreTables.classes(markup, evaluation))
                .section("confusion", "Confusions", markup -> ModelSections.confusion(markup, evaluation));
        if (RobustnessSection.present(evaluation)) {
            page.section("robustness", "Wrong context", markup -> RobustnessSection.write(markup, evaluation));
        }
        return page.section("calibration", "Calibration", markup -> ModelSections.calibration(markup, evaluation))
                .section(
                        "cities",
                        "Cities",
                        markup -> GroupSection.write(markup, evaluation, "city", ModelEvaluation::cities))
                .section(
                        "hours",
                        "Hours",
                        markup -> GroupSection.write(markup, evaluation, "hour", ModelEvaluation::hours))
                .section(
                        "distribution",
                        "Where and when",
                        markup -> DistributionSection.write(markup, evaluation.distribution()))
                .section(
                        "mistakes",
                        "Worst mistakes",
                        markup -> MistakeSection.write(markup, evaluation, spectrograms, timelines))
                .write();
    }
}
