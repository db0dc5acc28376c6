/**
 * The modules that `src/core/engines/TensorFlowParts.ts` loads by a hook, as imports for a bundler.
 */
import "@tensorflow/tfjs-core/dist/register_all_gradients.js"
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js"
