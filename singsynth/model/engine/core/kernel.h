/* The engine for one instruction set and precision; `core.c` includes this file once for each.
 *
 * Lanes of a vector are channels. A product takes up to TILE phrases (or frames, where all are
 * known) against a panel of PANEL vectors of outputs, so that each weight that is fetched is used
 * TILE times and the sums never leave registers:
 *
 *     weights in memory   panel by panel, in a panel column by column, PANEL vectors a column
 *     float32             a column is one input
 *     int16               a column is two inputs, interleaved: one instruction multiplies both and
 *                         adds them (pmaddwd), at half the memory and nearly twice the pace
 *
 * int16: a row of weights has one scale, chosen so that no sum can overflow. Activations are
 * rounded to 14 bits: those that tanh or a gate has bounded with a fixed scale, the residual
 * stream and the controls with one a vector. All the rest is float32.
 *
 * A phrase lives in a slot. A step makes one frame of every slot, each at its own time; a phrase
 * that ends hands its slot to the next in the queue.
 */

#define vf NAME(vf)
#define vi NAME(vi)
#define act NAME(act)
typedef float vf __attribute__((vector_size(4 * W), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(4 * W), aligned(4), may_alias));

enum { NAME(PANEL) = 4, NAME(TILE) = 3, NAME(BLOCK) = 12 };
#define PANEL NAME(PANEL)
#define TILE NAME(TILE)
#define BLOCK NAME(BLOCK) /* frames whose controls are multiplied out at once */

/* -- vectors ----------------------------------------------------------------------------------- */

INLINE vf NAME(load)(const float *p) { return *(const vf *)p; }
INLINE void NAME(store)(float *p, vf x) { *(vf *)p = x; }
INLINE vf NAME(select)(vi mask, vf yes, vf no)
{
    return (vf)(((vi)yes & mask) | ((vi)no & ~mask));
}
#if W == 8
INLINE vf NAME(min)(vf x, vf y) { return _mm256_min_ps(x, y); }
INLINE vf NAME(max)(vf x, vf y) { return _mm256_max_ps(x, y); }
INLINE vf NAME(fma)(vf x, vf y, vf z) { return _mm256_fmadd_ps(x, y, z); }
#elif W == 16
INLINE vf NAME(min)(vf x, vf y) { return _mm512_min_ps(x, y); }
INLINE vf NAME(max)(vf x, vf y) { return _mm512_max_ps(x, y); }
INLINE vf NAME(fma)(vf x, vf y, vf z) { return _mm512_fmadd_ps(x, y, z); }
#else
INLINE vf NAME(min)(vf x, vf y) { return NAME(select)(x < y, x, y); }
INLINE vf NAME(max)(vf x, vf y) { return NAME(select)(x > y, x, y); }
INLINE vf NAME(fma)(vf x, vf y, vf z) { return x * y + z; }
#endif
#define load NAME(load)
#define store NAME(store)
#define select NAME(select)
#define vmin NAME(min)
#define vmax NAME(max)
#define fma NAME(fma)

INLINE vf NAME(splat)(float x) { return (vf){0} + x; }
#define splat NAME(splat)

/* e^x to 2 units in the last place, for |x| < 87: 2^n e^r with |r| <= log(2) / 2. */
INLINE vf NAME(vexp)(vf x)
{
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    x = vmin(vmax(x, splat(-87.0f)), splat(87.0f));
    vf n = fma(x, splat(1.44269504f), splat(shift));
    vi exponent = (vi)n << 23;
    n -= shift;
    vf r = fma(n, splat(2.12194440e-4f), fma(n, splat(-0.693359375f), x));
    vf p = fma(r, splat(1.9875691500e-4f), splat(1.3981999507e-3f));
    p = fma(p, r, splat(8.3334519073e-3f));
    p = fma(p, r, splat(4.1665795894e-2f));
    p = fma(p, r, splat(1.6666665459e-1f));
    p = fma(p, r, splat(5.0000001201e-1f));
    p = fma(p, r * r, r + 1.0f);
    return (vf)((vi)p + exponent);
}
#define vexp NAME(vexp)

