package org.earshot.network;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Places blocks of known lifetime in one arena, so that blocks never alive together share memory: largest first, each
 * at the lowest offset where no block that lives at the same time lies.
 */
final class ArenaPlan {
    /** Every block starts at a multiple of a cache line: 16 floats. */
    private static final long ALIGNMENT = 16;

    /** A block that lives from one step to another, both included. */
    static final class Block {
        private final long size;
        private final int first;
        private int last;
        private long offset = -1;

        private Block(long size, int first, int last) {
            this.size = size;
            this.first = first;
            this.last = last;
        }

        /** Extends the block's life to a later step. */
        void aliveAt(int step) {
            last = Math.max(last, step);
        }

        /** Where it was placed. */
        long offset() {
            return offset;
        }

        private boolean livesWith(Block other) {
            return first <= other.last && other.first <= last;
        }
    }

    private final List<Block> blocks = new ArrayList<>();

    Block add(long floats, int firstStep, int lastStep) {
        Block block = new Block(aligned(floats), firstStep, lastStep);
        blocks.add(block);
        return block;
    }

    /** As many floats, or a few more: whole cache lines. */
    static long aligned(long floats) {
        return Math.multiplyExact(Math.floorDiv(Math.addExact(floats, ALIGNMENT - 1), ALIGNMENT), ALIGNMENT);
    }

    /** Places all blocks and returns the size of the arena in floats. */
    long place() {
        List<Block> bySize = new ArrayList<>(blocks);
        bySize.sort(Comparator.comparingLong((Block block) -> block.size).reversed());
        List<Block> placed = new ArrayList<>();
        long total = 0;
        for (Block block : bySize) {
            long offset = 0;
            placed.sort(Comparator.comparingLong(other -> other.offset));
            for (Block other : placed) {
                if (block.livesWith(other)
                        && offset < other.offset + other.size
                        && other.offset < offset + block.size) {
                    offset = other.offset + other.size;
                }
            }
            block.offset = offset;
            placed.add(block);
            total = Math.max(total, Math.addExact(offset, block.size));
        }
        return total;
    }
}
