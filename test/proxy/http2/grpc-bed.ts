import { Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js'

export const asIs = (bytes: Buffer) => bytes
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
})
export const methods = {
  unary: method('/test.Echo/Unary', false, false),
  fail: method('/test.Echo/Fail', false, false),
  count: method('/test.Echo/Count', false, true),
  chat: method('/test.Echo/Chat', true, true),
} as const

/** A server of gRPC without TLS, as containers have it. */
export async function grpcServer(name: string) {
  const server = new Server()
  const cancelled = Promise.withResolvers<void>()
  server.addService(methods, {
    unary(
      call: { request: Buffer; sendMetadata: (it: Metadata) => void },
      done: (e: null, b: Buffer) => void,
    ) {
      const metadata = new Metadata()
      metadata.set('x-served-by', name)
      call.sendMetadata(metadata)
      done(null, Buffer.from(`${name}: ${String(call.request)}`))
    },
    fail(_: unknown, done: (error: Partial<ServiceError>) => void) {
      const metadata = new Metadata()
      metadata.set('x-why', 'because')
      done({ code: status.FAILED_PRECONDITION, details: 'not now', metadata })
    },
    count(call: { request: Buffer; write: (b: Buffer) => void; end: () => void }) {
      for (let n = 0; n < Number(call.request); n++) call.write(Buffer.from(String(n)))
      call.end()
    },
    chat(call: NodeJS.ReadWriteStream) {
      call.on('data', (bytes: Buffer) => call.write(Buffer.from(`re: ${String(bytes)}`)))
      call.on('end', () => call.end())
      call.on('cancelled', () => cancelled.resolve())
    },
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return { port, cancelled: cancelled.promise, [Symbol.dispose]: () => server.forceShutdown() }
}
