package org.earshot.report;

import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.Mistake;
import org.earshot.evaluation.ModelEvaluation;

/** The clips that each model was most wrong about, with what it heard. */
final class MistakeSection {
    private MistakeSection() {}

    static void write(Markup page, Evaluation evaluation, Spectrograms spectrograms) {
        page.leaf(
                "p",
                "Wrong answers, the surest first. Colours run from the quietest value of a clip (dark) to its loudest (bright).");
        for (ModelEvaluation model : evaluation.models()) {
            page.leaf("h3", model.model());
            if (model.mistakes().isEmpty()) {
                page.leaf("p", "None.");
                continue;
            }
            page.open("ol", "class", "charts mistakes");
            for (Mistake mistake : model.mistakes()) {
                page.open("li").open("figure").open("figcaption");
                page.leaf("span", mistake.file(), "class", "note");
                said(page, "heard as ", mistake.answer(), mistake.probability());
                said(page, "is ", mistake.truth(), mistake.truthProbability());
                page.close();
                new SpectrogramChart("Spectrogram of " + mistake.file(), mistake.clip(), spectrograms).write(page);
                page.close().close();
            }
            page.close();
        }
    }

    private static void said(Markup page, String how, String label, double probability) {
        page.open("span").text(how).open("strong").name(label).close();
        page.text(" (" + Numbers.percent(probability) + ")").close();
    }
}
