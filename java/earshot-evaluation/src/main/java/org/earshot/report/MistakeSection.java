package org.earshot.report;

import java.util.Optional;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.Mistake;
import org.earshot.evaluation.ModelEvaluation;

/** The clips that each model was most wrong about, with what it heard. */
final class MistakeSection {
    private MistakeSection() {}

    static void write(Markup page, Evaluation evaluation, Spectrograms spectrograms, Timelines timelines) {
        page.leaf(
                "p",
                "Wrong answers, the surest first. Colours run from the quietest value of a clip (dark) to its loudest (bright). Of a recording longer than a clip the first clip is judged; the picture shows all of it, and below what the model hears there.");
        for (int i = 0; i < evaluation.models().size(); i++) {
            ModelEvaluation model = evaluation.models().get(i);
            page.leaf("h3", model.model());
            if (model.mistakes().isEmpty()) {
                page.leaf("p", "None.");
                continue;
            }
            page.open("ol", "class", "charts mistakes");
            for (Mistake mistake : model.mistakes()) {
                Optional<SceneTimeline> whole = timelines.of(i, mistake.clip());
                page.open("li", whole.isPresent() ? new Object[] {"class", "whole"} : new Object[0]);
                page.open("figure").open("figcaption");
                page.leaf("span", mistake.file(), "class", "note");
                said(page, "heard as ", mistake.answer(), mistake.probability());
                said(page, "is ", mistake.truth(), mistake.truthProbability());
                page.close();
                String title = "Spectrogram of " + mistake.file();
                if (whole.isPresent()) {
                    new SceneChart("", whole.get()).write(page, title);
                } else {
                    new SpectrogramChart(title, mistake.clip(), spectrograms).write(page);
                }
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
