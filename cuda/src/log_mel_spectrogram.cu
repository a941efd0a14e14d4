/*
 * EARSHOT_LAYER_LOG_MEL: the tables of one set of parameters, and the kernels of log_mel_kernels.cu on them.
 */
#include <algorithm>

#include "cuda_operation.h"
#include "layers.h"
#include "log_mel_kernels.h"
#include "runtime.h"

namespace earshot {

namespace {

class LogMelSpectrogram final : public earshot_cuda_op {
  public:
    explicit LogMelSpectrogram(const LogMelSpectrogramLayer &layer) {
        if (!can_transform(layer.n_fft)) {
            throw Failure{STATUS_UNSUPPORTED,
                          "n_fft: " + std::to_string(layer.n_fft) + "; expected a power of two from " +
                              std::to_string(SMALLEST_TRANSFORM) + " to " + std::to_string(LARGEST_TRANSFORM)};
        }
        std::vector<std::int32_t> first_bin;
        std::vector<std::int32_t> first_weight = {0};
        std::vector<float> weights;
        for (const MelFilter &filter : layer.filters) {
            first_bin.push_back(filter.first_bin);
            weights.insert(weights.end(), filter.weights, filter.weights + filter.bins);
            first_weight.push_back(static_cast<std::int32_t>(weights.size()));
        }
        window_ = DeviceArray<double>(hann_window(layer.window_length));
        roots_ = DeviceArray<Complex>(roots_of_unity(layer.n_fft));
        first_bin_ = DeviceArray<std::int32_t>(first_bin);
        first_weight_ = DeviceArray<std::int32_t>(first_weight);
        weights_ = DeviceArray<float>(weights);
        most_frames_ = layer.frames;
        prepared_ = {};
        prepared_.n_fft = layer.n_fft;
        prepared_.window_length = layer.window_length;
        prepared_.hop = layer.hop;
        prepared_.bands = layer.bands;
        prepared_.reflect = layer.reflect;
        prepared_.top_decibel = layer.top_decibel;
        prepared_.window = window_.span();
        prepared_.roots = roots_.span();
        prepared_.first_bin = first_bin_.span();
        prepared_.first_weight = first_weight_.span();
        prepared_.weights = weights_.span();
    }

    void check(const Extents &e) const override {
        require(e.bands == 1, "shape: expected 1 band for PCM");
        if (size_product({e.batch, frames(e)}) > INT32_MAX) {
            fail("shape: " + std::to_string(e.batch) + " clips of " + std::to_string(frames(e)) +
                 " frames; expected at most " + std::to_string(INT32_MAX) + " frames in all");
        }
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, kept(e), prepared_.bands}); }
    Index scratch_floats(const Extents &e) const override { return size_product({e.batch, frames(e)}); }
    void enqueue(const Arguments &a) const override {
        LogMel log_mel = prepared_;
        log_mel.batch = static_cast<std::int32_t>(a.extents.batch);
        log_mel.samples = a.extents.frames;
        log_mel.frames = static_cast<std::int32_t>(frames(a.extents));
        log_mel.kept = static_cast<std::int32_t>(kept(a.extents));
        log_mel.pcm = a.input0;
        log_mel.features = a.output;
        log_mel.loudest = a.scratch;
        earshot::check(earshot::enqueue(log_mel, a.stream), "log-mel spectrogram");
    }

  private:
    /* The samples of PCM are the frames of its extents. */
    Index frames(const Extents &e) const { return 1 + e.frames / prepared_.hop; }
    Index kept(const Extents &e) const { return std::min<Index>(frames(e), most_frames_); }

    DeviceArray<double> window_;
    DeviceArray<Complex> roots_;
    DeviceArray<std::int32_t> first_bin_;
    DeviceArray<std::int32_t> first_weight_;
    DeviceArray<float> weights_;
    std::int32_t most_frames_;
    LogMel prepared_; /* but for what a run adds */
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_log_mel_spectrogram(const CudaPacking &packing) {
    return std::make_unique<LogMelSpectrogram>(LogMelSpectrogramLayer(packing));
}

} // namespace earshot