INLINE vf NAME(logistic)(vf x) { return 1.0f / (1.0f + vexp(-x)); }
#define logistic NAME(logistic)

INLINE vf NAME(vtanh)(vf x)
{
    vf e = vexp(-2.0f * vmin(vmax(x, splat(-20.0f)), splat(20.0f)));
    return (1.0f - e) / (1.0f + e);
}
#define vtanh NAME(vtanh)

/* -- activations ------------------------------------------------------------------------------- */

#if EXACT

typedef float act;

INLINE float NAME(quantise)(const float *x, int n, act *q)
{
    for (int i = 0; i < n; i += W)
        store(q + i, load(x + i));
    return 1.0f;
}
INLINE float NAME(quantise_unit)(const float *x, int n, act *q)
{
    return NAME(quantise)(x, n, q);
}

#else

typedef int16_t act;
typedef int16_t NAME(vs) __attribute__((vector_size(2 * W), aligned(2), may_alias));

INLINE void NAME(round_to)(const float *x, int n, float scale, act *q)
{
    for (int i = 0; i < n; i += W) {
        vi bits = (vi)(load(x + i) * scale + 12582912.0f); /* the low half is the integer */
        *(NAME(vs) *)(q + i) = __builtin_convertvector(bits, NAME(vs));
    }
}

INLINE float NAME(quantise)(const float *x, int n, act *q)
{
    vf most = {0};
    for (int i = 0; i < n; i += W)
        most = vmax(most, vmax(load(x + i), -load(x + i)));
    float largest = 1e-20f;
    for (int i = 0; i < W; i++)
        largest = most[i] > largest ? most[i] : largest;
    NAME(round_to)(x, n, LARGEST / largest, q);
    return largest / LARGEST;
}
INLINE float NAME(quantise_unit)(const float *x, int n, act *q)
{
    NAME(round_to)(x, n, LARGEST, q);
    return 1.0f / LARGEST;
}

#endif
#define quantise NAME(quantise)
#define quantise_unit NAME(quantise_unit)

/* -- products ---------------------------------------------------------------------------------- */

static int NAME(pack)(const matrix *given, dense *made)
{
    const int rows = given->rows, columns = given->columns;
    made->rows = rows, made->columns = columns;
    act *packed = made->weights = allocate(sizeof(act) * (size_t)rows * (size_t)columns);
    made->scale = allocate(sizeof(float) * (size_t)rows);
    if (given->bias) {
        made->bias = allocate(sizeof(float) * (size_t)rows);
        if (made->bias)
            memcpy(made->bias, given->bias, sizeof(float) * (size_t)rows);
    }
    if (!packed || !made->scale || (given->bias && !made->bias))
        return 1;
    const int pair = EXACT ? 1 : 2;
    for (int row = 0; row < rows; row++) {
        const float *w = given->weights + (size_t)row * (size_t)columns;
        float scale = 1.0f;
#if !EXACT
        float largest = 1e-20f, sum = 1e-20f;
        for (int k = 0; k < columns; k++) {
            float size = fabsf(w[k]);
            largest = size > largest ? size : largest;
            sum += size;
        }
        scale = fmaxf(largest / 32767.0f, sum / (LARGEST_SUM - columns));
#endif
        made->scale[row] = scale;
        int first = row / (PANEL * W) * (PANEL * W); /* of the panel */
        int width = rows - first < PANEL * W ? rows - first : PANEL * W;
        act *panel = packed + (size_t)first * (size_t)columns;
        for (int k = 0; k < columns; k++) {
            size_t at = (size_t)(k / pair * width + (row - first)) * (size_t)pair + (size_t)(k % pair);
            panel[at] = EXACT ? (act)w[k] : (act)lrintf(w[k] / scale);
        }
    }
    return 0;
}

