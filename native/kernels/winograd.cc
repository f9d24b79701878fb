// 3×3 convolutions of stride 1 by Winograd's minimal filtering, F(4×4, 3×3) (Lavin and Gray 2016): 36 products per
// tile of 16 outputs instead of 144, plus transforms. oneDNN has no Winograd on CPUs.
//
// With d a 6×6 tile of the input, g the filter and y the 4×4 tile of the output:
//   forward          y  = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, the ⊙ summed over input channels
//   data gradient    the same on dy, with g rotated by 180° and its channels swapped
//   weight gradient  dg = Gᵀ[Σ (Bᵀ d B) ⊙ (A dy Aᵀ)]G, summed over tiles: the transpose of forward
// The sums over channels (or tiles) are 36 independent matrix products; tiles are taken in groups whose transforms fit
// in the cache.
#include "winograd.hpp"

namespace rectio {
namespace {

using dnn::ConvolutionShape;
using dnn::Direction;

constexpr int64_t kPoints = 36;  // products per tile: 6×6
constexpr int64_t kIn = 6, kOut = 4, kTap = 3;

// Arrays of registers stay in registers only if every loop over them is unrolled, which the compiler does not do by
// itself.
#define RECTIO_UNROLL _Pragma("GCC unroll 32")

// ---- The one-dimensional transforms, points 0, ±1, ±2, ∞ ------------------------------------------------------------

// Rows 0 to 2, or 3 to 5, of Bᵀ·d: the two halves share no work, and one half of a tile fits in the registers.
template <bool kUpper>
inline void inputHalf(const Vec (&d)[6], Vec (&out)[3]) {
  if constexpr (kUpper) {
    const Vec a = fma(splat(-4), d[2], d[4]), b = fma(splat(-4), d[1], d[3]);
    out[0] = fma(splat(4), d[0], fma(splat(-5), d[2], d[4]));
    out[1] = a + b;
    out[2] = a - b;
  } else {
    const Vec a = d[4] - d[2], b = d[3] - d[1];
    out[0] = fma(splat(2), b, a);
    out[1] = fma(splat(-2), b, a);
    out[2] = fma(splat(4), d[1], fma(splat(-5), d[3], d[5]));
  }
}

// Aᵀ·m: six values to four.
inline void outputTransform(const Vec (&m)[6], Vec (&out)[4]) {
  const Vec s = m[1] + m[2], d = m[1] - m[2], p = m[3] + m[4], q = m[3] - m[4];
  out[0] = m[0] + s + p;
  out[1] = fma(splat(2), q, d);
  out[2] = fma(splat(4), p, s);
  out[3] = fma(splat(8), q, d) + m[5];
}

// A·y: four values to six.
inline void gradientTransform(const Vec (&y)[4], Vec (&out)[6]) {
  const Vec s = y[0] + y[2], t = y[1] + y[3];
  const Vec u = fma(splat(4), y[2], y[0]), w = fma(splat(4), y[3], y[1]);
  out[0] = y[0];
  out[1] = s + t;
  out[2] = s - t;
  out[3] = fma(splat(2), w, u);
  out[4] = fma(splat(-2), w, u);
  out[5] = y[3];
}

// G·g: three values to six.
inline void filterTransform(const Vec (&g)[3], Vec (&out)[6]) {
  const Vec sixth = splat(1.0f / 6), twelfth = splat(1.0f / 12), even = g[0] + g[2];
  const Vec wide = fma(splat(4), g[2], g[0]) * splat(1.0f / 24);
  out[0] = g[0] * splat(0.25f);
  out[1] = (even + g[1]) * -sixth;
  out[2] = (even - g[1]) * -sixth;
  out[3] = fma(g[1], twelfth, wide);
  out[4] = fma(g[1], -twelfth, wide);
  out[5] = g[2];
}

// Gᵀ·s: six values to three.
inline void filterGradient(const Vec (&s)[6], Vec (&out)[3]) {
  const Vec p = s[1] + s[2], q = s[1] - s[2], a = s[3] + s[4], b = s[3] - s[4];
  out[0] = fma(s[0], splat(0.25f), fma(p, splat(-1.0f / 6), a * splat(1.0f / 24)));
  out[1] = fma(q, splat(-1.0f / 6), b * splat(1.0f / 12));
  out[2] = fma(p, splat(-1.0f / 6), fma(a, splat(1.0f / 6), s[5]));
}

// ---- Tiles ----------------------------------------------------------------------------------------------------------

// A view of a feature map as the tiles of the convolution's output.
struct Tiling {
  int64_t n, h, w, rows, columns;
  int64_t count() const { return n * rows * columns; }
  // The example, and the first row and column of outputs, of a tile.
  void locate(int64_t tile, int64_t& example, int64_t& row, int64_t& column) const {
    example = tile / (rows * columns);
    row = tile / columns % rows * kOut;
    column = tile % columns * kOut;
  }
};

Tiling tilingOf(const ConvolutionShape& s, bool ofInput) {
  const int64_t h = ofInput ? s.ih : s.oh, w = ofInput ? s.iw : s.ow;
  return {s.n, h, w, (h + kOut - 1) / kOut, (w + kOut - 1) / kOut};
}

// The layout of a group of tiles in the transformed domain: [point][tile][channel]. One extra cache line per point
// keeps the 36 streams of a transform in different cache sets.
struct Group {
  int64_t tiles, channels;
  int64_t stride() const { return tiles * channels + 16; }
  int64_t floats() const { return kPoints * stride(); }
};

// Half of Bᵀ d B of one 6×6 tile of one block of channels; fetch(i, j) gives row i, column j of d.
template <bool kUpper, typename Fetch>
[[gnu::always_inline]] inline void inputTransformHalf(const Fetch& fetch, float* out, int64_t stride) {
  Vec half[6][3];
  RECTIO_UNROLL for (int i = 0; i < 6; ++i) {
    const Vec row[6] = {fetch(i, 0), fetch(i, 1), fetch(i, 2), fetch(i, 3), fetch(i, 4), fetch(i, 5)};
    inputHalf<kUpper>(row, half[i]);
  }
  RECTIO_UNROLL for (int j = 0; j < 3; ++j) {
    const Vec column[6] = {half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j]};
    Vec upper[3], lower[3];
    inputHalf<true>(column, upper);
    inputHalf<false>(column, lower);
    float* to = out + (kUpper ? j : j + 3) * stride;
    RECTIO_UNROLL for (int i = 0; i < 3; ++i) {
      store(to + i * 6 * stride, upper[i]);
      store(to + (i + 3) * 6 * stride, lower[i]);
    }
  }
}

alignas(64) constexpr float kZeros[kBlock] = {};

// The tile of `map` (one block of channels of one example) that starts at (row, column), zeros outside, transformed.
void inputTile(const float* map, int64_t h, int64_t w, int64_t row, int64_t column, float* out, int64_t stride) {
  if (row >= 0 && column >= 0 && row + kIn <= h && column + kIn <= w) {
    const float* d = map + (row * w + column) * kBlock;
    const auto inside = [&](int i, int j) { return load(d + (i * w + j) * kBlock); };
    inputTransformHalf<true>(inside, out, stride);
    inputTransformHalf<false>(inside, out, stride);
    return;
  }
  const float* at[kPoints];
  for (int64_t i = 0; i < kIn; ++i)
    for (int64_t j = 0; j < kIn; ++j) {
      const bool there = row + i >= 0 && row + i < h && column + j >= 0 && column + j < w;
      at[i * kIn + j] = there ? map + ((row + i) * w + column + j) * kBlock : kZeros;
    }
  const auto edge = [&](int i, int j) { return load(at[i * kIn + j]); };
  inputTransformHalf<true>(edge, out, stride);
  inputTransformHalf<false>(edge, out, stride);
}

// ---- Matrix products ------------------------------------------------------------------------------------------------

// For kTiles tiles and kVecs blocks of output channels: out[tile][oc] = Σ_ic v[tile][ic]·u[ic][oc].
// u holds, for each block of output channels, [ic][kBlock].
template <int kTiles, int kVecs>
inline void multiplyTiles(const float* v, int64_t ic, const float* u, float* out, int64_t oc) {
  Vec sum[kTiles][kVecs];
  RECTIO_UNROLL for (int t = 0; t < kTiles; ++t) { RECTIO_UNROLL for (int k = 0; k < kVecs; ++k) sum[t][k] = Vec{}; }
  for (int64_t c = 0; c < ic; ++c) {
    Vec weight[kVecs];
    RECTIO_UNROLL for (int k = 0; k < kVecs; ++k) weight[k] = load(u + (k * ic + c) * kBlock);
    RECTIO_UNROLL for (int t = 0; t < kTiles; ++t) {
      const Vec value = splat(v[t * ic + c]);
      RECTIO_UNROLL for (int k = 0; k < kVecs; ++k) sum[t][k] = fma(value, weight[k], sum[t][k]);
    }
  }
  RECTIO_UNROLL for (int t = 0; t < kTiles; ++t) {
    RECTIO_UNROLL for (int k = 0; k < kVecs; ++k) store(out + t * oc + k * kBlock, sum[t][k]);
  }
}

// The number of sums that fit in the registers beside the operands.
constexpr int kSums = kBlock == 16 ? 24 : 8;

template <int kVecs>
void multiplyPoint(const float* v, int64_t tiles, int64_t ic, const float* u, float* out, int64_t oc) {
  constexpr int kTiles = kSums / kVecs;
  int64_t t = 0;
  for (; t + kTiles <= tiles; t += kTiles) multiplyTiles<kTiles, kVecs>(v + t * ic, ic, u, out + t * oc, oc);
  for (; t + 4 <= tiles; t += 4) multiplyTiles<4, kVecs>(v + t * ic, ic, u, out + t * oc, oc);
  for (; t < tiles; ++t) multiplyTiles<1, kVecs>(v + t * ic, ic, u, out + t * oc, oc);
}

// sums[ic][oc] += Σ_tile v[tile][ic]·d[tile][oc], for one block of each.
inline void accumulatePoint(const float* v, int64_t ic, const float* d, int64_t oc, int64_t tiles, float* sums) {
  Vec sum[kBlock];
  RECTIO_UNROLL for (int c = 0; c < kBlock; ++c) sum[c] = load(sums + c * kBlock);
  for (int64_t t = 0; t < tiles; ++t) {
    const Vec gradient = load(d + t * oc);
    RECTIO_UNROLL for (int c = 0; c < kBlock; ++c) sum[c] = fma(splat(v[t * ic + c]), gradient, sum[c]);
  }
  RECTIO_UNROLL for (int c = 0; c < kBlock; ++c) store(sums + c * kBlock, sum[c]);
}

// ---- Forward and data gradient --------------------------------------------------------------------------------------

class WinogradBase : public ConvolutionImplementation {
 public:
  WinogradBase(const ConvolutionOperands& operands, int64_t groupTiles)
      : o_(operands),
        s_(operands.shape),
        groupTiles_(groupTiles),
        icBlocks_(blocksOf(s_.ic)),
        ocBlocks_(blocksOf(s_.oc)),
        wanted_(blockedWeights(s_)) {}
  std::string name() const override { return "winograd/" + std::to_string(groupTiles_); }
  dnnl::memory::desc weightLayout() const override { return wanted_; }

