/** Node's own parser, llhttp, which it offers to programs but does not describe. */
declare module 'node:_http_common' {
  export const methods: readonly string[]
  export class HTTPParser {
    static readonly REQUEST: 1
    static readonly RESPONSE: 2
    static readonly kOnHeaders: 1
    static readonly kOnHeadersComplete: 2
    static readonly kOnBody: 3
    static readonly kOnMessageComplete: 4
    initialize(kind: 1 | 2, resource: object, mostHeaderBytes: number, lenience: number): void
    execute(bytes: Buffer): number | (Error & { readonly code: string })
    finish(): undefined | (Error & { readonly code: string })
    close(): void
    1: (headers: readonly string[], url: string) => void
    2: (
      major: number,
      minor: number,
      headers: readonly string[] | undefined,
      method: number | undefined,
      url: string | undefined,
      status: number | undefined,
      reason: string | undefined,
      isUpgrade: boolean,
    ) => 0 | 1 | 2
    3: (bytes: Buffer) => void
    4: () => void
  }
}