INLINE void NAME(tile)(int vectors, int count, const act *w, const float *scale, const float *bias,
                       int columns, const act *const *x, const float *xs, float *const *out,
                       int first)
{
#if EXACT
    vf sum[TILE][PANEL];
    for (int n = 0; n < count; n++)
        for (int v = 0; v < vectors; v++)
            sum[n][v] = load((bias ? bias : out[n]) + first + v * W);
    for (int k = 0; k < columns; k++, w += vectors * W) {
        vf input[TILE];
        for (int n = 0; n < count; n++)
            input[n] = splat(x[n][k]);
        for (int v = 0; v < vectors; v++)
            for (int n = 0; n < count; n++)
                sum[n][v] = fma(load(w + v * W), input[n], sum[n][v]);
    }
    for (int n = 0; n < count; n++)
        for (int v = 0; v < vectors; v++)
            store(out[n] + first + v * W, sum[n][v]);
    (void)scale, (void)xs;
#else
    vi sum[TILE][PANEL];
    for (int n = 0; n < count; n++)
        for (int v = 0; v < vectors; v++)
            sum[n][v] = (vi){0};
    for (int k = 0; k < columns; k += 2, w += vectors * W * 2) {
        vi input[TILE];
        for (int n = 0; n < count; n++) {
            int32_t both;
            memcpy(&both, x[n] + k, sizeof both);
            input[n] = (vi){0} + both;
        }
        for (int v = 0; v < vectors; v++) {
#if W == 16
            __m512i weights = _mm512_loadu_si512(w + v * W * 2);
            for (int n = 0; n < count; n++)
                sum[n][v] += (vi)_mm512_madd_epi16(weights, (__m512i)input[n]);
#else
            __m256i weights = _mm256_loadu_si256((const __m256i *)(w + v * W * 2));
            for (int n = 0; n < count; n++)
                sum[n][v] += (vi)_mm256_madd_epi16(weights, (__m256i)input[n]);
#endif
        }
    }
    for (int v = 0; v < vectors; v++) {
        vf rows = load(scale + first + v * W);
        for (int n = 0; n < count; n++) {
            float *to = out[n] + first + v * W;
            vf from = load(bias ? bias + first + v * W : to);
            store(to, fma(__builtin_convertvector(sum[n][v], vf), rows * xs[n], from));
        }
    }
#endif
}

#define TILE_OF(vectors, count) \
    NAME(tile)(vectors, count, w, d->scale, bias, d->columns, x + n, xs + n, out + n, first)
#define FOR_COUNT(vectors)                   \
    switch (count - n) {                     \
    case 1: TILE_OF(vectors, 1); break;      \
    case 2: TILE_OF(vectors, 2); break;      \
    default: TILE_OF(vectors, 3);            \
    }

/* out[n] = bias + d x[n] for n < count, where out[n] itself stands for a bias that is NULL. */
static void NAME(multiply)(const dense *d, const float *bias, int count, const act *const *x,
                           const float *xs, float *const *out)
{
    for (int first = 0; first < d->rows; first += PANEL * W) {
        const act *w = (const act *)d->weights + (size_t)first * (size_t)d->columns;
        const int vectors = d->rows - first < PANEL * W ? (d->rows - first) / W : PANEL;
        for (int n = 0; n < count; n += TILE) {
            switch (vectors) {
            case 1: FOR_COUNT(1) break;
            case 2: FOR_COUNT(2) break;
            case 3: FOR_COUNT(3) break;
            default: FOR_COUNT(4)
            }
        }
    }
}
#define multiply NAME(multiply)
#undef FOR_COUNT
#undef TILE_OF

/* -- the mixture ------------------------------------------------------------------------------- */

/* One frame from the network's outputs: model/mixture.py's mixture, cool and sample. `raw` is four
   blocks of `n` floats; all else has `n`. `spread` is the square root of the temperature. */