 protected:
  // The weight (or its gradient) in our layout: [ocBlock][icBlock][3][3][ic][oc].
  float* weightBlock(float* weights, int64_t ocBlock, int64_t icBlock) const {
    return weights + (ocBlock * icBlocks_ + icBlock) * kTap * kTap * kBlock * kBlock;
  }
  size_t weightCopyBytes() const { return aligned(wanted_.get_size()); }
  // Tiles of one thread come in groups; calls work(first tile, tiles).
  template <typename Work>
  void eachGroup(int64_t begin, int64_t end, const Work& work) const {
    for (int64_t first = begin; first < end; first += groupTiles_) work(first, std::min(groupTiles_, end - first));
  }

  const ConvolutionOperands o_;
  const ConvolutionShape s_;
  const int64_t groupTiles_, icBlocks_, ocBlocks_;
  const dnnl::memory::desc wanted_;
};

class WinogradForward final : public WinogradBase {
 public:
  WinogradForward(const ConvolutionOperands& operands, int64_t groupTiles)
      : WinogradBase(operands, groupTiles),
        backward_(operands.direction == Direction::dataGradient),
        fromBlocks_(backward_ ? ocBlocks_ : icBlocks_),
        toBlocks_(backward_ ? icBlocks_ : ocBlocks_),
        tiling_(tilingOf(s_, backward_)),
        in_{groupTiles, fromBlocks_ * kBlock},
        out_{groupTiles, toBlocks_ * kBlock} {}

