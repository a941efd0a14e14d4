package org.earshot.architecture;

/** The probabilities that a {@link SceneModel} gives one clip. */
public final class Scores {
    private final float[] scenes;
    private final float[] fine;
    private final float[] coarse;

    Scores(float[] scenes, float[] fine, float[] coarse) {
        this.scenes = scenes;
        this.fine = fine;
        this.coarse = coarse;
    }

    /**
     * Of the scenes.
     *
     * @return not a copy; those of two stages are fused
     */
    public float[] scenes() {
        return scenes;
    }

    /**
     * Of the scenes as the fine stage alone has them.
     *
     * @return not a copy; as {@link #scenes} where there is one stage
     */
    public float[] fine() {
        return fine;
    }

    /**
     * Of the coarse scenes.
     *
     * @return not a copy; empty where there is one stage
     */
    public float[] coarse() {
        return coarse;
    }
}
