/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Optional fused bfloat16 kernels for training on a CPU: gelu_new, causal
 * (windowed) softmax and softmax cross-entropy. kernels.py compiles them with
 *     cc -O3 -march=native -ffast-math -fopenmp -shared -fPIC
 * and falls back on torch's own functions where that fails.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t bf16;

static inline float up(bf16 v)
{
    uint32_t u = (uint32_t)v << 16;
    float f;
    memcpy(&f, &u, 4);
    return f;
}

static inline bf16 down(float f)
{
    uint32_t u;
    memcpy(&u, &f, 4);
    return (bf16)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

#define C0 1.5957691216f /* 2 sqrt(2/pi) */
#define C1 (1.5957691216f * 0.044715f)

/* gelu_new(x) = x sigmoid(c0 x + c1 x^3) */
void gelu_forward(const bf16 *x, bf16 *y, int64_t n)
{
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; ++i) {
        float v = up(x[i]);
        float u = v * (C0 + C1 * v * v);
        y[i] = down(v / (1.0f + expf(-fminf(fmaxf(u, -80.0f), 80.0f))));
    }
}

void gelu_backward(const bf16 *x, const bf16 *dy, bf16 *dx, int64_t n)
{
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; ++i) {
        float v = up(x[i]);
        float u = v * (C0 + C1 * v * v);
        float s = 1.0f / (1.0f + expf(-fminf(fmaxf(u, -80.0f), 80.0f)));
        float g = s + v * s * (1.0f - s) * (C0 + 3.0f * C1 * v * v);
        dx[i] = down(up(dy[i]) * g);
    }
}

/* In place over `count` matrices of t x t; row i sees columns i-window+1 .. i. */
void softmax_forward(bf16 *s, int64_t count, int64_t t, int64_t window)
{
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < count * t; ++r) {
        int64_t i = r % t, lo = i - window + 1 > 0 ? i - window + 1 : 0;
        bf16 *row = s + r * t;
        float e[4096];
        float m = -INFINITY, sum = 0;
        for (int64_t j = lo; j <= i; ++j)
            m = fmaxf(m, up(row[j]));
        for (int64_t j = lo; j <= i; ++j) {
            e[j] = expf(up(row[j]) - m);
            sum += e[j];
        }
        float f = 1.0f / sum;
        for (int64_t j = lo; j <= i; ++j)
            row[j] = down(e[j] * f);
        memset(row, 0, lo * sizeof *row);
        memset(row + i + 1, 0, (t - i - 1) * sizeof *row);
    }
}

/* ds = p (dp - sum p dp), written over dp */
void softmax_backward(const bf16 *p, bf16 *dp, int64_t count, int64_t t, int64_t window)
{
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < count * t; ++r) {
        int64_t i = r % t, lo = i - window + 1 > 0 ? i - window + 1 : 0;
        const bf16 *a = p + r * t;
        bf16 *d = dp + r * t;
        float sum = 0;
        for (int64_t j = lo; j <= i; ++j)
            sum += up(a[j]) * up(d[j]);
        for (int64_t j = lo; j <= i; ++j)
            d[j] = down(up(a[j]) * (up(d[j]) - sum));
        memset(d, 0, lo * sizeof *d);
        memset(d + i + 1, 0, (t - i - 1) * sizeof *d);
    }
}

/* Mean loss over rows with target >= 0; the logits become its gradient. */
double cross_entropy(bf16 *logits, const int64_t *target, int64_t rows, int64_t vocab)
{
    int64_t used = 0;
    double loss = 0;
    for (int64_t r = 0; r < rows; ++r)
        used += target[r] >= 0;
    float scale = 1.0f / (float)(used > 0 ? used : 1);
#pragma omp parallel for schedule(static) reduction(+ : loss)
    for (int64_t r = 0; r < rows; ++r) {
        bf16 *row = logits + r * vocab;
        if (target[r] < 0) {
            memset(row, 0, vocab * sizeof *row);
            continue;
        }
        float m = -INFINITY, sum = 0, hit = up(row[target[r]]);
        for (int64_t j = 0; j < vocab; ++j)
            m = fmaxf(m, up(row[j]));
        float e[16384];
        for (int64_t j = 0; j < vocab; ++j) {
            e[j] = expf(up(row[j]) - m);
            sum += e[j];
        }
        loss += logf(sum) + m - hit;
        float f = scale / sum;
        e[target[r]] -= sum;
        for (int64_t j = 0; j < vocab; ++j)
            row[j] = down(e[j] * f);
    }
    return loss * scale;
}
