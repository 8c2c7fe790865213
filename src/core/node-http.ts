import type Http from 'node:http'
import type Https from 'node:https'

/*
 * Node's modules for HTTP, in place of `import`, which reads all that a module exports: theirs export WebSocket, too, and
 * with that comes the client behind `fetch`, 10 MiB in each thread that nobody here needs.
 */

export const http: typeof Http = process.getBuiltinModule('node:http')
export const https: typeof Https = process.getBuiltinModule('node:https')
