import { registerHooks } from 'node:module'

/**
 * What dockerode brings for engines behind SSH, for images and for builds, none of which we ask for: read and compiled
 * it takes 7 MB with ssh2 alone. (The client of etcd has its own way to gRPC.)
 */
const needless = new Set(['ssh2', '@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs', 'tar-fs'])
const askers = /\/node_modules\/(dockerode|docker-modem)\//
const nothing = 'portolan:nothing'

const hooks = registerHooks({
  resolve(specifier, context, next) {
    const isNeedless = needless.has(specifier) && askers.test(context.parentURL ?? '')
    return isNeedless ? { url: nothing, shortCircuit: true } : next(specifier, context)
  },
  load(url, context, next) {
    if (url !== nothing) return next(url, context)
    return { format: 'commonjs', source: 'module.exports = {}', shortCircuit: true }
  },
})

/** Dockerode, for calls of the engine's API. */
export const { default: Dockerode } = await import('dockerode')

hooks.deregister()
