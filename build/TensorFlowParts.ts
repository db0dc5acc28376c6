/**
 * What `src/core/engines/TensorFlowParts.ts` loads by a hook, for a bundler, which resolves it without one.
 */
import "@tensorflow/tfjs-core/dist/register_all_gradients.js"
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js"
