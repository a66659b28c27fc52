interface Created {
  readonly organizationId: string;
}

export function organizationOf(data: unknown): string {
  return (data as Created).organizationId;
}