static void NAME(draw)(const float *raw, int n, const float *temperature, const float *spread,
                       const float *uniform, const float *normal, float *frame)
{
    for (int i = 0; i < n; i += W) {
        vf centre = 2.0f * logistic(load(raw + i)) - 1.0f;
        vf scale = (2.0f / 255.0f) * vexp(4.0f * logistic(load(raw + n + i)));
        vf skew = 2.0f * logistic(load(raw + 2 * n + i)) - 1.0f;
        vf shape = 2.0f * logistic(load(raw + 3 * n + i));
        vf size = vmax(skew, -skew), tau = load(temperature + i);
        vf growth = vexp(1.1f * size - 1.0f);
        vf ratio = (size + 1e-12f) * (size + 1e-12f) * shape / 1.75f;
        ratio = vmax(ratio, splat(9.3576230e-14f)); /* e^-30 */
        vf weight[4], mean[4], scales[4], below = {0}, total = {0}, common = {0};
        weight[0] = splat(1.0f), scales[0] = scale;
        for (int k = 0; k < 4; k++) {
            mean[k] = centre + 1.6f * skew * below;
            below += scales[k];
            total += weight[k];
            common += weight[k] * mean[k];
            if (k < 3)
                weight[k + 1] = weight[k] * ratio, scales[k + 1] = scales[k] * growth;
        }
        common /= total;
        vf u = load(uniform + i) * total, reached = {0};
        vf chosen = mean[0], width = scales[0];
        for (int k = 0; k < 3; k++) {
            reached += weight[k];
            chosen = select(u >= reached, mean[k + 1], chosen);
            width = select(u >= reached, scales[k + 1], width);
        }
        vf value = tau * chosen + (1.0f - tau) * common;
        value += width * load(spread + i) * load(normal + i);
        store(frame + i, vmin(vmax(value, splat(-1.0f)), splat(1.0f)));
    }
}

/* -- a slot ------------------------------------------------------------------------------------ */

#define slot NAME(slot)
typedef struct {
    phrase job;
    int step, steps;        /* of frames to generate, those before the phrase included */
    act *encoded;           /* (steps, encoder_channels) */
    float *encoded_scale;   /* (steps) */
    act *past;              /* (kernel + steps, dimensions): what was generated, scaled to 1 */
    act *rings[MAX_LAYERS]; /* (dilation, channels) of each layer */
    float *ring_scale[MAX_LAYERS];
    float *projected; /* (BLOCK, projections) */
    act *gated;       /* (layers, channels), without padding between */
    act *skipped;     /* (skip) */
    float *h, *z, *sum, *raw, *uniform, *normal, *frame;
} slot;

static void NAME(leave)(slot *s)
{
    free(s->encoded);
    free(s->encoded_scale);
    free(s->past);
    s->encoded = NULL, s->encoded_scale = NULL, s->past = NULL;
}

static void NAME(slot_free)(const network *net, slot *s)
{
    NAME(leave)(s);
    for (int i = 0; i < net->sizes.layers; i++) {
        free(s->rings[i]);
        free(s->ring_scale[i]);
    }
    void *rest[] = {s->projected, s->gated, s->skipped, s->h,      s->z,
                    s->sum,       s->raw,   s->uniform, s->normal, s->frame};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        free(rest[i]);
}

static int NAME(slot_new)(const network *net, slot *s)
{
    const description *c = &net->sizes;
    const size_t channels = (size_t)c->channels, floats = sizeof(float);
    int failed = 0;
    for (int i = 0; i < c->layers; i++) {
        s->rings[i] = allocate(sizeof(act) * channels * (size_t)c->dilations[i]);
        s->ring_scale[i] = allocate(floats * (size_t)c->dilations[i]);
        failed |= !s->rings[i] || !s->ring_scale[i];
    }
    s->projected = allocate(floats * BLOCK * (size_t)net->projection.rows);
    s->gated = allocate(sizeof(act) * (size_t)c->layers * channels + sizeof(act) * W);
    s->skipped = allocate(sizeof(act) * (size_t)c->skip);
    s->h = allocate(floats * channels);
    s->z = allocate(floats * 2 * channels);
    s->sum = allocate(floats * (size_t)c->skip);
    s->raw = allocate(floats * (size_t)net->output.rows);
    s->uniform = allocate(floats * (size_t)(c->dimensions + W));
    s->normal = allocate(floats * (size_t)(c->dimensions + W));
    s->frame = allocate(floats * (size_t)(c->dimensions + W));
    failed |= !s->projected || !s->gated || !s->skipped || !s->h || !s->z || !s->sum || !s->raw ||
              !s->uniform || !s->normal || !s->frame;
    return failed;
}

