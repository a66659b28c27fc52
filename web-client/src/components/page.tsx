import { type ReactNode, useEffect } from "react";

interface PageProps {
  readonly title: string;
  /** Narrow pages hold one form. */
  readonly narrow?: boolean;
  readonly intro?: ReactNode;
  readonly children: ReactNode;
}

/** The main landmark of a page, with its heading, which also names the window. */
export function Page({ title, narrow = false, intro, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Tributary`;
  }, [title]);
  return (
    <main id="content" className={narrow ? "page narrow" : "page"} tabIndex={-1}>
      <h1>{title}</h1>
      {intro !== undefined && <p className="intro">{intro}</p>}
      {children}
    </main>
  );
}
