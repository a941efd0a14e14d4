/* EARSHOT_LAYER_LOG_MEL: what each frame sees of its clip, kernels/log_mel.h on groups of frames, and the clamp. */
#include <algorithm>
#include <cmath>

#include "carver.h"
#include "cpu_operation.h"
#include "layers.h"

namespace earshot {

namespace {

constexpr std::int32_t SMALLEST_TRANSFORM = 16;
constexpr std::int32_t LARGEST_TRANSFORM = 4096;

constexpr double PI = 3.14159265358979323846;

/* What a sample beyond the clip's ends is, so that it is 0 once the kernel has added 2^-52. */
constexpr float BEYOND = -0x1p-52F;

constexpr Index FLOATS_OF_A_DOUBLE = sizeof(double) / sizeof(float);

/* e^(-2 pi i k / length). */
void push_root(std::vector<double> &roots, Index k, Index length) {
    const double angle = 2 * PI * static_cast<double>(k % length) / static_cast<double>(length);
    roots.push_back(std::cos(angle));
    roots.push_back(-std::sin(angle));
}

/* Where the passes of kernels/real_transform.h leave bin k of `length`. */
Index place(Index k, Index length) {
    if (length == 1) {
        return 0;
    }
    const Index radix = length == 2 ? 2 : 4;
    return k % radix * (length / radix) + place(k / radix, length / radix);
}

/* Mirrors at both ends as often as it takes, as numpy does; a single sample is repeated. */
Index mirrored(Index index, Index samples) {
    const Index last = samples - 1;
    if (last == 0) {
        return 0;
    }
    const Index period = 2 * last;
    return last - std::abs(last - ((index % period) + period) % period);
}

struct Clip {
    const float *pcm;
    Index samples;
};

class LogMelSpectrogram final : public earshot_cpu_op {
  public:
    LogMelSpectrogram(const LogMelSpectrogramLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), hop_(layer.hop), most_frames_(layer.frames), reflect_(layer.reflect),
          top_decibel_(static_cast<double>(layer.top_decibel)) {
        const std::int32_t n = layer.n_fft;
        if (n < SMALLEST_TRANSFORM || n > LARGEST_TRANSFORM || (n & (n - 1)) != 0) {
            throw Failure{STATUS_UNSUPPORTED, "n_fft: " + std::to_string(n) + "; expected a power of two from " +
                                                  std::to_string(SMALLEST_TRANSFORM) + " to " +
                                                  std::to_string(LARGEST_TRANSFORM)};
        }
        for (Index i = 0; i < layer.window_length; ++i) {
            window_.push_back(0.25 - 0.25 * std::cos(2 * PI * static_cast<double>(i) / layer.window_length));
        }
        for (Index length = n / 2; length > 4; length /= 4) {
            for (Index j = 0; j < length / 4; ++j) {
                for (Index k = 1; k < 4; ++k) {
                    push_root(roots_, j * k, length);
                }
            }
        }
        for (Index k = 0; k <= n / 4; ++k) {
            push_root(real_roots_, k, n);
        }
        for (Index k = 0; k < n / 2; ++k) {
            places_.push_back(place(k, n / 2));
        }
        for (const MelFilter &filter : layer.filters) {
            weights_.insert(weights_.end(), filter.weights, filter.weights + filter.bins);
        }
        const double *weights = weights_.data();
        for (const MelFilter &filter : layer.filters) {
            rows_.push_back({filter.first_bin, filter.bins, weights});
            weights += filter.bins;
        }
        tables_ = {n,
                   layer.window_length,
                   layer.bands,
                   window_.data(),
                   roots_.data(),
                   real_roots_.data(),
                   places_.data(),
                   rows_.data()};
    }

