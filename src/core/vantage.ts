/** From where this process sees containers. */
export type Vantage = {
  readonly node: string
  readonly place: Place
  /** Rootless engines and Docker Desktop: container addresses are out of reach, even from the host. */
  readonly containersUnreachable: boolean
  /** Host of the engine, when it is on another machine and we are in none of its containers. */
  readonly engineHost?: string
}

export type Place =
  | { readonly kind: 'host' }
  | {
      readonly kind: 'container'
      /** Names of our networks. */
      readonly networks: readonly string[]
      /** The host's addresses on these networks, where its published ports answer. */
      readonly gateways: readonly string[]
      /** Docker's ids of the overlay networks among them. */
      readonly overlays: readonly string[]
      /** Whether we reach our own host's addresses, and other machines: not from internal networks. */
      readonly reaches: { readonly host: boolean; readonly lan: boolean }
    }

/** Where to connect, and the reason in words; or why there is nowhere and what to write. */
export type Chosen =
  | { readonly ok: true; readonly ip: string; readonly port: number; readonly why: string }
  | { readonly ok: false; readonly why: string; readonly remedy: string }
