/**
 * Replaces kernels of the package: same name and arguments, another computation.
 */
import * as tf from "@tensorflow/tfjs-core"

/** A call of a kernel. */
export interface Call {
  readonly inputs: Readonly<Record<string, tf.Tensor>>
  readonly attributes: Readonly<Record<string, any>>
  /** Runs the package's own kernel, with some arguments replaced. */
  readonly native: (
    inputs?: Readonly<Record<string, tf.Tensor>>,
    attributes?: Readonly<Record<string, unknown>>
  ) => tf.Tensor
}

export type Kernel = (call: Call) => tf.Tensor

/** Replaces the kernels of these names. */
export const replaceKernels = (backendName: string, kernels: Readonly<Record<string, Kernel>>): void => {
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    const own = tf.getKernel(kernelName, backendName).kernelFunc
    tf.unregisterKernel(kernelName, backendName)
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        tf.tidy(() =>
          kernel({
            inputs: inputs as Record<string, tf.Tensor>,
            attributes: attrs ?? {},
            native: (otherInputs, otherAttributes) =>
              own({
                inputs: { ...inputs, ...otherInputs },
                attrs: { ...attrs, ...otherAttributes } as tf.NamedAttrMap,
                backend
              }) as tf.Tensor
          })
        )
    })
  }
}
