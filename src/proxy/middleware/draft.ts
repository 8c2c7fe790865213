import type { HeaderLines } from './header-lines.ts'
import type { Over } from './over.ts'

/** Where a request wants to go. */
export type Aim = {
  method: string
  /** Host header, with port. */
  authority: string
  /** Normal form, without query: what is routed by, what middlewares change, and what the endpoint gets. */
  path: string
  /** With the question mark, or empty. */
  query: string
}

/** A request as middlewares see and change it, between route and endpoint. */
export type RequestDraft = Aim & {
  /** The request's target as it came. */
  readonly sent: string
  /** As the client spoke it, or as a trusted proxy in front says. */
  readonly scheme: 'http' | 'https'
  /** Of the route: without port, in lower case. */
  readonly host: string
  /** The peer of the connection. */
  readonly ip: string
  /** Forwarding headers are in it only if the peer is trusted. */
  readonly headers: HeaderLines
  readonly hasBody: boolean
  /** The whole body, which is sent on afterwards all the same; undefined when it has more bytes than `most`. */
  readonly readBody: (most: number) => Promise<Buffer | undefined>
  /** Nobody has to go on for a client that has left. */
  readonly over: Over
}

/** The head of an answer on its way to the client. */
export type AnswerDraft = {
  status: number
  readonly headers: HeaderLines
  /** Made here, so that its body is sent as it is. */
  readonly own: boolean
  /** In bytes; undefined when only the end tells. To a HEAD: of what a GET would bring. */
  readonly length: number | undefined
}

/** An answer that the proxy makes itself. */
export type OwnAnswer = {
  readonly status: number
  /** One sentence for people, from which the body is made if there is none. */
  readonly why: string
  /** Name, value, name, value. */
  readonly headers: readonly string[]
  readonly body?: Buffer | undefined
}

/** An answer of a status and a sentence. */
export function refusal(status: number, why: string, headers: readonly string[] = []): OwnAnswer {
  return { status, why, headers }
}

/** `https://shop.example:8443/a?b`: what the client asked for, as far as middlewares have left it so. */
export function urlOf({ scheme, authority, path, query }: RequestDraft): string {
  return `${scheme}://${authority}${path}${query}`
}