  size_t scratchBytes() const override {
    return weightCopyBytes() + aligned(static_cast<size_t>(filterFloats()) * 4) +
           static_cast<size_t>(o_.threads) * threadBytes();
  }

  void bind(char* scratch, const dnnl::memory::desc& weights) override {
    lies_ = weights;
    copy_ = reinterpret_cast<float*>(scratch);
    filter_ = reinterpret_cast<float*>(scratch + weightCopyBytes());
    work_ = scratch + weightCopyBytes() + aligned(static_cast<size_t>(filterFloats()) * 4);
  }

  void run() override {
    float* weights = o_.weights->data;
    if (lies_ != wanted_) {
      dnn::reorder(lies_, weights, wanted_, copy_);
      weights = copy_;
    }
    parallelFor(fromBlocks_ * toBlocks_, kBlock * kBlock * kPoints, o_.threads, [&](int64_t begin, int64_t end) {
      for (int64_t pair = begin; pair < end; ++pair) transformFilter(weights, pair / toBlocks_, pair % toBlocks_);
    });
    parallelParts(tiling_.count(), o_.threads, [&](int part, int64_t begin, int64_t end) {
      float* v = reinterpret_cast<float*>(work_ + static_cast<size_t>(part) * threadBytes());
      float* m = v + aligned(static_cast<size_t>(in_.floats()) * 4) / 4;
      eachGroup(begin, end, [&](int64_t first, int64_t tiles) { group(first, tiles, v, m); });
    });
  }

