/**
 * Which segments of a run compute the same bits.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Manifest } from "../../../src/pipelines/store/Manifest.ts"
import * as Segments from "../../../src/pipelines/plan/Segments.ts"
import { manifestOf } from "../SampleManifest.ts"

const { host, versions } = manifestOf()
const otherHost = { ...host, name: "grace", cpu: "another" }
const native = { _tag: "Native", device: "cpu", instructions: "avx2", threads: 2, version: "1" }
const onnxruntime = { _tag: "OnnxRuntime", device: "cpu", threads: 2, version: "1.30.0" }

describe("two segments compute the same bits", () => {
  it.each<readonly [string, Manifest["engine"], Manifest["engine"], Manifest["host"], boolean]>([
    ["on an equal engine with other threads", native, { ...native, threads: 64 }, host, true],
    ["on another processor with the same instruction set", native, native, otherHost, true],
    ["with another instruction set", native, { ...native, instructions: "avx512" }, host, false],
    ["with another version", native, { ...native, version: "2" }, host, false],
    ["on another engine", native, onnxruntime, host, false],
    ["on an engine that states no instruction set, on the same processor", onnxruntime, onnxruntime, host, true],
    ["on an engine that states no instruction set, on another processor", onnxruntime, onnxruntime, otherHost, false]
  ])("%s", (_, engine, other, on, expected) => {
    const same = Segments.sameBits({ engine, versions, host }, { engine: other, versions, host: on })
    assert.strictEqual(same, expected)
  })
})
