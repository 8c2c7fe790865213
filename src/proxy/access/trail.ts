import { isIP } from 'node:net'

import type { Arrival } from '../arrivals.ts'
import type { Answer } from '../exchange/answers.ts'
import type { Asked } from '../exchange/asked.ts'
import type { Engine } from '../exchange/engine.ts'
import type { Front } from '../exchange/front.ts'
import { flat } from '../http1/bytes.ts'
import type { OwnAnswer } from '../middleware/draft.ts'
import type { TableRoute, Target } from '../table/route.ts'
import type { Trust } from '../trust.ts'
import type { AccessLog } from './access-log.ts'
import { HeadText } from './head-text.ts'
import { isFailure, type Outcome, outcomeOf } from './outcome.ts'
import { msText, placeText, plainText, wireText } from './text.ts'

/** How a request ended. */
export type End = {
  readonly route: TableRoute | undefined
  /** 0: there was no answer. */
  readonly status: number
  /** As it is given to endpoints; empty: the request was not read as far. */
  readonly id: string
  /** Monotonic, as the one below. */
  readonly beganMs: number
  readonly nowMs: number
}

/** What is noted of one request for the access log; the same object for all requests of a connection. */
export class Trail {
  /** Bytes from the client. */
  received = 0
  /** Bytes to it. */
  sent = 0
  /** When an endpoint began to answer, monotonic; 0: none has. */
  firstByteMs = 0
  /** How many were asked, and the last one. */
  private tries = 0
  private target: Target | undefined
  private outcome: Outcome | undefined
  private isRead = false
  private readonly log: AccessLog
  private readonly asked: Asked
  private head = new HeadText()
  private readonly beginning: string
  private readonly trust: Trust
  private readonly isHttp2: boolean
  private readonly ending: string
  /** Of which line `before` and `after` are: those of its fields that tell of no sizes and times. */
  private text = ''
  private status = -1
  private result: Outcome | undefined
  private before = ''
  private isFlat = false
  private after = ''
  /** Whose names are `routeText`. */
  private route: TableRoute | undefined
  private routeText = ''
  /** Whose address is `place`. */
  private shown: Target | undefined
  private place = ''

  constructor(log: AccessLog, asked: Asked, trust: Trust, entrypoint: string, arrival: Arrival) {
    const { tls, serverName, protocol } = arrival
    const name = serverName === undefined ? '' : `,"sni":${plainText(serverName)}`
    this.log = log
    this.asked = asked
    this.trust = trust
    this.beginning = `"entrypoint":${plainText(entrypoint)}`
    this.isHttp2 = protocol === 'h2'
    this.ending = tls === undefined ? '' : `,"tls":${plainText(tls)}${name}`
    this.target = undefined
    this.outcome = undefined
    this.result = undefined
    this.route = undefined
    this.shown = undefined
  }

  /** A new request. */
  begin(): void {
    this.received = 0
    this.sent = 0
    this.firstByteMs = 0
    this.tries = 0
    this.target = undefined
    this.outcome = undefined
    this.isRead = false
  }

  /** Its head, which has `length` bytes, is there. */
  read(length: number): void {
    this.received = length
    this.isRead = true
  }

  /** What is remembered is part of a head that is not to be kept. */
  forget(): void {
    this.head = new HeadText()
    this.text = ''
    this.status = -1
    this.before = ''
    this.after = ''
  }

  /** It goes to an endpoint. */
  tried(target: Target): void {
    this.tries++
    this.target = target
  }

  /** We answer it ourselves. `other`: what that tells, unless `answer` says more. */
  told(answer: Answer | OwnAnswer, other: Outcome): void {
    this.outcome ??= outcomeOf(answer, other)
  }

  /** It ends before its time. */
  cut(outcome: Outcome): void {
    this.outcome ??= outcome
  }

  /** It is over: its line is written, if it is to have one. */
  end({ route, status, id, beganMs, nowMs }: End): void {
    const outcome = this.outcome ?? 'ok'
    const requestId = id === '' ? '' : this.asked.requestId(id)
    if (!this.log.wants(isFailure(outcome, status), requestId)) return
    const tookMs = nowMs - beganMs
    const waitedMs = this.firstByteMs === 0 ? tookMs : this.firstByteMs - beganMs
    this.compose(status, outcome)
    const sizes = `${this.received},"sent":${this.sent},"durationMs":`
    const times = `${msText(tookMs)},"firstByteMs":${msText(waitedMs)}`
    const named = requestId === '' ? '' : `,"requestId":${this.idText(requestId)}`
    this.log.add(
      Math.round(Date.now() - tookMs),
      `${this.before}${sizes}${times}${this.answerer(route)}${named}${this.after}`,
    )
  }

  /** What a client asks for and how that ends is mostly the same as the time before. */
  private compose(status: number, outcome: Outcome): void {
    const { asked, head, isRead } = this
    const text = isRead ? asked.text : ''
    if (text === this.text && status === this.status && outcome === this.result) {
      if (!this.isFlat) this.before = flat(this.before)
      this.isFlat = true
      return
    }
    this.isFlat = false
    this.text = text
    this.status = status
    this.result = outcome
    this.before =
      `${this.beginning},"client":"${this.client()}"${this.request()}` +
      `,"status":${status === 0 ? 499 : status},"outcome":"${outcome}","received":`
    this.after = isRead ? this.ending + head.client : this.ending
  }

  /** The address of the client: what those whose word counts say of it, each of the one before. */
  private client(): string {
    const { asked, isRead, trust } = this
    let client = asked.ip
    if (!asked.isTrusted || !isRead) return client
    const chain = asked.headers('x-forwarded-for').join().split(',')
    for (let at = chain.length - 1; at >= 0 && trust(client); at--) {
      const ip = chain[at]?.trim() ?? ''
      if (isIP(ip) === 0) break
      client = ip
    }
    return client
  }

  private request(): string {
    if (!this.isRead) return ''
    const { asked, isHttp2, head } = this
    head.read(asked)
    const protocol = isHttp2 ? 'HTTP/2' : `HTTP/1.${asked.minor}`
    return `${head.request},"protocol":"${protocol}"`
  }

  private answerer(route: TableRoute | undefined): string {
    if (!route) return ''
    if (route !== this.route) {
      this.route = route
      this.routeText = flat(
        `,"service":${plainText(route.service)},"route":${plainText(route.name)}`,
      )
    }
    const { target, tries } = this
    if (!target) return this.routeText
    if (target !== this.shown) {
      this.shown = target
      this.place = placeText(target)
    }
    return `${this.routeText},"endpoint":"${this.place}","tries":${tries}`
  }

  /** Ours needs no look. */
  private idText(id: string): string {
    return this.asked.hasId ? wireText(id) : `"${id}"`
  }
}

/** Of a new connection; undefined while there is no access log. */
export function trailOf(
  { access, trust }: Engine,
  { entrypoint }: Front,
  asked: Asked,
  arrival: Arrival,
): Trail | undefined {
  return access && new Trail(access, asked, trust, entrypoint, arrival)
}
