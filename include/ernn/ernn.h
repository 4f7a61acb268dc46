// All of ernn: recurrent speech networks from audio to silicon.
//
//   speech.h   audio, features, corpora, phone sets, scoring
//   decode.h   bigrams, lexicons, decoders, evaluations, comparisons
//   synthesis.h a synthetic corpus in TIMIT's layout
//   circ.h     block-circulant matrices
//   sparse.h   balanced-sparse matrices
//   spec.h     the shape of a network: cells, sizes, block sizes
//   model.h    parameters, files, streaming inference in floating point
//   train.h    dense, circulant (C-LSTM) and ADMM (E-RNN) training
//   quant.h    Q formats and the integer network
//   hw.h       devices and the model of cycles and resources
//   gen.h      Verilog
//
// Objects with `new`/`load` are freed with `free`, which takes NULL. Functions that can fail return
// an ernn_status and describe the failure in a caller-owned ernn_error; nothing prints, exits or
// keeps mutable global state.
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_ERNN_H
#define ERNN_ERNN_H

#include "ernn/circ.h"
#include "ernn/decode.h"
#include "ernn/gen.h"
#include "ernn/hw.h"
#include "ernn/model.h"
#include "ernn/quant.h"
#include "ernn/sparse.h"
#include "ernn/spec.h"
#include "ernn/speech.h"
#include "ernn/status.h"
#include "ernn/synthesis.h"
#include "ernn/train.h"

#endif
