package org.earshot.dataset;

import java.io.BufferedReader;
import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/**
 * Text that is read record by record, each of a bounded length, so that neither a field without an end nor a line of
 * nothing but separators takes all memory. A byte-order mark is left out.
 */
final class RecordReader extends FilterReader {
    /** Far more than a row of metadata with the probabilities of a thousand classes; a parser reads ahead too. */
    private static final int LONGEST_RECORD = 1 << 18;

    private static final int BYTE_ORDER_MARK = '\uFEFF';

    private final long most;
    private long total;
    private long record;

    /**
     * Begins.
     *
     * @param in closed with this
     * @param most characters to read; a file may grow after its size was looked at
     */
    RecordReader(Reader in, long most) throws IOException {
        super(new BufferedReader(in));
        this.most = most;
        this.in.mark(1);
        if (this.in.read() != BYTE_ORDER_MARK) {
            this.in.reset();
        }
    }

    /** A record was read whole: the next one begins. */
    void startRecord() {
        record = 0;
    }

    @Override
    public int read() throws IOException {
        int c = super.read();
        count(c < 0 ? 0 : 1);
        return c;
    }

    @Override
    public int read(char[] target, int offset, int length) throws IOException {
        int count = super.read(target, offset, length);
        count(Math.max(0, count));
        return count;
    }

    private void count(int characters) throws IOException {
        record += characters;
        total += characters;
        if (record > LONGEST_RECORD) {
            throw new IOException("a row of more than " + LONGEST_RECORD + " characters");
        }
        if (total > most) {
            throw new IOException("more than " + most + " characters");
        }
    }
}
