#include <algorithm>

#include "reference_math.h"

namespace test {

namespace {

struct Norm {
    Doubles scale, shift;

    Norm(Reader &reader, Size width) : scale(reader.take(width)), shift(reader.take(width)) {}
    Doubles operator()(const Doubles &a, const Doubles &b) const {
        const double count = static_cast<double>(a.size());
        double mean = 0;
        double variance = 0;
        for (Size c = 0; c < a.size(); ++c) {
            mean += (a[c] + b[c]) / count;
        }
        for (Size c = 0; c < a.size(); ++c) {
            variance += (a[c] + b[c] - mean) * (a[c] + b[c] - mean) / count;
        }
        Doubles y(a.size());
        for (Size c = 0; c < a.size(); ++c) {
            y[c] = (a[c] + b[c] - mean) / std::sqrt(variance + 1e-5) * scale[c] + shift[c];
        }
        return y;
    }
};

/* softmax(q k^T / sqrt(d)) v for query i and one head. */
void attend(const std::vector<Doubles> &qkv, Size i, Size width, Size first, Size depth, Doubles &to) {
    Doubles weights;
    double whole = 0;
    for (const Doubles &other : qkv) {
        double score = 0;
        for (Size d = first; d < first + depth; ++d) {
            score += qkv[i][d] * other[width + d];
        }
        weights.push_back(std::exp(score / std::sqrt(static_cast<double>(depth))));
        whole += weights.back();
    }
    for (Size d = first; d < first + depth; ++d) {
        for (Size j = 0; j < qkv.size(); ++j) {
            to[d] += weights[j] / whole * qkv[j][2 * width + d];
        }
    }
}

} // namespace

std::vector<std::int32_t> TransformerShape::numbers() const {
    return {width, heads, hidden};
}

std::int64_t TransformerShape::weight_count() const {
    const std::int64_t c = width;
    return 4 * c * (c + 1) + 2 * c * hidden + hidden + c + 4 * c;
}

Doubles transformer(const TransformerShape &s, const std::vector<float> &weights, const std::vector<float> &x,
                    std::int64_t batch, std::int64_t tokens) {
    const Size c = size(s.width);
    const Size h = size(s.hidden);
    const Size n = size(tokens);
    Reader reader(weights);
    const Map in(reader, 3 * c, c);
    const Map out(reader, c, c);
    const Map widen(reader, h, c);
    const Map narrow(reader, c, h);
    const Norm first(reader, c);
    const Norm second(reader, c);
    Doubles all;
    for (Size b = 0; b < size(batch); ++b) {
        std::vector<Doubles> qkv;
        for (Size i = 0; i < n; ++i) {
            qkv.push_back(in(row(x, b * n + i, c)));
        }
        for (Size i = 0; i < n; ++i) {
            Doubles attended(c, 0.0);
            for (Size head = 0; head < size(s.heads); ++head) {
                attend(qkv, i, c, head * (c / size(s.heads)), c / size(s.heads), attended);
            }
            const Doubles y = first(row(x, b * n + i, c), out(attended));
            Doubles inner = widen(y);
            for (double &v : inner) {
                v = std::max(v, 0.0);
            }
            const Doubles z = second(y, narrow(inner));
            all.insert(all.end(), z.begin(), z.end());
        }
    }
    return all;
}

} // namespace test
