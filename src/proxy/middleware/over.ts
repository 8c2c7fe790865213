/** Tells the end of an exchange to the one middleware that waits for somebody else on its behalf. */
export class Over {
  private isOver = false
  private heard: (() => void) | undefined

  constructor() {
    this.heard = undefined
  }

  /** `heard` is called at the end, at once if that was before; undefined: nobody waits any more. */
  tell(heard: (() => void) | undefined): void {
    if (this.isOver) heard?.()
    else this.heard = heard
  }

  end(): void {
    this.isOver = true
    this.heard?.()
    this.heard = undefined
  }
}