 private:
  int64_t filterFloats() const { return kPoints * fromBlocks_ * toBlocks_ * kBlock * kBlock; }
  size_t threadBytes() const {
    return aligned(static_cast<size_t>(in_.floats()) * 4) + aligned(static_cast<size_t>(out_.floats()) * 4);
  }

  // u[point][to block][from channel][kBlock] = G g Gᵀ.
  void transformFilter(float* weights, int64_t from, int64_t to) {
    const int64_t fromChannels = fromBlocks_ * kBlock;
    const float* block = backward_ ? weightBlock(weights, from, to) : weightBlock(weights, to, from);
    for (int64_t c = 0; c < kBlock; ++c) {
      Vec g[3][3], rows[6][3];
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
          if (!backward_) {
            g[i][j] = load(block + ((i * 3 + j) * kBlock + c) * kBlock);
          } else {
            // Rotated by 180°, and gathered along the input channels, which are kBlock floats apart.
            const float* turned = block + ((2 - i) * 3 + (2 - j)) * kBlock * kBlock + c;
            for (int lane = 0; lane < kBlock; ++lane) g[i][j][lane] = turned[lane * kBlock];
          }
        }
      for (int j = 0; j < 3; ++j) {
        const Vec column[3] = {g[0][j], g[1][j], g[2][j]};
        Vec out[6];
        filterTransform(column, out);
        for (int i = 0; i < 6; ++i) rows[i][j] = out[i];
      }
      for (int i = 0; i < 6; ++i) {
        Vec out[6];
        filterTransform(rows[i], out);
        for (int j = 0; j < 6; ++j)
          store(filter_ + (((i * 6 + j) * toBlocks_ + to) * fromChannels + from * kBlock + c) * kBlock, out[j]);
      }
    }
  }