/* The same for rows of activations, BLOCK at a time, to rows of `out` without gaps. */
static void NAME(multiply_rows)(const dense *d, const float *bias, int rows, const act *x,
                                const float *xs, int stride, float *out)
{
    for (int first = 0; first < rows; first += BLOCK) {
        const int count = rows - first < BLOCK ? rows - first : BLOCK;
        const act *from[BLOCK];
        float *to[BLOCK];
        for (int n = 0; n < count; n++) {
            from[n] = x + (size_t)(first + n) * (size_t)stride;
            to[n] = out + (size_t)(first + n) * (size_t)d->rows;
        }
        multiply(d, bias, count, from, xs + first, to);
    }
}

/* The control encoder (model/network.py) over a whole phrase, which leaves its rows in the slot. */
static int NAME(encode)(const network *net, slot *s)
{
    const description *c = &net->sizes;
    const int channels = c->encoder_channels, wide = net->encoder_input.columns;
    const int padded = (wide + W - 1) / W * W;
    int rows = s->steps + 2 * net->reach;
    const size_t cells = (size_t)rows * (size_t)channels;
    float *h = allocate(sizeof(float) * cells), *update = allocate(sizeof(float) * cells);
    float *line = allocate(sizeof(float) * (size_t)padded);
    act *given = allocate(sizeof(act) * (size_t)padded * BLOCK);
    s->encoded = allocate(sizeof(act) * cells);
    s->encoded_scale = allocate(sizeof(float) * (size_t)rows);
    int failed = !h || !update || !line || !given || !s->encoded || !s->encoded_scale;
    for (int first = 0; !failed && first < rows; first += BLOCK) {
        const int count = rows - first < BLOCK ? rows - first : BLOCK;
        float scales[BLOCK];
        for (int n = 0; n < count; n++) {
            int t = first + n - net->history - net->reach;
            t = t < 0 ? 0 : t < s->job.frames ? t : s->job.frames - 1;
            memcpy(line, s->job.controls + (size_t)t * (size_t)c->controls,
                   sizeof(float) * (size_t)c->controls);
            scales[n] = quantise(line, padded, given + (size_t)n * (size_t)padded);
        }
        float *to = h + (size_t)first * (size_t)channels;
        NAME(multiply_rows)(&net->encoder_input, net->encoder_input.bias, count, given, scales, padded, to);
        for (int i = 0; i < count * channels; i += W)
            store(to + i, vtanh(load(to + i)));
    }
    for (int layer = 0; !failed && layer <= c->encoder_layers; layer++) {
        for (int n = 0; n < rows; n++)
            s->encoded_scale[n] = quantise(h + (size_t)n * (size_t)channels, channels,
                                           s->encoded + (size_t)n * (size_t)channels);
        if (layer == c->encoder_layers)
            break;
        const int dilation = net->encoder_dilations[layer];
        const dense *taps = net->encoder + layer * c->encoder_kernel;
        const int edge = (c->encoder_kernel - 1) * dilation / 2;
        rows -= 2 * edge;
        for (int tap = 0; tap < c->encoder_kernel; tap++)
            NAME(multiply_rows)(&taps[tap], taps[tap].bias, rows,
                                s->encoded + (size_t)(tap * dilation) * (size_t)channels,
                                s->encoded_scale + tap * dilation, channels, update);
        for (size_t i = 0; i < (size_t)rows * (size_t)channels; i += W) {
            vf kept = load(h + i + (size_t)edge * (size_t)channels);
            store(h + i, kept + vmax(load(update + i), (vf){0}));
        }
    }
    free(h);
    free(update);
    free(line);
    free(given);
    return failed;
}