    void check(const Extents &e) const override { require(e.bands == 1, "shape: expected 1 band for PCM"); }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, kept(e), tables_.bands}); }
    Index scratch_floats(const Extents &e, int threads) const override {
        return Scratch(*this, size_product({e.batch, frames(e.frames)}), threads, nullptr).carver.floats();
    }

    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        const Index of_clip = frames(e.frames);
        const Index values = kept(e) * tables_.bands;
        const Scratch scratch(*this, e.batch * of_clip, team.threads(), a.scratch);
        const Index groups = (of_clip + kernels.frames_together - 1) / kernels.frames_together;
        team.each(e.batch * groups, [&](Index task, int thread) {
            const Index clip = task / groups;
            const Index from = task % groups * kernels.frames_together;
            const Index to = std::min(of_clip, from + kernels.frames_together);
            group({a.input0 + clip * e.frames, e.frames}, from, to, kept(e),
                  a.output + clip * values + from * tables_.bands, scratch.loudest + clip * of_clip + from,
                  scratch.of_thread(thread));
        });
        for (Index clip = 0; clip < e.batch; ++clip) {
            const double *loudest = scratch.loudest + clip * of_clip;
            clamp(loudest, of_clip, a.output + clip * values, values);
        }
    }

    /* What a call of frames() needs. */
    Index frames_scratch_floats() const {
        Carver carver(nullptr);
        const ThreadScratch counted(*this, carver);
        return carver.floats();
    }
    Index bands() const { return tables_.bands; }
    /* Frames of a clip of so many samples. */
    Index frames(Index samples) const { return 1 + samples / hop_; }
    /* Frames `from` to `to` before the clamp: levels [to - from, bands], and of each the loudest. */
    void frames(const Clip &clip, Index from, Index to, float *levels, double *loudest, float *scratch) const {
        for (Index first = from; first < to; first += kernels.frames_together) {
            group(clip, first, std::min(to, first + kernels.frames_together), to,
                  levels + (first - from) * tables_.bands, loudest + (first - from), scratch);
        }
    }

  private:
    struct Scratch {
        Carver carver;
        double *loudest; /* of each frame, in dB */
        Index per_thread;
        float *threads;

        Scratch(const LogMelSpectrogram &log_mel, Index all_frames, int count, float *base)
            : carver(base), per_thread(round_up(log_mel.frames_scratch_floats(), 16)) {
            loudest = doubles(carver, all_frames);
            threads = carver.take(size_product({count, per_thread}));
        }
        float *of_thread(int thread) const { return threads + thread * per_thread; }
    };

    /* What one group of frames takes. */
    struct ThreadScratch {
        double *kernel;
        double *loudest;
        float *samples; /* of each frame, [window_length] */
        float *unkept;  /* [bands] */

        ThreadScratch(const LogMelSpectrogram &log_mel, Carver &carver) {
            kernel = doubles(carver, log_mel.kernels.log_mel_scratch(log_mel.tables_));
            loudest = doubles(carver, log_mel.kernels.frames_together);
            samples = carver.take(log_mel.kernels.frames_together * log_mel.tables_.window_length);
            unkept = carver.take(log_mel.tables_.bands);
        }
    };

    static double *doubles(Carver &carver, Index count) {
        return reinterpret_cast<double *>(carver.take(size_product({count, FLOATS_OF_A_DOUBLE})));
    }

    /* The samples of PCM are the frames of its extents. */
    Index kept(const Extents &e) const { return std::min<Index>(frames(e.frames), most_frames_); }

    /* A group's frames before the clamp, from the first row on; rows of those from `last` on are not written. */
    void group(const Clip &clip, Index from, Index to, Index last, float *levels, double *loudest,
               float *memory) const {
        Carver carver(memory);
        const ThreadScratch scratch(*this, carver);
        const float *samples[MOST_TOGETHER];
        float *rows[MOST_TOGETHER];
        for (Index lane = 0; lane < kernels.frames_together; ++lane) {
            const Index frame = from + lane;
            /* Lanes without a frame repeat the first. */
            samples[lane] = frame < to ? seen(clip, frame, scratch.samples + lane * tables_.window_length) : samples[0];
            rows[lane] = frame < to && frame < last ? levels + lane * tables_.bands : scratch.unkept;
        }
        kernels.log_mel_group(tables_, {samples, rows, scratch.loudest}, scratch.kernel);
        std::copy(scratch.loudest, scratch.loudest + (to - from), loudest);
    }

    /* What a frame sees: its samples where they all lie in the clip, else a copy with what lies around it. */
    const float *seen(const Clip &clip, Index frame, float *copy) const {
        const Index length = tables_.window_length;
        const Index first = frame * hop_ + (tables_.n_fft - length) / 2 - tables_.n_fft / 2;
        if (first >= 0 && first + length <= clip.samples) {
            return clip.pcm + first;
        }
        for (Index i = 0; i < length; ++i) {
            const Index at = first + i;
            const bool inside = at >= 0 && at < clip.samples;
            copy[i] = inside || reflect_ ? clip.pcm[inside ? at : mirrored(at, clip.samples)] : BEYOND;
        }
        return copy;
    }

    /* Lifts levels to what lies below the loudest of all frames. */
    void clamp(const double *loudest, Index count, float *levels, Index values) const {
        double most = loudest[0];
        for (Index i = 1; i < count; ++i) {
            /* A NaN stays one. */
            most = loudest[i] > most || std::isnan(loudest[i]) ? loudest[i] : most;
        }
        const float least = static_cast<float>(most - top_decibel_);
        for (Index i = 0; i < values; ++i) {
            levels[i] = levels[i] > least ? levels[i] : least;
        }
    }

    static constexpr Index MOST_TOGETHER = 16;

    Index hop_, most_frames_;
    bool reflect_;
    double top_decibel_;
    std::vector<double> window_, roots_, real_roots_, weights_;
    std::vector<Index> places_;
    std::vector<MelRow> rows_;
    LogMelTables tables_ = {};
};

