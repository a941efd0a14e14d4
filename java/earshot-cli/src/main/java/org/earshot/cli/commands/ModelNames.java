package org.earshot.cli.commands;

import java.nio.file.Path;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/** Short names for model directories, by which tables tell them apart. */
final class ModelNames {
    private ModelNames() {}

    /**
     * Of several directories, what is between the folders that all of them begin with and those that all of them end
     * with: {@code a} and {@code b/c} for {@code run/a/model} and {@code run/b/c/model}. A single one is called by its
     * last folder.
     *
     * @return one for each, in their order; the paths as they are where that would leave nothing of one
     */
    static List<String> of(List<Path> models) {
        List<List<String>> paths = models.stream()
                .map(ModelNames::folders)
                .filter(path -> !path.isEmpty())
                .toList();
        int shortest = paths.stream().mapToInt(List::size).min().orElse(0);
        if (paths.size() < models.size()) {
            return models.stream().map(Path::toString).toList();
        }
        if (paths.size() == 1) {
            return List.of(paths.get(0).get(shortest - 1));
        }
        int before = shared(shortest, i -> same(paths, i, false));
        int behind = shared(shortest - before, i -> same(paths, i, true));
        if (before + behind == shortest) {
            return models.stream().map(Path::toString).toList();
        }
        return paths.stream()
                .map(path -> String.join("/", path.subList(before, path.size() - behind)))
                .toList();
    }

    private static List<String> folders(Path model) {
        return StreamSupport.stream(model.toAbsolutePath().normalize().spliterator(), false)
                .map(Path::toString)
                .toList();
    }

    private static int shared(int most, IntPredicate same) {
        return (int) IntStream.range(0, most).takeWhile(same).count();
    }

    private static boolean same(List<List<String>> paths, int i, boolean fromEnd) {
        return paths.stream()
                        .map(path -> path.get(fromEnd ? path.size() - 1 - i : i))
                        .distinct()
                        .count()
                == 1;
    }
}
