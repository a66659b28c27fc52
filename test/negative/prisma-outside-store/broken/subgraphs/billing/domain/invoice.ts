export interface Invoice {
  readonly id: string;
}
