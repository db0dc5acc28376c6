/**
 * Kernels for engines with channels-last images: convolutions, pooling and their gradients are one operator each. All
 * other kernels are those of {@link kernels}.
 */
import type {
  AvgPoolAttrs,
  AvgPoolGradAttrs,
  backend_util,
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  MaxPoolAttrs,
  MaxPoolGradAttrs
} from "@tensorflow/tfjs-core"
import type { Value } from "./Graph.ts"
import type { Kernels, One } from "./Kernel.ts"
import { kernels } from "./Kernels.ts"
import * as Convolution from "./kernels/Convolution.ts"
import * as Pooling from "./kernels/Pooling.ts"
import * as ImageOperators from "./ImageOperators.ts"
import { checkOutput, isUnpadded, windowOf } from "./Window.ts"

interface Derivative {
  readonly dy: Value
}

interface Filtered {
  readonly filter: Value
}

const convolve = ({ filter, x }: One & Filtered, attributes: Conv2DAttrs): Value => {
  const info = Convolution.infoOf(x.shape, filter.shape, attributes)
  return ImageOperators.convolve(x, filter, info.outShape, windowOf(info))
}

const inputGradient = ({ dy, filter }: Derivative & Filtered, attributes: Conv2DBackpropInputAttrs): Value => {
  const info = Convolution.infoOf(attributes.inputShape, filter.shape, attributes)
  checkOutput(dy, info)
  return ImageOperators.inputGradient(dy, filter, info.inShape, windowOf(info))
}

const filterGradient = ({ dy, x }: Derivative & One, attributes: Conv2DBackpropFilterAttrs): Value => {
  const info = Convolution.infoOf(x.shape, attributes.filterShape, attributes)
  checkOutput(dy, info)
  return ImageOperators.filterGradient(x, dy, windowOf(info))
}

/** The pooling operators support floats and windows without padding or dilation. */
const isPlain = (x: Value, info: backend_util.Conv2DInfo): boolean => x.type === "float32" && isUnpadded(windowOf(info))

const pool =
  (name: "MaxPool" | "AvgPool") =>
  (inputs: One, attributes: MaxPoolAttrs & AvgPoolAttrs): Value => {
    const info = Pooling.infoOf(inputs.x, attributes)
    return isPlain(inputs.x, info)
      ? ImageOperators.pool(name === "MaxPool" ? "largest" : "average", inputs.x, info.outShape, windowOf(info))
      : (kernels[name]!(inputs, attributes) as Value)
  }

const poolGradient =
  (name: "MaxPoolGrad" | "AvgPoolGrad") =>
  (inputs: Derivative & { readonly input: Value }, attributes: MaxPoolGradAttrs & AvgPoolGradAttrs): Value => {
    const { dy, input } = inputs
    const info = Pooling.infoOf(input, attributes)
    if (!isPlain(input, info)) return kernels[name]!(inputs, attributes) as Value
    checkOutput(dy, info)
    return ImageOperators.poolGradient(name === "MaxPoolGrad" ? "largest" : "average", dy, input, windowOf(info))
  }

export const imageKernels: Kernels = {
  ...kernels,
  AvgPool: pool("AvgPool"),
  AvgPoolGrad: poolGradient("AvgPoolGrad"),
  Conv2D: convolve,
  Conv2DBackpropFilter: filterGradient,
  Conv2DBackpropInput: inputGradient,
  MaxPool: pool("MaxPool"),
  MaxPoolGrad: poolGradient("MaxPoolGrad")
}
