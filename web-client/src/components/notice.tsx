import type { ReactNode } from "react";

interface NoticeProps {
  readonly tone: "info" | "success" | "problem";
  readonly children: ReactNode;
}

/** A message that is read out when it appears; problems interrupt. */
export function Notice({ tone, children }: NoticeProps) {
  return (
    <div className={`notice notice-${tone}`} role={tone === "problem" ? "alert" : "status"}>
      {children}
    </div>
  );
}
