package org.earshot.report;

import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.Mistake;
import org.earshot.evaluation.ModelEvaluation;

/** The clips that each model was most wrong about, with what it heard. */
final class MistakeSection {
    private MistakeSection() {}

    static void write(Markup page, Evaluation evaluation, Spectrograms spectrograms) {
        page.leaf("p", "Wrong answers, the surest first; the louder, the brighter, from each clip's quietest value.");
        for (ModelEvaluation model : evaluation.models()) {
            page.leaf("h3", model.model());
            if (model.mistakes().isEmpty()) {
                page.leaf("p", "None.");
                continue;
            }
            page.open("ol", "class", "charts mistakes");
            for (Mistake mistake : model.mistakes()) {
                page.open("li").open("figure").open("figcaption");
                page.leaf("span", mistake.file(), "class", "file");
                page.open("span")
                        .text("heard as ")
                        .open("strong")
                        .name(mistake.answer())
                        .close();
                page.text(" (" + Numbers.percent(mistake.probability()) + "), is ");
                page.open("strong").name(mistake.truth()).close();
                page.text(" (" + Numbers.percent(mistake.truthProbability()) + ")")
                        .close()
                        .close();
                new SpectrogramChart("Spectrogram of " + mistake.file(), mistake.clip(), spectrograms).write(page);
                page.close().close();
            }
            page.close();
        }
    }
}