  void group(int64_t first, int64_t tiles, float* v, float* m) {
    const Tensor& source = backward_ ? *o_.dst : *o_.src;
    const int64_t sourceHeight = source.h(), sourceWidth = source.w(), sourceSites = source.hw();
    const int64_t padH = backward_ ? kTap - 1 - s_.ph : s_.ph, padW = backward_ ? kTap - 1 - s_.pw : s_.pw;
    for (int64_t t = 0; t < tiles; ++t) {
      int64_t example, row, column;
      tiling_.locate(first + t, example, row, column);
      for (int64_t block = 0; block < fromBlocks_; ++block)
        inputTile(source.data + (example * fromBlocks_ + block) * sourceSites * kBlock, sourceHeight, sourceWidth,
                  row - padH, column - padW, v + t * in_.channels + block * kBlock, in_.stride());
    }
    for (int64_t point = 0; point < kPoints; ++point) {
      const float* values = v + point * in_.stride();
      const float* filter = filter_ + point * toBlocks_ * in_.channels * kBlock;
      float* sums = m + point * out_.stride();
      int64_t block = 0;
      const auto take = [&](auto multiply, int64_t blocks) {
        for (; block + blocks <= toBlocks_; block += blocks)
          multiply(values, tiles, in_.channels, filter + block * in_.channels * kBlock, sums + block * kBlock,
                   out_.channels);
      };
      take(multiplyPoint<4>, 4);
      take(multiplyPoint<2>, 2);
      take(multiplyPoint<1>, 1);
    }
    for (int64_t t = 0; t < tiles; ++t) {
      int64_t example, row, column;
      tiling_.locate(first + t, example, row, column);
      for (int64_t block = 0; block < toBlocks_; ++block)
        outputTile(m + t * out_.channels + block * kBlock, example, block, row, column);
    }
  }

  void outputTile(const float* m, int64_t example, int64_t block, int64_t row, int64_t column) {
    Tensor& target = backward_ ? *o_.src : *o_.dst;
    const int64_t stride = out_.stride();
    Vec y[4][4];
    {
      Vec half[4][6];
      RECTIO_UNROLL for (int j = 0; j < 6; ++j) {
        const float* from = m + j * stride;
        const Vec points[6] = {load(from),
                               load(from + 6 * stride),
                               load(from + 12 * stride),
                               load(from + 18 * stride),
                               load(from + 24 * stride),
                               load(from + 30 * stride)};
        Vec out[4];
        outputTransform(points, out);
        RECTIO_UNROLL for (int i = 0; i < 4; ++i) half[i][j] = out[i];
      }
      RECTIO_UNROLL for (int i = 0; i < 4; ++i) outputTransform(half[i], y[i]);
    }
    const int64_t height = tiling_.h, width = tiling_.w;
    const int64_t start = (((example * toBlocks_ + block) * height + row) * width + column) * kBlock;
    if (!backward_ && (o_.bias != nullptr || o_.addend != nullptr || o_.relu)) {
      const Vec bias = o_.bias != nullptr ? loadPartial(o_.bias->data + block * kBlock, s_.oc - block * kBlock) : Vec{};
      for (int64_t i = 0; i < std::min<int64_t>(kOut, height - row); ++i)
        for (int64_t j = 0; j < std::min<int64_t>(kOut, width - column); ++j) {
          y[i][j] += bias;
          if (o_.addend != nullptr) y[i][j] += load(o_.addend->data + start + (i * width + j) * kBlock);
          if (o_.relu) y[i][j] = relu(y[i][j]);
        }
    }
    float* to = target.data + start;
    if (row + kOut <= height && column + kOut <= width) {
      RECTIO_UNROLL for (int i = 0; i < 4; ++i) {
        RECTIO_UNROLL for (int j = 0; j < 4; ++j) store(to + (i * width + j) * kBlock, y[i][j]);
      }
      return;
    }
    for (int64_t i = 0; i < std::min<int64_t>(kOut, height - row); ++i)
      for (int64_t j = 0; j < std::min<int64_t>(kOut, width - column); ++j)
        store(to + (i * width + j) * kBlock, y[i][j]);
  }

