/*
 * How a layer is handed to a native library: its kind, its numbers and its weights. The same for all of Earshot's
 * libraries; each has one function that makes an operation of them.
 *
 * Numbers are int32, in the order given below, exactly as many. Weights are float32, one tensor behind the other,
 * row-major in PyTorch's order of dimensions; batch norms are folded into the layers in front of them. Activations are
 * float32 [B, T, F, C], C fastest, or [B, I]. An adaptive pool's bin i of n covers floor(i L / n) to
 * ceil((i + 1) L / n), as PyTorch's does. A pooling by 2x2 leaves out an odd last frame or band.
 */
#ifndef EARSHOT_LAYERS_H
#define EARSHOT_LAYERS_H

/*
 * y = activation(W x + b): [B, I] to [B, O].
 * Numbers: inputs I, outputs O, relu (1 for max(y, 0), 0 for none). Weights: weight [O, I], bias [O].
 */
#define EARSHOT_LAYER_LINEAR 1

/*
 * Mean or maximum over time and frequency: [B, T, F, C] to [B, C].
 * Numbers: channels C, one of EARSHOT_POOL_*. No weights.
 */
#define EARSHOT_LAYER_GLOBAL_POOL 2

/*
 * c = P [embedding(location); relu(M time + m)] + p, or what is in brackets if outputs is 0. Input 0: location [B, 1],
 * a row's index as an integral float (another value fails the run); input 1: time features [B, I]; output [B, K], or
 * [B, L + H].
 * Numbers: rows, location width L, time inputs I, time width H, outputs K. Weights: embedding [rows, L], M [H, I],
 * m [H], and where there are outputs P [K, L + H], p [K].
 */
#define EARSHOT_LAYER_CONTEXT 3

/*
 * Dense encoder: a 1x1 convolution 1 -> C, block_layers convolutions C * (i + 1) -> C that read all earlier outputs,
 * newest first, and one last convolution C -> C; behind each an instance norm and a PReLU. [B, T, F, 1] to
 * [B, T', F', C].
 * Numbers: channels C, block layers, then six for each of the block's layers and the last convolution: KT, KF, time
 * padding, frequency padding, time dilation, frequency stride. The block's layers must keep T and F.
 * Weights, convolution after convolution: weight [C, I, KT, KF], bias [C], norm weight [C], norm bias [C], slopes [C].
 */
#define EARSHOT_LAYER_DENSE_ENCODER 4

/*
 * One path of a dual-path block: x + projection([forward(h); backward(h)]), h = norm(x, condition), with `layers` Mamba
 * layers in each direction. Input 0: x [B, T, F, C]; input 1, for the conditional norm only: [B, condition]; output as
 * x, which it may not overlap.
 * Numbers: one of EARSHOT_AXIS_*, one of EARSHOT_NORM_*, condition (its width; 0 without), layers, channels C, inner E,
 * states N, rank R, taps K.
 * Weights: the norm (none; scale [C], shift [C]; or gamma weight [C, condition], gamma bias [C], beta weight
 * [C, condition], beta bias [C]), then the forward layers, then the backward layers, each norm [C], in_proj [2E, C],
 * conv weight [E, 1, K], conv bias [E], x_proj [R + 2N, E], dt_proj [E, R], dt bias [E], A_log [E, N], D [E],
 * out_proj [C, E]; then the projection's weight [2C, C], input first, and bias [C].
 */
#define EARSHOT_LAYER_MAMBA_PATH 5

/*
 * y = x * scale[f] + shift[f]: [B, T, F, 1] to the same.
 * Numbers: bands F. Weights: scale [F], shift [F].
 */
#define EARSHOT_LAYER_BAND_NORM 6

/*
 * z = conv3x3(x) + bias, padded by 1; gate = sigmoid(fc2 relu(fc0 s)), s = adaptive mean pools of z to k x k for each
 * scale k, each channel-major (channel, row, column), one behind the other; y = relu(z * gate), then mean pooling by
 * 2x2 if pooled. [B, T, F, I] to [B, T, F, O] or [B, T / 2, F / 2, O].
 * Numbers: inputs I, outputs O, hidden H, pooled (0 or 1), number of scales, the scales. Weights: conv weight
 * [O, I, 3, 3], bias [O], fc0 [H, S * O], fc2 [O, H], S the sum of the scales' squares.
 */
#define EARSHOT_LAYER_SQUEEZE_EXCITATION 7

