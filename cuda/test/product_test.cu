/* Products of every arithmetic by every kernel there is for them, against float64. */
#include <cmath>
#include <string>

#include "device_array.h"
#include "harness.h"
#include "product.h"
#include "runtime.h"

namespace {

using earshot::Arithmetic;

/*
 * How far a sum may lie from the exact one, in parts of the sum of its terms' sizes. Factors: SPLIT leaves out 2^-22,
 * TF32 rounds each of two to 11 bits, BF16 to 8. Sums: an instruction cuts each of its 9 or 17 terms off at a unit of
 * 2^-23 of the largest, and its result once more; of SPLIT six follow upon each other from zero, and the sums of 16
 * numbers are added with a rounding of 2^-24 each. The others never leave the tensor core, one instruction after the
 * other. What is added afterwards (scale, bias, residual) rounds three times.
 */
double bound(Arithmetic arithmetic, std::int32_t depth) {
    constexpr double FLOAT = 0x1p-24;
    switch (arithmetic) {
    case Arithmetic::SPLIT:
        return 0x1p-22 + 6 * 10 * 2 * FLOAT + (depth / 16.0 + 3) * FLOAT;
    case Arithmetic::TF32:
        return 0x1p-10 + (depth / 8.0 + 1) * 10 * 2 * FLOAT;
    case Arithmetic::BF16:
        return 0x1p-7 + (depth / 16.0 + 1) * 18 * 2 * FLOAT;
    default:
        return (depth + 3) * FLOAT;
    }
}

struct Sizes {
    std::int64_t rows;
    std::int32_t columns;
    std::int32_t width[2];
    std::int32_t groups;
};

void compare(const Sizes &sizes, Arithmetic arithmetic, bool warpgroups) {
    earshot::allow_warpgroups(warpgroups);
    test::Random random(static_cast<std::uint64_t>(sizes.rows));
    const std::int32_t groups = sizes.groups;
    std::vector<std::vector<earshot::HostMatrix>> matrices;
    for (std::int32_t g = 0; g < groups; ++g) {
        matrices.emplace_back();
        for (const std::int32_t width : sizes.width) {
            if (width > 0) {
                matrices.back().push_back(
                    {sizes.columns, width, random.vector(std::int64_t{sizes.columns} * width, -1.0F, 1.0F)});
            }
        }
    }
    const std::vector<float> x0 = random.vector(sizes.rows * groups * sizes.width[0], -8.0F, 8.0F);
    const std::vector<float> x1 = random.vector(sizes.rows * groups * sizes.width[0], -8.0F, 8.0F);
    const std::vector<float> scale = random.vector(sizes.rows * groups, 0.5F, 2.0F);
    const std::vector<float> bias = random.vector(std::int64_t{groups} * sizes.columns, -1.0F, 1.0F);
    const std::vector<float> residual = random.vector(sizes.rows * groups * sizes.columns, -1.0F, 1.0F);
    const test::DeviceArray device_x0(x0);
    const test::DeviceArray device_x1(x1);
    const test::DeviceArray device_scale(scale);
    const test::DeviceArray device_bias(bias);
    const test::DeviceArray device_residual(residual);
    const test::DeviceArray out(sizes.rows * groups * sizes.columns);
    const earshot::DeviceArray<std::uint32_t> weights(earshot::pack_product(matrices, arithmetic));

    earshot::Product p = {};
    p.rows = sizes.rows;
    p.columns = sizes.columns;
    p.groups = groups;
    /* Both of the same stride, so that one step serves both. */
    p.source[0] = {device_x0.span(), std::int64_t{groups} * sizes.width[0], sizes.width[0]};
    p.source[1] = {device_x1.span(), std::int64_t{groups} * sizes.width[0], sizes.width[1]};
    p.source_step = sizes.width[0];
    p.weights = weights.span();
    p.scale = device_scale.span();
    p.scale_stride = groups;
    p.scale_step = 1;
    p.bias = device_bias.span();
    p.residual = {device_residual.span(), std::int64_t{groups} * sizes.columns, sizes.columns};
    p.residual_step = sizes.columns;
    p.out = out.span();
    p.out_stride = std::int64_t{groups} * sizes.columns;
    p.out_step = sizes.columns;
    test::require(earshot::enqueue(p, arithmetic, nullptr), "a product");
    const std::vector<float> values = out.values();
    earshot::allow_warpgroups(true);

    double furthest = 0;
    for (std::int64_t row = 0; row < sizes.rows; ++row) {
        for (std::int32_t g = 0; g < groups; ++g) {
            for (std::int32_t n = 0; n < sizes.columns; ++n) {
                double sum = 0;
                double size = 0;
                for (std::size_t s = 0; s < matrices[static_cast<std::size_t>(g)].size(); ++s) {
                    const earshot::HostMatrix &matrix = matrices[static_cast<std::size_t>(g)][s];
                    const std::vector<float> &x = s == 0 ? x0 : x1;
                    for (std::int32_t k = 0; k < matrix.width; ++k) {
                        const double term =
                            static_cast<double>(matrix.at(n, k)) *
                            static_cast<double>(x[static_cast<std::size_t>((row * groups + g) * sizes.width[0] + k)]);
                        sum += term;
                        size += std::fabs(term);
                    }
                }
                const auto at = static_cast<std::size_t>((row * groups + g) * sizes.columns + n);
                const double factor = scale[static_cast<std::size_t>(row * groups + g)];
                const double added = static_cast<double>(bias[static_cast<std::size_t>(g * sizes.columns + n)]);
                const double exact = sum * factor + added + static_cast<double>(residual[at]);
                const double whole = size * factor + std::fabs(added) + std::fabs(static_cast<double>(residual[at]));
                furthest = std::fmax(furthest, std::fabs(static_cast<double>(values[at]) - exact) / whole);
                /* The largest of numbers drops what is not one. */
                CHECK(values[at] == values[at]);
            }
        }
    }
    const double allowed = bound(arithmetic, sizes.width[0] + sizes.width[1]);
    CHECK_THAT(furthest <= allowed, std::to_string(sizes.rows) + " rows, arithmetic " +
                                        std::to_string(static_cast<int>(arithmetic)) +
                                        (warpgroups ? ", warpgroups: " : ": ") + std::to_string(furthest / 0x1p-24) +
                                        " of 2^-24, allowed " + std::to_string(allowed / 0x1p-24));
}

TEST(products) {
    /* The projection's shape; whole and ragged tiles; memory that cannot be read in fours; two groups. */
    for (const Sizes &sizes :
         {Sizes{130, 64, {512, 64}, 1}, Sizes{128, 64, {64, 64}, 1}, Sizes{1, 4, {4, 0}, 1}, Sizes{65, 36, {260, 0}, 2},
          Sizes{200, 132, {68, 20}, 2}, Sizes{33, 30, {65, 7}, 1}, Sizes{17, 7, {5, 3}, 2}}) {
        compare(sizes, Arithmetic::SCALAR, false);
        if (!earshot::device().has_tensor_cores()) {
            continue;
        }
        for (const Arithmetic arithmetic : {Arithmetic::SPLIT, Arithmetic::TF32, Arithmetic::BF16}) {
            compare(sizes, arithmetic, false);
            if (earshot::device().has_warpgroups) {
                compare(sizes, arithmetic, true);
            }
        }
    }
}

} // namespace
