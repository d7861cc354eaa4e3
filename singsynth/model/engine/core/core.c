/* The compiled engine: one source, instantiated for every instruction set and precision.
 *
 * `kernel.h` is the engine. It is included once for each pair below, with
 *
 *     NAME(x)   x with the pair's suffix       W      floats in a vector
 *     EXACT     1: weights and activations are float32; 0: both are int16 (see kernel.h)
 *
 * and the best pair that the processor has is chosen when it runs, not when it is compiled.
 */

#include "core.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define X86 1
#else
#define X86 0
#endif

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define INLINE static inline __attribute__((always_inline))

/* The pragmas differ, what they say does not: compile what follows for this instruction set. */
#if defined(__clang__)
#define PRAGMA(x) _Pragma(#x)
#define BEGIN_TARGET(isa) \
    PRAGMA(clang attribute push(__attribute__((target(isa))), apply_to = function))
#define END_TARGET PRAGMA(clang attribute pop)
#else
#define PRAGMA(x) _Pragma(#x)
#define BEGIN_TARGET(isa) PRAGMA(GCC push_options) PRAGMA(GCC target(isa))
#define END_TARGET PRAGMA(GCC pop_options)
#endif

enum { ALIGNMENT = 64 };

static void *allocate(size_t bytes) /* zeroed and aligned, with room to read a vector too far */
{
    void *found = NULL;
    bytes += 2 * ALIGNMENT;
    if (posix_memalign(&found, ALIGNMENT, bytes) != 0)
        return NULL;
    memset(found, 0, bytes);
    return found;
}

typedef struct {
    int rows, columns;
    void *weights; /* packed in panels; see kernel.h */
    float *scale;  /* (rows), of int16 weights */
    float *bias;   /* (rows), or NULL */
} dense;

enum {
    LARGEST = 8191,      /* int16: of an activation */
    LARGEST_SUM = 262000 /* of a row's absolute weights; the product of both is below 2^31 */
};

enum { MAX_LAYERS = 64, MAX_TAPS = 512, MAX_SLOTS = 24 };

struct network {
    description sizes;
    int dilations[MAX_LAYERS], encoder_dilations[MAX_LAYERS];
    int history, reach;
    float *temperature, *spread; /* (output.rows / 4): and its square root */
    dense encoder_input, encoder[MAX_TAPS], projection, initial, skips, output;
    dense past[MAX_LAYERS], now[MAX_LAYERS], residuals[MAX_LAYERS];
    int (*pack)(const matrix *given, dense *made);
    int (*run)(const network *, const phrase *, int, int, progress *);
};

#define NAME(x) JOIN(x, base_f32)
#define W 4
#define EXACT 1
#include "kernel.h"

#if X86
BEGIN_TARGET("avx2,fma")
#define NAME(x) JOIN(x, avx2_f32)
#define W 8
#define EXACT 1
#include "kernel.h"
#define NAME(x) JOIN(x, avx2_i16)
#define W 8
#define EXACT 0
#include "kernel.h"
END_TARGET

BEGIN_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")
#define NAME(x) JOIN(x, avx512_f32)
#define W 16
#define EXACT 1
#include "kernel.h"
#define NAME(x) JOIN(x, avx512_i16)
#define W 16
#define EXACT 0
#include "kernel.h"
END_TARGET
#endif

int core_level(void)
{
#if X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        return LEVEL_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return LEVEL_AVX2;
#endif
    return LEVEL_BASE;
}

int core_width(int level)
{
    return level == LEVEL_AVX512 ? 16 : level == LEVEL_AVX2 ? 8 : 4;
}

static int choose(network *net, int level, int precision)
{
    if (level == LEVEL_BASE && precision == FLOAT32)
        net->pack = pack_base_f32, net->run = run_base_f32;
#if X86
    else if (level == LEVEL_AVX2 && precision == FLOAT32)
        net->pack = pack_avx2_f32, net->run = run_avx2_f32;
    else if (level == LEVEL_AVX2)
        net->pack = pack_avx2_i16, net->run = run_avx2_i16;
    else if (level == LEVEL_AVX512 && precision == FLOAT32)
        net->pack = pack_avx512_f32, net->run = run_avx512_f32;
    else if (level == LEVEL_AVX512)
        net->pack = pack_avx512_i16, net->run = run_avx512_i16;
#endif
    else
        return -1;
    return 0;
}

network *core_pack(const description *given, int level, int precision)
{
    const int layers = given->layers, taps = given->encoder_layers * given->encoder_kernel;
    network *net = calloc(1, sizeof *net);
    if (!net)
        return NULL;
    if (layers > MAX_LAYERS || given->encoder_layers > MAX_LAYERS || taps > MAX_TAPS ||
        choose(net, level, precision) != 0) {
        free(net);
        return NULL;
    }
    net->sizes = *given;
    for (int i = 0; i < layers; i++)
        net->history += net->dilations[i] = given->dilations[i];
    for (int i = 0; i < given->encoder_layers; i++) {
        net->encoder_dilations[i] = given->encoder_dilations[i];
        net->reach += given->encoder_dilations[i] * (given->encoder_kernel - 1) / 2;
    }
    net->sizes.dilations = net->dilations;
    net->sizes.encoder_dilations = net->encoder_dilations;
    int failed = net->pack(&given->encoder_input, &net->encoder_input) |
                 net->pack(&given->projection, &net->projection) |
                 net->pack(&given->initial, &net->initial) |
                 net->pack(&given->skips, &net->skips) | net->pack(&given->output, &net->output);
    for (int i = 0; i < taps; i++)
        failed |= net->pack(&given->encoder[i], &net->encoder[i]);
    for (int i = 0; i < layers; i++) {
        failed |= net->pack(&given->past[i], &net->past[i]) | net->pack(&given->now[i], &net->now[i]);
        if (i + 1 < layers)
            failed |= net->pack(&given->residuals[i], &net->residuals[i]);
    }
    if (given->temperature) {
        const int padded = given->output.rows / 4;
        net->temperature = allocate(sizeof(float) * (size_t)padded);
        net->spread = allocate(sizeof(float) * (size_t)padded);
        failed |= !net->temperature || !net->spread;
        for (int i = 0; !failed && i < padded; i++) {
            net->temperature[i] = given->temperature[i];
            net->spread[i] = sqrtf(given->temperature[i]);
        }
    }
    net->sizes.temperature = net->temperature;
    if (failed) {
        core_free(net);
        return NULL;
    }
    return net;
}

static void release(dense *d)
{
    free(d->weights);
    free(d->scale);
    free(d->bias);
}

void core_free(network *net)
{
    if (!net)
        return;
    dense *single[] = {&net->encoder_input, &net->projection, &net->initial, &net->skips,
                       &net->output};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        release(single[i]);
    for (int i = 0; i < MAX_TAPS; i++)
        release(&net->encoder[i]);
    for (int i = 0; i < MAX_LAYERS; i++) {
        release(&net->past[i]);
        release(&net->now[i]);
        release(&net->residuals[i]);
    }
    free(net->temperature);
    free(net->spread);
    free(net);
}

int core_run(const network *net, const phrase *phrases, int count, int slots, progress *shared)
{
    return net->run(net, phrases, count, slots < MAX_SLOTS ? slots : MAX_SLOTS, shared);
}
