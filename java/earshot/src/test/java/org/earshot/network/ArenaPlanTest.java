package org.earshot.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ArenaPlanTest {
    @Test
    void blocksThatNeverLiveTogetherShareMemory() {
        ArenaPlan plan = new ArenaPlan();
        ArenaPlan.Block first = plan.add(160, 0, 1);
        ArenaPlan.Block second = plan.add(160, 1, 2);
        ArenaPlan.Block third = plan.add(160, 2, 3);
        assertEquals(320, plan.place());
        assertEquals(first.offset(), third.offset());
        assertTrue(second.offset() != first.offset());
    }

    @Test
    void blocksAliveAtTheSameTimeNeverOverlap() {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            ArenaPlan plan = new ArenaPlan();
            List<long[]> wanted = new ArrayList<>();
            List<ArenaPlan.Block> blocks = new ArrayList<>();
            long sum = 0;
            for (int i = 0; i < 12; i++) {
                long size = random.nextInt(100);
                int first = random.nextInt(10);
                int last = first + random.nextInt(4);
                wanted.add(new long[] {size, first, last});
                blocks.add(plan.add(size, first, last));
                sum += size + 15;
            }
            long total = plan.place();
            assertTrue(total <= sum);
            for (int i = 0; i < blocks.size(); i++) {
                long[] a = wanted.get(i);
                assertEquals(0, blocks.get(i).offset() % 16);
                assertTrue(blocks.get(i).offset() + a[0] <= total);
                for (int j = 0; j < i; j++) {
                    long[] b = wanted.get(j);
                    boolean together = a[1] <= b[2] && b[1] <= a[2];
                    boolean apart = blocks.get(i).offset() + a[0]
                                    <= blocks.get(j).offset()
                            || blocks.get(j).offset() + b[0] <= blocks.get(i).offset();
                    assertTrue(!together || apart, "round " + round);
                }
            }
        }
    }
}
