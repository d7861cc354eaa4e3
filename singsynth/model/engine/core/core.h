/* Interface of the compiled engine; `cpu.py` alone calls it.
 *
 * Matrices are row-major float32. Rows of weights come arranged: each block of outputs (gates' two
 * halves, one block a mixture parameter) is padded with zeros to a multiple of `core_width(level)`,
 * and columns to an even number.
 */

enum { LEVEL_BASE, LEVEL_AVX2, LEVEL_AVX512 };
enum { FLOAT32, INT16 };

typedef struct {
    int rows, columns;
    const float *weights; /* (rows, columns) */
    const float *bias;    /* (rows), or NULL for none */
} matrix;

typedef struct {
    int dimensions;       /* of a frame */
    int controls;         /* of a frame, before padding */
    int channels;         /* residual, padded */
    int skip;             /* padded */
    int kernel;           /* of the initial convolution */
    int layers;
    const int *dilations; /* (layers) */
    int encoder_channels; /* padded */
    int encoder_kernel;
    int encoder_layers;
    const int *encoder_dilations;
    float before;         /* value of the frames that stand before a phrase */
    float threshold;      /* of a voicing stream's raw output */
    const float *temperature; /* (dimensions, padded), or NULL for a voicing stream */
    matrix encoder_input;
    const matrix *encoder;   /* (encoder_layers * encoder_kernel), layer by layer, tap by tap */
    matrix projection;
    matrix initial;
    const matrix *past;      /* (layers): the gates' older tap */
    const matrix *now;       /* (layers) */
    const matrix *residuals; /* (layers - 1) */
    matrix skips;            /* all layers' side by side: (skip, layers * channels as they are) */
    matrix output;           /* four blocks of padded dimensions, or one */
} description;

typedef struct {
    const float *controls; /* (frames, controls); held beyond the ends */
    int frames;
    const float *uniform;  /* (frames, dimensions), or NULL for a voicing stream */
    const float *normal;
    float *out;            /* (frames, dimensions) */
} phrase;

typedef struct {
    int threads;   /* that share the phrases */
    int next;      /* the first phrase that nobody has taken */
    int cancelled; /* set by the caller to stop everyone */
    long frames;   /* generated so far, by everyone */
} progress;

typedef struct network network;

/* Highest level that this processor has. */
int core_level(void);

/* Floats in a vector of a level. */
int core_width(int level);

/* Pack a network's weights, or NULL: out of memory, or INT16 where the level has only floats. */
network *core_pack(const description *given, int level, int precision);
void core_free(network *net);

/* Take phrases until none is left, `slots` at once. Several threads may share phrases and progress.
   Returns 0, or -1 if memory ran out. */
int core_run(const network *net, const phrase *phrases, int count, int slots, progress *shared);