/* Seat the next phrase of the queue. Returns 1 if there was one, 0 if not, -1 without memory. */
static int NAME(seat)(const network *net, slot *s, const phrase *phrases, int count,
                      progress *shared)
{
    const description *c = &net->sizes;
    const int index = __atomic_fetch_add(&shared->next, 1, __ATOMIC_RELAXED);
    if (index >= count)
        return 0;
    s->job = phrases[index];
    s->step = 0, s->steps = s->job.frames + net->history;
    const size_t cells = (size_t)(c->kernel + s->steps) * (size_t)c->dimensions;
    s->past = allocate(sizeof(act) * (cells + 2 * W));
    if (!s->past || NAME(encode)(net, s) != 0)
        return -1;
    for (int d = 0; d < c->dimensions; d++)
        s->frame[d] = c->before;
    for (int n = 0; n < c->kernel; n++)
        quantise_unit(s->frame, (c->dimensions + W - 1) / W * W,
                      s->past + (size_t)n * (size_t)c->dimensions);
    for (int i = 0; i < c->layers; i++) {
        memset(s->rings[i], 0, sizeof(act) * (size_t)c->channels * (size_t)c->dilations[i]);
        memset(s->ring_scale[i], 0, sizeof(float) * (size_t)c->dilations[i]);
    }
    return 1;
}

/* Turn a slot's network outputs into its frame `t`. */
static void NAME(head)(const network *net, slot *s, int t)
{
    const description *c = &net->sizes;
    const size_t at = (size_t)t * (size_t)c->dimensions, bytes = sizeof(float) * (size_t)c->dimensions;
    if (c->temperature) {
        memcpy(s->uniform, s->job.uniform + at, bytes);
        memcpy(s->normal, s->job.normal + at, bytes);
        NAME(draw)(s->raw, net->output.rows / 4, c->temperature, net->spread, s->uniform, s->normal,
                   s->frame);
    } else {
        for (int d = 0; d < c->dimensions; d++)
            s->frame[d] = s->raw[d] >= c->threshold ? 1.0f : -1.0f;
    }
    memcpy(s->job.out + at, s->frame, bytes);
}

/* One frame of every slot. */
static void NAME(advance)(const network *net, slot *const *slots, int count)
{
    const description *c = &net->sizes;
    const int channels = c->channels, width = net->projection.rows;
    const act *x[MAX_SLOTS];
    float *out[MAX_SLOTS], *row[MAX_SLOTS], xs[MAX_SLOTS];
    const float unit = EXACT ? 1.0f : 1.0f / LARGEST;

    for (int n = 0; n < count; n++) {
        slot *s = slots[n];
        if (s->step % BLOCK == 0) {
            const int left = s->steps - s->step, rows = left < BLOCK ? left : BLOCK;
            const size_t at = (size_t)s->step * (size_t)c->encoder_channels;
            NAME(multiply_rows)(&net->projection, net->projection.bias, rows, s->encoded + at,
                                s->encoded_scale + s->step, c->encoder_channels, s->projected);
        }
        row[n] = s->projected + (size_t)(s->step % BLOCK) * (size_t)width;
        x[n] = s->past + (size_t)s->step * (size_t)c->dimensions;
        xs[n] = unit;
        out[n] = s->h;
    }
    multiply(&net->initial, net->initial.bias, count, x, xs, out);
    for (int layer = 0; layer < c->layers; layer++) {
        const int dilation = net->dilations[layer];
        for (int n = 0; n < count; n++) { /* z is written over the controls, which are done with */
            const int place = slots[n]->step % dilation;
            x[n] = slots[n]->rings[layer] + (size_t)place * (size_t)channels;
            xs[n] = slots[n]->ring_scale[layer][place];
            out[n] = row[n] + (size_t)layer * 2 * (size_t)channels;
        }
        multiply(&net->past[layer], NULL, count, x, xs, out);
        for (int n = 0; n < count; n++) {
            const int place = slots[n]->step % dilation;
            act *ring = slots[n]->rings[layer] + (size_t)place * (size_t)channels;
            xs[n] = slots[n]->ring_scale[layer][place] = quantise(slots[n]->h, channels, ring);
        }
        multiply(&net->now[layer], NULL, count, x, xs, out);
        for (int n = 0; n < count; n++) {
            float *z = out[n], *g = slots[n]->z;
            for (int i = 0; i < channels; i += W) {
                vf a = vmin(vmax(load(z + i), splat(-20.0f)), splat(20.0f));
                vf ea = vexp(-2.0f * a), eb = vexp(-load(z + channels + i));
                store(g + i, (1.0f - ea) / ((1.0f + ea) * (1.0f + eb)));
            }
            act *gated = slots[n]->gated + (size_t)layer * (size_t)net->now[layer].columns;
            xs[n] = quantise_unit(g, channels, gated);
            x[n] = gated;
            out[n] = slots[n]->h;
        }
        if (layer + 1 < c->layers) {
            for (int n = 0; n < count; n++)
                for (int i = 0; i < channels; i += W)
                    store(out[n] + i, load(out[n] + i) + load(net->residuals[layer].bias + i));
            multiply(&net->residuals[layer], NULL, count, x, xs, out);
        }
    }
    int ready = 0; /* slots past their history: they predict a frame */
    slot *predicting[MAX_SLOTS];
    for (int n = 0; n < count; n++) {
        slot *s = slots[n];
        if (s->step < net->history)
            continue;
        x[ready] = s->gated, xs[ready] = unit;
        out[ready] = row[n] + (size_t)c->layers * 2 * (size_t)channels;
        predicting[ready++] = s;
    }
    multiply(&net->skips, NULL, ready, x, xs, out);
    for (int n = 0; n < ready; n++) {
        for (int i = 0; i < c->skip; i += W)
            store(out[n] + i, vtanh(load(out[n] + i)));
        xs[n] = quantise_unit(out[n], c->skip, predicting[n]->skipped);
        x[n] = predicting[n]->skipped;
        out[n] = predicting[n]->raw;
    }
    multiply(&net->output, net->output.bias, ready, x, xs, out);
    for (int n = 0; n < ready; n++)
        NAME(head)(net, predicting[n], predicting[n]->step - net->history);
    for (int n = 0; n < count; n++) {
        slot *s = slots[n];
        act *next = s->past + (size_t)(c->kernel + s->step) * (size_t)c->dimensions;
        quantise_unit(s->frame, (c->dimensions + W - 1) / W * W, next);
        s->step++;
    }
}

