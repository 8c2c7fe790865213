import { type OwnAnswer, urlOf } from '../draft.ts'
import type { Owner, Site, Stage } from '../stage.ts'
import { statusReader } from './statuses.ts'

/** Answers of these statuses get their body from a service; the status stays. Without a page the answer is sent as it is. */
export function errorPages(
  options: { readonly status: readonly string[]; readonly service: string; readonly path: string },
  { service: asker }: Owner,
  { pageOf }: Site,
): Stage {
  const isMeant = statusReader(options.status)
  return (request) => {
    const url = encodeURIComponent(urlOf(request))
    const pageFor = async (status: number): Promise<OwnAnswer | undefined> => {
      const path = options.path
        .replaceAll(/\{(status|originalStatus)\}/g, String(status))
        .replaceAll('{url}', url)
      const page = await pageOf({ asker, service: options.service, path, request })
      return page && { ...page, status }
    }
    return {
      hooks: {
        replaced: ({ status }) => (status >= 300 && isMeant(status) ? pageFor(status) : undefined),
      },
    }
  }
}
