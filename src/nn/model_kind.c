// What kind of file a model file says it is. SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "ernn/model.h"
#include "store/safetensors.h"

#include <string.h>

ernn_status ernn_model_kind(const char *path, const char **kind, ernn_error *err)
{
    static const char *const KINDS[] = {"model", "qmodel", "checkpoint"};
    *kind = NULL;
    ernn_store *file = NULL;
    const char *text = NULL;
    ernn_status status = ernn_store_load(path, &file, err);
    if (status == ERNN_OK)
        status = ernn_store_need_text(file, "ernn.kind", &text, err);
    for (int i = 0; status == ERNN_OK && i < 3; i++)
        if (!strcmp(text, KINDS[i]))
            *kind = KINDS[i];
    if (status == ERNN_OK && !*kind)
        status = ernn_error_set(err, ERNN_BAD_FILE,
                                "%s: ernn.kind is '%.40s'; model, qmodel or checkpoint are known",
                                path, text);
    ernn_store_free(file);
    return status;
}