static int NAME(run)(const network *net, const phrase *phrases, int count, int slots,
                     progress *shared)
{
    slot all[MAX_SLOTS], *seated[MAX_SLOTS], *idle[MAX_SLOTS];
    int taken = 0, waiting = 0, failed = 0;
    memset(all, 0, sizeof all);
    for (; waiting < slots && !failed; waiting++) {
        idle[waiting] = &all[waiting];
        failed = NAME(slot_new)(net, idle[waiting]);
    }
    while (!failed && !__atomic_load_n(&shared->cancelled, __ATOMIC_RELAXED)) {
        /* Of what is left each thread takes its share, lest one end with all of it. */
        while (waiting && !failed) {
            const int left = count - __atomic_load_n(&shared->next, __ATOMIC_RELAXED);
            if (left <= 0 || taken >= (left + shared->threads - 1) / shared->threads)
                break;
            const int found = NAME(seat)(net, idle[waiting - 1], phrases, count, shared);
            failed = found < 0;
            if (found > 0)
                seated[taken++] = idle[--waiting];
        }
        if (!taken)
            break;
        NAME(advance)(net, seated, taken);
        __atomic_fetch_add(&shared->frames, taken, __ATOMIC_RELAXED);
        for (int n = 0; n < taken;) {
            if (seated[n]->step < seated[n]->steps) {
                n++;
                continue;
            }
            NAME(leave)(seated[n]);
            idle[waiting++] = seated[n];
            seated[n] = seated[--taken];
        }
    }
    for (int i = 0; i < slots; i++)
        NAME(slot_free)(net, &all[i]);
    return failed ? -1 : 0;
}

#undef vf
#undef vi
#undef act
#undef slot
#undef PANEL
#undef TILE
#undef BLOCK
#undef load
#undef store
#undef select
#undef vmin
#undef vmax
#undef fma
#undef splat
#undef vexp
#undef logistic
#undef vtanh
#undef quantise
#undef quantise_unit
#undef multiply
#undef NAME
#undef W
#undef EXACT
