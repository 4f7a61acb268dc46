// The published parts of TIMIT: training set, Kaldi's development speakers, core test; and the
// counts by which a complete copy is known. SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/memory.h"
#include "speech/corpus.h"

#include <dirent.h>
#include <string.h>
#include <strings.h>

// The 24 speakers of TIMIT's own documentation, one woman and two men from each of 8 regions.
static const char *const CORE_TEST[] = {
    "mdab0", "mwbt0", "felc0", "mtas1", "mwew0", "fpas0", "mjmp0", "mlnt0", "fpkt0",
    "mlll0", "mtls0", "fjlm0", "mbpm0", "mklt0", "fnlp0", "mcmj0", "mjdh0", "fmgd0",
    "mgrt0", "mnjm0", "fdhc0", "mjln0", "mpam0", "fmld0", NULL,
};

// The 50 development speakers that Halberstadt chose and Kaldi's recipe uses (conf/dev_spk.list).
static const char *const DEV[] = {
    "faks0", "fdac1", "fjem0", "mgwt0", "mjar0", "mmdb1", "mmdm2", "mpdf0", "fcmh0",
    "fkms0", "mbdg0", "mbwm0", "mcsh0", "fadg0", "fdms0", "fedw0", "mgjf0", "mglb0",
    "mrtk0", "mtaa0", "mtdt0", "mthc0", "mwjg0", "fnmr0", "frew0", "fsem0", "mbns0",
    "mmjr0", "mdls0", "mdlf0", "mdvc0", "mers0", "fmah0", "fdrw0", "mrcs0", "mrjm4",
    "fcal1", "mmwh0", "fjsj0", "majc0", "mjsw0", "mreb0", "fgjd0", "fjmg0", "mroa0",
    "mteb0", "mjfc0", "mrjr0", "fmml0", "mrws1", NULL,
};

// What a complete part counts; 0 phones: not checked.
static const struct {
    const char *name;
    size_t n_speakers;
    size_t n_sentences;
    size_t n_phones;
} PARTS[] = {
    [ERNN_TIMIT_TRAIN] = {"training set", 462, 3696, 0},
    [ERNN_TIMIT_DEV] = {"development set", 50, 400, 0},
    [ERNN_TIMIT_CORE_TEST] = {"core test", 24, 192, 7215},
};

const char *const *ernn_timit_speakers(ernn_timit_part part)
{
    return part == ERNN_TIMIT_TRAIN ? NULL : part == ERNN_TIMIT_DEV ? DEV : CORE_TEST;
}

// found[ERNN_CORPUS_MAX_PATH] = the folder `name` of `above` in any case.
static bool find_folder(const char *above, const char *name, char *found)
{
    DIR *list = opendir(above);
    bool is_found = false;
    if (!list)
        return false;
    for (struct dirent *entry; !is_found && (entry = readdir(list));)
        is_found = strcasecmp(entry->d_name, name) == 0 &&
                   ernn_corpus_join(found, above, entry->d_name, NULL) == ERNN_OK &&
                   ernn_file_is_folder(found);
    closedir(list);
    return is_found;
}

// path[ERNN_CORPUS_MAX_PATH] = TRAIN or TEST, directly below `root` or in its folder TIMIT.
static ernn_status find_half(const char *root, ernn_timit_part part, char *path, ernn_error *err)
{
    const char *half = part == ERNN_TIMIT_TRAIN ? "TRAIN" : "TEST";
    char inner[ERNN_CORPUS_MAX_PATH];
    if (find_folder(root, half, path) ||
        (find_folder(root, "TIMIT", inner) && find_folder(inner, half, path)))
        return ERNN_OK;
    if (!ernn_file_is_folder(root))
        return ernn_error_set(err, ERNN_IO, "%s: no such folder", root);
    return ernn_error_set(err, ERNN_BAD_FILE,
                          "%s: no folder %s; the root of TIMIT holds TRAIN and TEST", root, half);
}

ernn_status ernn_timit_load(const char *root, ernn_timit_part part, ernn_corpus **corpus,
                            ernn_error *err)
{
    *corpus = NULL;
    char path[ERNN_CORPUS_MAX_PATH];
    ernn_status status = find_half(root, part, path, err);
    if (status != ERNN_OK)
        return status;
    ernn_corpus *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->path = ernn_mem_string(path, err);
    status = made->path ? ernn_corpus_load_speakers(made, ernn_timit_speakers(part), err)
                        : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        status = ernn_corpus_check(made, err);
    if (status != ERNN_OK) {
        ernn_corpus_free(made);
        return status;
    }
    *corpus = made;
    return ERNN_OK;
}

// Utterances are sorted by region, then speaker.
static size_t count_speakers(const ernn_corpus *corpus)
{
    size_t n = 0;
    for (size_t i = 0; i < corpus->n_utterances; i++)
        n +=
            i == 0 || strcmp(corpus->utterances[i - 1].speaker, corpus->utterances[i].speaker) != 0;
    return n;
}

// A listed speaker without utterances, NULL when each has some.
static const char *missing_speaker(const ernn_corpus *corpus, ernn_timit_part part)
{
    const char *const *speakers = ernn_timit_speakers(part);
    for (; speakers && *speakers; speakers++) {
        bool is_found = false;
        for (size_t i = 0; !is_found && i < corpus->n_utterances; i++)
            is_found = strcmp(corpus->utterances[i].speaker, *speakers) == 0;
        if (!is_found)
            return *speakers;
    }
    return NULL;
}

static size_t count_phones(const ernn_corpus *corpus)
{
    size_t n = 0;
    for (size_t i = 0; i < corpus->n_utterances; i++)
        for (int j = 0; j < corpus->utterances[i].n_phones; j++)
            n += ernn_phones_fold(corpus->phone_set, corpus->utterances[i].phones[j],
                                  ERNN_PHONES_39) >= 0;
    return n;
}

ernn_status ernn_timit_check(const ernn_corpus *corpus, ernn_timit_part part, ernn_error *err)
{
    const size_t n_speakers = count_speakers(corpus);
    const char *missing = missing_speaker(corpus, part);
    if (missing)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: TIMIT's %s: speaker %s is missing; %zu speakers are wanted",
                              corpus->path, PARTS[part].name, missing, PARTS[part].n_speakers);
    if (n_speakers != PARTS[part].n_speakers || corpus->n_utterances != PARTS[part].n_sentences)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: TIMIT's %s: %zu speakers with %zu sentences (SA left out); %zu "
                              "with %zu are wanted",
                              corpus->path, PARTS[part].name, n_speakers, corpus->n_utterances,
                              PARTS[part].n_speakers, PARTS[part].n_sentences);
    const size_t n_phones = count_phones(corpus);
    if (PARTS[part].n_phones && n_phones != PARTS[part].n_phones)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: TIMIT's %s: %zu reference phones (39 classes, q deleted, no "
                              "silence merged); %zu are wanted: other labels or another release",
                              corpus->path, PARTS[part].name, n_phones, PARTS[part].n_phones);
    return ERNN_OK;
}
