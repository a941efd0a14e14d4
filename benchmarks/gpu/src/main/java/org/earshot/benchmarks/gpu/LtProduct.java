package org.earshot.benchmarks.gpu;

import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.earshot.backend.Precision;

/**
 * {@code y[r, n] = sum_k x[r, k] w[n, k]} by cuBLASLt, all row-major, with the fastest of the algorithms that its
 * heuristic names. Sums and outputs are float32.
 */
final class LtProduct implements LibraryCall {
    private static final int CANDIDATES = 8;
    private static final int TRIAL_RUNS = 10;

    private final Libraries libraries;
    private final cublasLtMatmulDescOpaque_t operation;
    private final cublasLtMatrixLayoutOpaque_t weights;
    private final cublasLtMatrixLayoutOpaque_t inputs;
    private final cublasLtMatrixLayoutOpaque_t outputs;
    private final FloatPointer one = new FloatPointer(1f);
    private final FloatPointer zero = new FloatPointer(0f);
    private final DeviceMemory x;
    private final DeviceMemory w;
    private final DeviceMemory y;
    /** Owns the memory of the algorithm. */
    private final cublasLtMatmulHeuristicResult_t candidates = new cublasLtMatmulHeuristicResult_t(CANDIDATES);

    private cublasLtMatmulAlgo_t algorithm;

    /** Sets it up for x {@code [rows, width]}, repeated where it is less, and w {@code [columns, width]}. */
    LtProduct(Libraries libraries, float[] x, long rows, float[] w, int width, Precision precision) {
        this.libraries = libraries;
        boolean bf16 = precision == Precision.BF16;
        int columns = w.length / width;
        int type = bf16 ? cudart.CUDA_R_16BF : cudart.CUDA_R_32F;
        this.x = new DeviceMemory(x, rows * width, bf16);
        this.w = new DeviceMemory(w, w.length, bf16);
        y = new DeviceMemory(rows * columns, false);
        int compute = precision == Precision.TF32 ? cublas.CUBLAS_COMPUTE_32F_FAST_TF32 : cublas.CUBLAS_COMPUTE_32F;
        // cuBLAS counts column by column: its matrices are ours transposed, y' = w x'.
        weights = layout(type, width, columns);
        inputs = layout(type, width, rows);
        outputs = layout(cudart.CUDA_R_32F, columns, rows);
        try (PointerPointer<cublasLtMatmulDescOpaque_t> made = new PointerPointer<>(1);
                IntPointer transposed = new IntPointer(1).put(cublas.CUBLAS_OP_T)) {
            Cuda.checkCublas(cublas.cublasLtMatmulDescCreate(made, compute, cudart.CUDA_R_32F), "describing a product");
            operation = new cublasLtMatmulDescOpaque_t(made.get());
            Cuda.checkCublas(
                    cublas.cublasLtMatmulDescSetAttribute(
                            operation, cublas.CUBLASLT_MATMUL_DESC_TRANSA, transposed, Integer.BYTES),
                    "describing a product");
        }
        choose();
    }

    private static cublasLtMatrixLayoutOpaque_t layout(int type, long rows, long columns) {
        try (PointerPointer<cublasLtMatrixLayoutOpaque_t> made = new PointerPointer<>(1)) {
            Cuda.checkCublas(cublas.cublasLtMatrixLayoutCreate(made, type, rows, columns, rows), "describing a matrix");
            return new cublasLtMatrixLayoutOpaque_t(made.get());
        }
    }

    private void choose() {
        int[] found = new int[1];
        try (PointerPointer<cublasLtMatmulPreferenceOpaque_t> made = new PointerPointer<>(1);
                SizeTPointer bytes = new SizeTPointer(1).put(libraries.workspace.bytes())) {
            Cuda.checkCublas(cublas.cublasLtMatmulPreferenceCreate(made), "describing a wish");
            cublasLtMatmulPreferenceOpaque_t preference = new cublasLtMatmulPreferenceOpaque_t(made.get());
            Cuda.checkCublas(
                    cublas.cublasLtMatmulPreferenceSetAttribute(
                            preference, cublas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, bytes, bytes.sizeof()),
                    "describing a wish");
            Cuda.checkCublas(
                    cublas.cublasLtMatmulAlgoGetHeuristic(
                            libraries.blas,
                            operation,
                            weights,
                            inputs,
                            outputs,
                            outputs,
                            preference,
                            CANDIDATES,
                            candidates,
                            found),
                    "looking for an algorithm");
            cublas.cublasLtMatmulPreferenceDestroy(preference);
        }
        long least = Long.MAX_VALUE;
        cublasLtMatmulAlgo_t best = null;
        for (int i = 0; i < found[0]; i++) {
            cublasLtMatmulHeuristicResult_t candidate = candidates.getPointer(i);
            if (candidate.state() != cublas.CUBLAS_STATUS_SUCCESS) {
                continue;
            }
            algorithm = candidate.algo();
            long time = trial();
            if (time < least) {
                least = time;
                best = algorithm;
            }
        }
        if (best == null) {
            throw new IllegalStateException("cuBLASLt has no algorithm for a product");
        }
        algorithm = best;
    }

    private long trial() {
        enqueue();
        libraries.await();
        long start = System.nanoTime();
        for (int i = 0; i < TRIAL_RUNS; i++) {
            enqueue();
        }
        libraries.await();
        return System.nanoTime() - start;
    }

    @Override
    public void enqueue() {
        Cuda.checkCublas(
                cublas.cublasLtMatmul(
                        libraries.blas,
                        operation,
                        one,
                        w.address(),
                        weights,
                        x.address(),
                        inputs,
                        zero,
                        y.address(),
                        outputs,
                        y.address(),
                        outputs,
                        algorithm,
                        libraries.workspace.address(),
                        libraries.workspace.bytes(),
                        libraries.stream),
                "a product");
    }

    /** What the last run made, {@code [rows, columns]}. */
    float[] output() {
        return y.values();
    }

    @Override
    public void close() {
        cublas.cublasLtMatmulDescDestroy(operation);
        cublas.cublasLtMatrixLayoutDestroy(weights);
        cublas.cublasLtMatrixLayoutDestroy(inputs);
        cublas.cublasLtMatrixLayoutDestroy(outputs);
        candidates.close();
        one.close();
        zero.close();
        x.close();
        w.close();
        y.close();
    }
}
