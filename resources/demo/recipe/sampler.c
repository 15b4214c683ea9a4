/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One-token attention over a bfloat16 cache and top-k sampling, for
 * sample_stories.py.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint16_t bf16;

static inline float up(bf16 v)
{
    uint32_t u = (uint32_t)v << 16;
    float f;
    memcpy(&f, &u, 4);
    return f;
}

#define D 48

/* q, out: rows x heads x D floats; k, v: rows x heads x context x D. */
void attend(const float *q, const bf16 *k, const bf16 *v, float *out, int64_t rows, int64_t heads, int64_t context,
            int64_t seen)
{
    const float scale = 1.0f / sqrtf((float)D);
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < rows * heads; ++r) {
        const float *a = q + r * D;
        const bf16 *kr = k + r * context * D, *vr = v + r * context * D;
        float s[1024], m = -INFINITY, sum = 0, acc[D] = {0};
        for (int64_t t = 0; t < seen; ++t) {
            float x = 0;
            for (int d = 0; d < D; ++d)
                x += a[d] * up(kr[t * D + d]);
            s[t] = x * scale;
            m = fmaxf(m, s[t]);
        }
        for (int64_t t = 0; t < seen; ++t) {
            s[t] = expf(s[t] - m);
            sum += s[t];
        }
        for (int64_t t = 0; t < seen; ++t)
            for (int d = 0; d < D; ++d)
                acc[d] += s[t] * up(vr[t * D + d]);
        for (int d = 0; d < D; ++d)
            out[r * D + d] = acc[d] / sum;
    }
}

struct entry {
    float x;
    int32_t id;
};

static int order(const void *a, const void *b)
{
    float x = ((const struct entry *)a)->x, y = ((const struct entry *)b)->x;
    return (x < y) - (x > y);
}

/* u: one uniform number in [0, 1) per row. */
void choose(const float *logits, const float *u, int64_t *id, int64_t rows, int64_t vocab, int64_t top, float temperature)
{
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < rows; ++r) {
        const float *x = logits + r * vocab;
        float m = -INFINITY, p[1024], sum = 0;
        for (int64_t j = 0; j < vocab; ++j)
            m = fmaxf(m, x[j]);
        struct entry *e = malloc(vocab * sizeof *e);
        int64_t n = 0;
        for (int64_t j = 0; j < vocab; ++j)
            if (x[j] > m - 10.0f)
                e[n++] = (struct entry){x[j], (int32_t)j};
        qsort(e, n, sizeof *e, order);
        if (n > top)
            n = top;
        for (int64_t j = 0; j < n; ++j)
            sum += p[j] = expf((e[j].x - m) / temperature);
        float t = u[r] * sum;
        int64_t j = 0;
        while (j + 1 < n && t >= p[j])
            t -= p[j++];
        id[r] = e[j].id;
        free(e);
    }
}
