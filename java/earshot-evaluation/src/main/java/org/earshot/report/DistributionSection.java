package org.earshot.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.earshot.evaluation.SceneDistribution;

/** Where and when the scenes were recorded (ASCMamba paper, Fig. 1). */
final class DistributionSection {
    private DistributionSection() {}

    /** A page of nothing else: of the parts that a set was split into. */
    static String page(String set, Map<String, SceneDistribution> parts) {
        Page page = new Page("Scenes of " + set, "Where and when the scenes of each part were recorded.");
        int number = 0;
        for (Map.Entry<String, SceneDistribution> part : parts.entrySet()) {
            SceneDistribution distribution = part.getValue();
            page.section("part-" + number++, part.getKey(), markup -> {
                markup.leaf("p", Numbers.clips(clips(distribution)) + ".");
                write(markup, distribution);
            });
        }
        return page.write();
    }

    /** Cities and hours are rows: a page grows downwards, not sideways. */
    static void write(Markup page, SceneDistribution distribution) {
        page.open("div", "class", "charts");
        if (distribution.cities().isEmpty()) {
            page.leaf("p", "No city is known.");
        } else {
            figure(page, "Scenes by city", "city", distribution.cities(), distribution.byCity(), distribution);
        }
        List<String> hours = IntStream.range(0, 24)
                .mapToObj(hour -> String.format(Locale.ROOT, "%02d h", hour))
                .toList();
        figure(page, "Scenes by hour of the day", "hour", hours, distribution.byHour(), distribution);
        page.close();
    }

    private static void figure(
            Markup page,
            String title,
            String axis,
            List<String> rows,
            List<List<Integer>> byClass,
            SceneDistribution distribution) {
        List<List<Integer>> counts = IntStream.range(0, rows.size())
                .mapToObj(row -> column(byClass, row))
                .toList();
        HeatMap map = new HeatMap(title, axis, "scene", rows, distribution.labels(), counts, HeatMap.Shading.LARGEST);
        page.open("figure").leaf("figcaption", title);
        map.write(page);
        map.writeTable(page);
        page.close();
    }

    private static List<Integer> column(List<List<Integer>> rows, int column) {
        List<Integer> values = new ArrayList<>();
        rows.forEach(row -> values.add(row.get(column)));
        return values;
    }

    private static long clips(SceneDistribution distribution) {
        return distribution.byCity().stream()
                .flatMap(List::stream)
                .mapToLong(Integer::longValue)
                .sum();
    }
}