  const bool backward_;
  const int64_t fromBlocks_, toBlocks_;
  const Tiling tiling_;
  const Group in_, out_;
  dnnl::memory::desc lies_{};
  float *copy_ = nullptr, *filter_ = nullptr;
  char* work_ = nullptr;
};

// ---- Weight gradient ------------------------------------------------------------------------------------------------

class WinogradWeightGradient final : public WinogradBase {
 public:
  WinogradWeightGradient(const ConvolutionOperands& operands, int64_t groupTiles)
      : WinogradBase(operands, groupTiles),
        tiling_(tilingOf(s_, false)),
        in_{groupTiles, icBlocks_ * kBlock},
        out_{groupTiles, ocBlocks_ * kBlock} {}

  size_t scratchBytes() const override { return weightCopyBytes() + static_cast<size_t>(o_.threads) * threadBytes(); }

  void bind(char* scratch, const dnnl::memory::desc& weights) override {
    lies_ = weights;
    copy_ = reinterpret_cast<float*>(scratch);
    work_ = scratch + weightCopyBytes();
  }

  void run() override {
    // Each thread sums its own tiles. The parts are added in order, so timing does not affect the result.
    std::vector<float*> sums(static_cast<size_t>(o_.threads), nullptr);
    parallelParts(tiling_.count(), o_.threads, [&](int part, int64_t begin, int64_t end) {
      float* mine = reinterpret_cast<float*>(work_ + static_cast<size_t>(part) * threadBytes());
      float* v = mine + aligned(static_cast<size_t>(sumFloats()) * 4) / 4;
      float* d = v + aligned(static_cast<size_t>(in_.floats()) * 4) / 4;
      std::memset(mine, 0, static_cast<size_t>(sumFloats()) * 4);
      sums[static_cast<size_t>(part)] = mine;
      eachGroup(begin, end, [&](int64_t first, int64_t tiles) { group(first, tiles, v, d, mine); });
    });
    float* gradient = lies_ == wanted_ ? o_.weights->data : copy_;
    parallelFor(icBlocks_ * ocBlocks_, kPoints * kBlock * kBlock, o_.threads, [&](int64_t begin, int64_t end) {
      for (int64_t pair = begin; pair < end; ++pair)
        finish(sums, pair, weightBlock(gradient, pair % ocBlocks_, pair / ocBlocks_));
    });
    if (gradient == copy_) dnn::reorder(wanted_, copy_, lies_, o_.weights->data);
  }

 private:
  int64_t sumFloats() const { return kPoints * icBlocks_ * ocBlocks_ * kBlock * kBlock; }
  size_t threadBytes() const {
    return aligned(static_cast<size_t>(sumFloats()) * 4) + aligned(static_cast<size_t>(in_.floats()) * 4) +
           aligned(static_cast<size_t>(out_.floats()) * 4);
  }

  void group(int64_t first, int64_t tiles, float* v, float* d, float* sums) {
    for (int64_t t = 0; t < tiles; ++t) {
      int64_t example, row, column;
      tiling_.locate(first + t, example, row, column);
      for (int64_t block = 0; block < icBlocks_; ++block)
        inputTile(o_.src->data + (example * icBlocks_ + block) * s_.ih * s_.iw * kBlock, s_.ih, s_.iw, row - s_.ph,
                  column - s_.pw, v + t * in_.channels + block * kBlock, in_.stride());
      for (int64_t block = 0; block < ocBlocks_; ++block)
        gradientTile(o_.dst->data + (example * ocBlocks_ + block) * s_.oh * s_.ow * kBlock, row, column,
                     d + t * out_.channels + block * kBlock);
    }
    for (int64_t point = 0; point < kPoints; ++point)
      for (int64_t ic = 0; ic < icBlocks_; ++ic)
        for (int64_t oc = 0; oc < ocBlocks_; ++oc)
          accumulatePoint(v + point * in_.stride() + ic * kBlock, in_.channels, d + point * out_.stride() + oc * kBlock,
                          out_.channels, tiles, sums + ((ic * ocBlocks_ + oc) * kPoints + point) * kBlock * kBlock);
  }

