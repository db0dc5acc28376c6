/**
 * The networks of SimpleVAE, for 28x28 digits and 128x128 faces: encoder and decoder for `SequentialVae.layer`.
 *
 * The linear latent layer and the final sigmoid are part of the posterior and of the likelihood.
 *
 * Source: N. Lakmal Deshapriya 2020, SimpleVAE, its two notebooks.
 */
import type { Module } from "../Network.ts"
import { activation } from "../networks/Activation.ts"
import { convolution } from "../networks/Convolution.ts"
import { dense } from "../networks/Dense.ts"
import { maxPooling } from "../networks/MaxPooling.ts"
import { flatten, reshape } from "../networks/Reshape.ts"
import { transposedConvolution } from "../networks/TransposedConvolution.ts"

export interface SimpleVaeNetworks {
  readonly encoder: ReadonlyArray<Module>
  readonly decoder: ReadonlyArray<Module>
}

const relu = activation("relu")

const convolutions = (...filters: ReadonlyArray<number>): ReadonlyArray<Module> =>
  filters.flatMap((count) => [convolution(count), relu])

const transposed = (filters: number, stride = 1): ReadonlyArray<Module> => [
  transposedConvolution(filters, { stride }),
  relu
]

/** For images `[28, 28, 1]`; about 61,000 parameters with two latent dimensions. */
export const digits: SimpleVaeNetworks = {
  encoder: [...convolutions(8, 8), maxPooling(), ...convolutions(16, 16), flatten(), dense(8), relu],
  decoder: [
    dense(8),
    relu,
    dense(14 * 14 * 16),
    relu,
    reshape([14, 14, 16]),
    ...transposed(16),
    ...transposed(16, 2),
    ...transposed(8),
    ...transposed(8),
    transposedConvolution(1)
  ]
}

/** For images `[128, 128, 3]`. */
export const faces: SimpleVaeNetworks = {
  encoder: [
    ...convolutions(16, 16),
    maxPooling(),
    ...convolutions(16, 16),
    maxPooling(),
    ...convolutions(32, 32),
    maxPooling(),
    ...convolutions(32, 32),
    flatten(),
    dense(32),
    relu
  ],
  decoder: [
    dense(32),
    relu,
    dense(16 * 16 * 32),
    relu,
    reshape([16, 16, 32]),
    ...transposed(32),
    ...transposed(32, 2),
    ...transposed(32),
    ...transposed(32, 2),
    ...transposed(16),
    ...transposed(16, 2),
    ...transposed(16),
    ...transposed(16),
    transposedConvolution(3)
  ]
}
