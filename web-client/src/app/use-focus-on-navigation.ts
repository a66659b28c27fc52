import { useEffect, useRef } from "react";
import { useLocation } from "react-router";

/** Moves the focus to the new page, as a full page load would: keyboards and screen readers start at its top. */
export function useFocusOnNavigation(): void {
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [pathname]);
}