/*
 * Adaptive mean pooling to N x 1: [B, T, F, C] to [B, N, 1, C].
 * Numbers: channels C, tokens N. No weights.
 */
#define EARSHOT_LAYER_TOKEN_POOL 8

/*
 * PyTorch's TransformerEncoderLayer, norms behind the residuals, ReLU: x = norm1(x + attention(x)), y = norm2(x +
 * linear2 relu(linear1 x)); each clip attends to itself. [B, N, 1, C] to the same.
 * Numbers: width C, heads (a divisor of C), hidden H. Weights: in_proj weight [3C, C], bias [3C], out_proj weight
 * [C, C], bias [C], linear1 weight [H, C], bias [H], linear2 weight [C, H], bias [C], norm1 weight [C], bias [C],
 * norm2 weight [C], bias [C].
 */
#define EARSHOT_LAYER_TRANSFORMER 9

/*
 * [B, I1] and [B, I2] to [B, I1 + I2].
 * Numbers: I1, I2. No weights.
 */
#define EARSHOT_LAYER_CONCATENATION 10

/*
 * y = relu(conv3x3(x) + b), y = pointwise(depthwise3x3(y)) + b, relu(y + shortcut(x)), mean pooling by 2x2; 3x3
 * kernels are padded by 1, the shortcut is a pointwise convolution or, where I = O, the identity. [B, T, F, I] to
 * [B, T / 2, F / 2, O].
 * Numbers: inputs I, outputs O, shortcut (1, or 0 for the identity). Weights: conv weight [O, I, 3, 3], bias [O],
 * depthwise [O, 1, 3, 3], pointwise weight [O, O], bias [O], and with a shortcut its weight [O, I], bias [O].
 */
#define EARSHOT_LAYER_RESIDUAL_SEPARABLE 11

/*
 * PyTorch's GRU, one layer, over time, from a state of zeros: [B, T, F, C] to [B, T, 1, H].
 * Numbers: inputs (F * C, C fastest), hidden H. Weights: W_ih [3H, inputs], W_hh [3H, H], b_ih [3H], b_hh [3H]; gates
 * in the order r, z, n.
 */
#define EARSHOT_LAYER_GRU 12

/*
 * x * (1 - sigmoid(carry x)) + transform(x) * sigmoid(gate x): [B, W] to the same.
 * Numbers: width W. Weights: carry weight [W, W], bias [W], transform gate weight [W, W], bias [W], transform weight
 * [W, W], bias [W].
 */
#define EARSHOT_LAYER_GATED_FUSION 13

/*
 * Not a layer but the front end: the log-mel spectrogram of PCM, [B, samples, 1, 1], a clip's samples being its frames,
 * to [B, T, F, 1] in dB, T = min(most frames, 1 + samples / hop). 2^-52 is added to each sample; frames are centred at
 * multiples of the hop; a periodic Hann window lies in the middle of each transform; S[t, f] is the sum of the band's
 * weights times |X|, X the transform; then 10 log10(max(1e-10, S)), but at least what the largest S of all
 * 1 + samples / hop frames gives, less top dB. All of it in float64.
 * Numbers: n_fft, window length, hop, bands F, most frames, one of EARSHOT_PAD_*, then for each band its first bin and
 * how many it has. Weights: the bands' weights, top dB. A library may take some n_fft only
 * (_UNSUPPORTED).
 */
#define EARSHOT_LAYER_LOG_MEL 14

/* What a frame sees beyond a clip's ends: zeros, or the clip mirrored at its first and last sample. */
#define EARSHOT_PAD_CONSTANT 0
#define EARSHOT_PAD_REFLECT 1

/* What a global pool takes. */
#define EARSHOT_POOL_MEAN 0
#define EARSHOT_POOL_MAX 1

/* What stands in front of a Mamba path. */
#define EARSHOT_NORM_NONE 0
#define EARSHOT_NORM_LAYER 1
#define EARSHOT_NORM_CONDITIONAL 2

/* Along which dimension a Mamba path's sequences run. */
#define EARSHOT_AXIS_TIME 0
#define EARSHOT_AXIS_FREQUENCY 1

/* How the large products of an operation take their factors; sums and all else are float32. */
#define EARSHOT_PRECISION_FLOAT32 0
#define EARSHOT_PRECISION_BF16 1
#define EARSHOT_PRECISION_TF32 2

#endif