const LogMelSpectrogram &log_mel_of(const earshot_cpu_op *op) {
    const auto *log_mel = dynamic_cast<const LogMelSpectrogram *>(op);
    require(log_mel != nullptr, "operation: expected one of EARSHOT_LAYER_LOG_MEL");
    return *log_mel;
}

void require_room(const char *name, const void *values, std::int64_t count, Index needed) {
    if (values == nullptr || count < needed) {
        fail(std::string(name) + ": " + (values == nullptr ? "null" : std::to_string(count)) + "; expected at least " +
             std::to_string(needed));
    }
}

} // namespace

std::unique_ptr<earshot_cpu_op> make_log_mel_spectrogram(const CpuPacking &packing) {
    return std::make_unique<LogMelSpectrogram>(LogMelSpectrogramLayer(packing), packing.float32_kernels());
}

} // namespace earshot

extern "C" {

earshot_cpu_status earshot_cpu_log_mel_frames_scratch(const earshot_cpu_op *op, int64_t *floats) {
    return earshot::guarded([&] {
        earshot::require(floats != nullptr, "floats: null");
        *floats = earshot::log_mel_of(op).frames_scratch_floats();
    });
}

earshot_cpu_status earshot_cpu_log_mel_frames(const earshot_cpu_op *op, const float *pcm, int64_t samples, int64_t from,
                                              int64_t to, float *levels, int64_t level_count, double *loudest,
                                              int64_t loudest_count, float *scratch, int64_t scratch_count) {
    return earshot::guarded([&] {
        const earshot::LogMelSpectrogram &log_mel = earshot::log_mel_of(op);
        earshot::require(samples >= 1 && samples <= INT32_MAX, "samples: expected 1 to 2^31 - 1");
        earshot::require_room("pcm", pcm, samples, 1);
        if (from < 0 || to < from || to > log_mel.frames(samples)) {
            earshot::fail("frames: " + std::to_string(from) + " to " + std::to_string(to) + "; expected some of " +
                          std::to_string(log_mel.frames(samples)));
        }
        earshot::require_room("levels", levels, level_count, earshot::size_product({to - from, log_mel.bands()}));
        earshot::require_room("loudest", loudest, loudest_count, to - from);
        earshot::require_room("scratch", scratch, scratch_count, log_mel.frames_scratch_floats());
        log_mel.frames({pcm, samples}, from, to, levels, loudest, scratch);
    });
}
}
