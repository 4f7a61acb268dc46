// A generated project on disk: written beside its final name, renamed when complete.
// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "ernn/gen.h"

#include <stdio.h>
#include <string.h>

static ernn_status save_file(void *user, const char *path, const void *data, size_t size,
                             ernn_error *err)
{
    const ernn_output_folder *folder = user;
    char full[1300];
    snprintf(full, sizeof full, "%s/%s", folder->temporary, path);
    char *slash = strrchr(full, '/');
    *slash = 0;
    ernn_status status = ernn_folder_new(full, err);
    *slash = '/';
    return status == ERNN_OK ? ernn_file_save(full, data, size, err) : status;
}

ernn_status ernn_generate_folder(const ernn_qmodel *qmodel, const ernn_design *design,
                                 const ernn_gen_options *options, const char *path, bool is_forced,
                                 ernn_error *err)
{
    ernn_output_folder folder;
    ernn_status status = ernn_output_folder_begin(&folder, path, is_forced, err);
    if (status != ERNN_OK)
        return status;
    status = ernn_generate(qmodel, design, options, save_file, &folder, err);
    if (status == ERNN_OK)
        status = ernn_output_folder_commit(&folder, err);
    if (status != ERNN_OK)
        ernn_output_folder_abort(&folder);
    return status;
}