  // A dy Aᵀ of one 4×4 tile of one block of channels, zeros outside.
  void gradientTile(const float* map, int64_t row, int64_t column, float* out) const {
    const bool inside = row + kOut <= s_.oh && column + kOut <= s_.ow;
    const float* from = map + (row * s_.ow + column) * kBlock;
    const int64_t stride = out_.stride();
    Vec half[6][4];
    RECTIO_UNROLL for (int64_t j = 0; j < 4; ++j) {
      Vec y[4], six[6];
      RECTIO_UNROLL for (int64_t i = 0; i < 4; ++i) y[i] =
          inside || (row + i < s_.oh && column + j < s_.ow) ? load(from + (i * s_.ow + j) * kBlock) : Vec{};
      gradientTransform(y, six);
      RECTIO_UNROLL for (int i = 0; i < 6; ++i) half[i][j] = six[i];
    }
    RECTIO_UNROLL for (int i = 0; i < 6; ++i) {
      Vec six[6];
      gradientTransform(half[i], six);
      RECTIO_UNROLL for (int j = 0; j < 6; ++j) store(out + (i * 6 + j) * stride, six[j]);
    }
  }

  // Gᵀ(Σ over threads)G of one pair of blocks.
  void finish(const std::vector<float*>& sums, int64_t pair, float* gradient) const {
    for (int64_t c = 0; c < kBlock; ++c) {
      Vec half[3][6];
      for (int j = 0; j < 6; ++j) {
        Vec s[6], three[3];
        for (int i = 0; i < 6; ++i) {
          const int64_t at = ((pair * kPoints + i * 6 + j) * kBlock + c) * kBlock;
          s[i] = Vec{};
          for (const float* part : sums)
            if (part != nullptr) s[i] += load(part + at);
        }
        filterGradient(s, three);
        for (int i = 0; i < 3; ++i) half[i][j] = three[i];
      }
      for (int i = 0; i < 3; ++i) {
        Vec three[3];
        filterGradient(half[i], three);
        for (int j = 0; j < 3; ++j) store(gradient + ((i * 3 + j) * kBlock + c) * kBlock, three[j]);
      }
    }
  }

  const Tiling tiling_;
  const Group in_, out_;
  dnnl::memory::desc lies_{};
  float* copy_ = nullptr;
  char* work_ = nullptr;
};

}  // namespace

std::vector<std::unique_ptr<ConvolutionImplementation>> winogradCandidates(const ConvolutionOperands& o) {
  const ConvolutionShape& s = o.shape;
  const bool fits = s.kh == kTap && s.kw == kTap && s.sh == 1 && s.sw == 1 && s.dh == 1 && s.dw == 1 && s.ph <= 2 &&
                    s.pw <= 2 && s.groups == 1 && o.src->layout == Layout::blocked && o.dst->layout == Layout::blocked;
  std::vector<std::unique_ptr<ConvolutionImplementation>> found;
  if (!fits || (o.direction == Direction::weightGradient && o.bias != nullptr)) return found;
  // A group's transforms should stay in the second-level cache beside the filters; the best size is measured.
  for (const int64_t tiles : {24, 48, 96}) {
    if (o.direction == Direction::weightGradient)
      found.push_back(std::make_unique<WinogradWeightGradient>(o, tiles));
    else
      found.push_back(std::make_unique<WinogradForward>(o, tiles));
  }
  return found;
}

}  // namespace rectio
